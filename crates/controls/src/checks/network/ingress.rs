//! What an Ingress says.

use std::fmt;

use kubescape_engine::{Object, Out};

/// The Ingress takes traffic without TLS.
pub(crate) fn without_tls<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "Ingress" && object.spec().at("tls").is_empty() {
        out.fail(object)
            .fix("spec.tls", "<your-tls-definition>")
            .message(format_args!("Ingress {} has no TLS section", object.name));
    }
}

/// Calls `visit` with the name of each Service that the Ingress sends traffic
/// to, and where it says so; default backend first.
pub(crate) fn each_backend<'a>(
    ingress: &Object<'a>,
    mut visit: impl FnMut(&'a str, fmt::Arguments<'_>),
) {
    let spec = ingress.spec();
    if let Some(name) = spec.dig(&["defaultBackend", "service", "name"]).as_str() {
        visit(name, format_args!("spec.defaultBackend.service.name"));
    }
    for (rule_number, rule) in spec.at("rules").items().iter().enumerate() {
        let paths = rule.at("http").at("paths").items();
        for (number, path) in paths.iter().enumerate() {
            let backend = path.at("backend");
            let place = format_args!("spec.rules[{rule_number}].http.paths[{number}].backend");
            if let Some(name) = backend.at("service").at("name").as_str() {
                visit(name, format_args!("{place}.service.name"));
            } else if let Some(name) = backend.at("serviceName").as_str() {
                // networking.k8s.io/v1beta1
                visit(name, format_args!("{place}.serviceName"));
            }
        }
    }
}
