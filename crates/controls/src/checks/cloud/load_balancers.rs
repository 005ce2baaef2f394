//! Traffic from outside the cluster on clouds.

use kubescape_engine::{Object, Out};

const AWS_CERTIFICATE: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";
const AZURE_INTERNAL: &str = "service.beta.kubernetes.io/azure-load-balancer-internal";
const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
const AZURE_GATEWAY: &str = "azure/application-gateway";
/// The name that Azure gives the class when it is set in `spec`.
const AZURE_GATEWAY_CLASS: &str = "azure-application-gateway";

/// A Service that asks the cloud for a load balancer.
pub(crate) fn is_load_balancer(object: &Object<'_>) -> bool {
    object.kind == "Service" && object.spec().at("type").is("LoadBalancer")
}

/// A load balancer of AWS serves HTTPS without a certificate.
pub(crate) fn no_certificate_on_aws<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_load_balancer(object) {
        return;
    }
    let mut ports = object.spec().at("ports").items().iter();
    let https = ports.any(|port| port.at("port").as_i64() == Some(443));
    if https && object.annotations().at(AWS_CERTIFICATE).is_empty() {
        out.fail(object)
            .fix(
                format_args!("metadata.annotations[{AWS_CERTIFICATE}]"),
                "AWS_LOADBALANCER_SSL_CERT",
            )
            .message(format_args!(
                "Load balancer {} serves HTTPS without a TLS certificate",
                object.name
            ));
    }
}

/// Traffic reaches the cluster on Azure other than through an internal load
/// balancer behind an application gateway that speaks TLS.
pub(crate) fn not_behind_azure_gateway<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    match object.kind {
        "Service" => service_not_internal(object, out),
        "Ingress" => ingress_without_gateway(object, out),
        _ => {}
    }
}

fn service_not_internal<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if is_load_balancer(object) && !object.annotations().at(AZURE_INTERNAL).is("true") {
        out.fail(object)
            .fix(
                format_args!("metadata.annotations[{AZURE_INTERNAL}]"),
                "true",
            )
            .message(format_args!(
                "Load balancer {} is not internal",
                object.name
            ));
    }
}

fn ingress_without_gateway<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let spec = object.spec();
    if spec.at("tls").is_empty() {
        out.fail(object)
            .fix("spec.tls", "<your-tls-definition>")
            .message(format_args!("Ingress {} has no TLS section", object.name));
    }
    let gateway = object.annotations().at(INGRESS_CLASS).is(AZURE_GATEWAY)
        || spec.at("ingressClassName").is(AZURE_GATEWAY_CLASS);
    if !gateway {
        out.fail(object)
            .fix(
                format_args!("metadata.annotations[{INGRESS_CLASS}]"),
                AZURE_GATEWAY,
            )
            .message(format_args!(
                "Ingress {} does not use the application gateway",
                object.name
            ));
    }
}
