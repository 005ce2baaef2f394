//! Flags of the controller manager.

use kubescape_engine::{Object, Out};

use super::component::Component;
use super::shapes::{must_be, must_be_reviewed, must_be_set, must_switch, replace};

/// It listens beyond the node itself.
pub(crate) fn bind_address<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        must_be(&component, "bind-address", "127.0.0.1", out);
    }
}

/// Profiling data is served.
pub(crate) fn profiling<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        must_switch(&component, "profiling", false, out);
    }
}

/// All controllers act with the rights of one account.
pub(crate) fn shared_credentials<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        must_switch(&component, "use-service-account-credentials", true, out);
    }
}

/// Pods are not told how to verify the API server.
pub(crate) fn root_ca<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        let flags = [("root-ca-file", "<path/to/key/ca.crt>")];
        must_be_set(&component, &flags, out);
    }
}

/// No key to sign the tokens of service accounts is given.
pub(crate) fn service_account_key<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        let key = "<path/to/key/filename.key>";
        let flags = [("service-account-private-key-file", key)];
        must_be_set(&component, &flags, out);
    }
}

/// How many ended Pods are kept: a person has to see whether it fits.
pub(crate) fn ended_pods<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::controller_manager(object) {
        must_be_reviewed(&component, "terminated-pod-gc-threshold", out);
    }
}

/// Kubelets cannot renew their serving certificates.
pub(crate) fn certificate_rotation<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const OFF: &str = "RotateKubeletServerCertificate=false";
    const ON: &str = "RotateKubeletServerCertificate=true";
    let Some(component) = Component::controller_manager(object) else {
        return;
    };
    let flag = component.flags("feature-gates").find(|flag| flag.has(OFF));
    if let Some(flag) = flag {
        let gates = flag.items().map(|gate| if gate == OFF { ON } else { gate });
        let gates: Vec<_> = gates.collect();
        replace(&component, &flag, &gates.join(","), out);
    }
}
