//! The API server of clusters that run their own, recognised by its Pod's name
//! too. The managed ones are judged by what their provider says of them.

use kubescape_engine::{Object, Out};

use super::authorization::MODE;
use super::component::Component;
use super::shapes::{append, fail};

/// Secrets lie in etcd in plain text.
pub(crate) fn unencrypted_secrets<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const FLAG: &str = "encryption-provider-config";
    let Some(component) = with_arguments(object) else {
        return;
    };
    if component.flag(FLAG).is_none() {
        append(&component, FLAG, "YOUR_VALUE", out);
    }
}

/// No policy says what to audit, so nothing is.
pub(crate) fn no_audit_policy<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = with_arguments(object) {
        audited(&component, out);
    }
}

/// As [`no_audit_policy`], for what runs the API server's program.
pub(crate) fn no_audit_policy_cis<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        audited(&component, out);
    }
}

fn audited<'a>(component: &Component<'a>, out: &mut Out<'a>) {
    if component.flag("audit-policy-file").is_none() {
        fail(component, out).review(component.list());
    }
}

/// The list of admission plugins lacks `PodSecurityPolicy`.
pub(crate) fn no_pod_security_policy<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    listed(object, "enable-admission-plugins", "PodSecurityPolicy", out);
}

/// The list of authorization modes lacks `RBAC`.
pub(crate) fn no_rbac<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    listed(object, MODE, "RBAC", out);
}

fn listed<'a>(object: &'a Object<'a>, name: &'a str, item: &str, out: &mut Out<'a>) {
    let Some(component) = Component::named_like_api_server(object) else {
        return;
    };
    if let Some(flag) = component.flag(name)
        && !component.lists(name, item)
    {
        fail(&component, out).review(flag.place);
    }
}

/// A Pod that lists no argument takes them from its image: nothing to see.
fn with_arguments<'a>(object: &'a Object<'a>) -> Option<Component<'a>> {
    Component::named_like_api_server(object).filter(Component::has_arguments)
}
