//! Flags of the API server, apart from admission, authorization, ciphers and
//! encryption at rest.

use kubescape_engine::{Object, Out};

use super::component::{Component, is_named_like_api_server};
use super::shapes::{append, fail, must_be_reviewed, must_be_set, must_switch, replace};

fn set<'a>(object: &'a Object<'a>, flags: &[(&'a str, &str)], out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_be_set(&component, flags, out);
    }
}

fn switched_off<'a>(object: &'a Object<'a>, flag: &'a str, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_switch(&component, flag, false, out);
    }
}

/// Requests without credentials are served.
pub(crate) fn anonymous_auth<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    switched_off(object, "anonymous-auth", out);
}

/// Profiling data, which tells much about the system, is served.
pub(crate) fn profiling<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    switched_off(object, "profiling", out);
}

/// Tokens of service accounts live for a year instead of an hour.
pub(crate) fn token_expiration_extended<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    switched_off(object, "service-account-extend-token-expiration", out);
}

/// Tokens of service accounts stay good after the account is deleted.
pub(crate) fn service_account_lookup<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    let flag = component.switch("service-account-lookup");
    if let Some(flag) = flag.filter(|flag| flag.switch() == Some(false)) {
        let finding = fail(&component, out).review(flag.place);
        // On is the default, so an argument of its own can just go.
        if !flag.is_alone() {
            finding.fix(flag.place, flag.with("true"));
        }
    }
}

/// Passwords in a file, which only a restart can revoke, are accepted.
pub(crate) fn token_auth_file<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    if let Some(flag) = component.flag("token-auth-file") {
        let finding = fail(&component, out).review(flag.place);
        if let Some(rest) = flag.without() {
            finding.fix(flag.place, rest);
        }
    }
}

/// The port that asks for neither credentials nor encryption is open.
pub(crate) fn insecure_port<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !may_have_insecure_port(object) {
        return;
    }
    let Some(component) = Component::named_like_api_server(object) else {
        return;
    };
    let flag = component.flag("insecure-port");
    if let Some(flag) = flag.filter(|flag| !flag.value.is_empty() && flag.value != "0") {
        fail(&component, out).review(flag.place);
    }
}

/// Whether [`insecure_port`] judges this object.
pub(crate) fn may_have_insecure_port(object: &Object<'_>) -> bool {
    object.name.contains("kube-apiserver") && is_named_like_api_server(object)
}

/// The port with encryption is switched off.
pub(crate) fn secure_port_off<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    let flag = component.flag("secure-port");
    if let Some(flag) = flag.filter(|flag| flag.value == "0") {
        fail(&component, out).review(flag.place);
    }
}

/// A time after which requests are given up is set; a person has to see
/// whether it fits.
pub(crate) fn request_timeout<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    if let Some(flag) = component.flag("request-timeout") {
        fail(&component, out).review(flag.place);
    }
}

/// The audit log is written nowhere.
pub(crate) fn audit_log_path<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [("audit-log-path", "/var/log/apiserver/audit.log")];
    set(object, &flags, out);
}

/// Audit logs are kept for less than 30 days.
pub(crate) fn audit_log_age<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const FLAG: &str = "audit-log-maxage";
    const DAYS: i64 = 30;
    let Some(component) = Component::api_server(object) else {
        return;
    };
    match component.flag(FLAG) {
        None => append(&component, FLAG, "30", out),
        Some(flag) if flag.value.parse().is_ok_and(|days: i64| days >= DAYS) => {}
        Some(flag) => replace(&component, &flag, "30", out),
    }
}

/// How many old audit logs are kept: a person has to see whether it fits.
pub(crate) fn audit_log_backups<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_be_reviewed(&component, "audit-log-maxbackup", out);
    }
}

/// How big an audit log grows: a person has to see whether it fits.
pub(crate) fn audit_log_size<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_be_reviewed(&component, "audit-log-maxsize", out);
    }
}

/// No certificate authority for clients is given.
pub(crate) fn client_ca<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    set(
        object,
        &[("client-ca-file", "<path/to/client-ca.crt>")],
        out,
    );
}

/// The certificate of etcd is not verified.
pub(crate) fn etcd_ca<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    set(object, &[("etcd-cafile", "<path/to/ca-file.crt>")], out);
}

/// The API server shows etcd no certificate.
pub(crate) fn etcd_certificate<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [
        ("etcd-certfile", "<path/to/client-certificate-file.crt>"),
        ("etcd-keyfile", "<path/to/client-key-file.key>"),
    ];
    set(object, &flags, out);
}

/// The certificates of kubelets are not verified.
pub(crate) fn kubelet_ca<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [("kubelet-certificate-authority", "<path/to/ca.crt>")];
    set(object, &flags, out);
}

/// The API server shows kubelets no certificate.
pub(crate) fn kubelet_certificate<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [
        (
            "kubelet-client-certificate",
            "<path/to/client-certificate-file.crt>",
        ),
        ("kubelet-client-key", "<path/to/client-key-file.key>"),
    ];
    set(object, &flags, out);
}

/// No key for the tokens of service accounts is given, so that of the TLS
/// certificate serves for both.
pub(crate) fn service_account_key<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [("service-account-key-file", "<path/to/key.pub>")];
    set(object, &flags, out);
}

/// The API server makes up its own certificate, which no client can verify.
pub(crate) fn tls_certificate<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let flags = [
        ("tls-cert-file", "<path/to/tls-certificate-file.crt>"),
        ("tls-private-key-file", "<path/to/tls-key-file.key>"),
    ];
    set(object, &flags, out);
}
