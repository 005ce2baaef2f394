//! Admission plugins of the API server.

use kubescape_engine::{Object, Out};

use super::component::Component;
use super::shapes::{must_list, must_not_list};

const ENABLED: &str = "enable-admission-plugins";
const DISABLED: &str = "disable-admission-plugins";

/// `AlwaysAdmit` is enabled, which lets every request through.
pub(crate) fn always_admit<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    forbid(object, ENABLED, "AlwaysAdmit", out);
}

/// `AlwaysPullImages` is not enabled: whoever knows its name can run an image
/// that is on the node already, without credentials for it.
pub(crate) fn always_pull_images<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    demand(object, "AlwaysPullImages", out);
}

/// `EventRateLimit` is not enabled: a flood of events can bring the API server down.
pub(crate) fn event_rate_limit<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    demand(object, "EventRateLimit", out);
}

/// `NodeRestriction` is not enabled: a kubelet may change other nodes.
pub(crate) fn node_restriction<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    demand(object, "NodeRestriction", out);
}

/// `NamespaceLifecycle`, on by default, is switched off.
pub(crate) fn namespace_lifecycle<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    forbid(object, DISABLED, "NamespaceLifecycle", out);
}

/// `ServiceAccount`, on by default, is switched off.
pub(crate) fn service_account<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    forbid(object, DISABLED, "ServiceAccount", out);
}

/// `DenyServiceExternalIPs` is enabled, which older benchmarks disliked.
pub(crate) fn external_ips_denied<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    forbid(object, ENABLED, "DenyServiceExternalIPs", out);
}

/// `DenyServiceExternalIPs` is not enabled: whoever may create a Service can
/// draw in traffic for addresses outside of the cluster.
pub(crate) fn external_ips_allowed<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    demand(object, "DenyServiceExternalIPs", out);
}

/// Neither `SecurityContextDeny` nor the `PodSecurityPolicy` that does the
/// same is enabled.
pub(crate) fn security_context_deny<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    if !component.lists(ENABLED, "PodSecurityPolicy") {
        must_list(&component, ENABLED, "SecurityContextDeny", out);
    }
}

fn demand<'a>(object: &'a Object<'a>, plugin: &str, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_list(&component, ENABLED, plugin, out);
    }
}

fn forbid<'a>(object: &'a Object<'a>, list: &'a str, plugin: &str, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_not_list(&component, list, plugin, None, out);
    }
}
