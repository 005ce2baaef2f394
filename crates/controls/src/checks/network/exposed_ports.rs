//! Workloads whose Services lead to something that should not be reachable.

use std::collections::HashSet;

use kubescape_engine::{Arena, Corpus, Object, Out, Value, Workload};

use super::services::{each_pair, is_exposed, services_where};

/// Ports that SSH servers listen on.
const SSH_PORTS: [i64; 2] = [22, 2222];

/// A Service leads to an SSH port of the workload.
pub(crate) fn ssh<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let services = services_where(corpus, has_ssh_port);
    each_pair(corpus, &services, |workload, service| {
        let about = vector(workload, service.value, out.arena);
        let finding = out.fail(about);
        finding
            .review(format_args!("{}metadata.labels", workload.template_prefix))
            .message(format_args!(
                "Service {} exposes SSH of {} {}",
                service.name, workload.object.kind, workload.object.name
            ));
        if workload.object.kind != "Pod" {
            finding.without_fix_list();
        }
    });
}

fn has_ssh_port(service: &Object<'_>) -> bool {
    let is_ssh = |value: Value<'_>| value.as_i64().is_some_and(|port| SSH_PORTS.contains(&port));
    let ports = service.spec().at("ports").items();
    ports
        .iter()
        .any(|port| is_ssh(port.at("port")) || is_ssh(port.at("targetPort")))
}

/// A workload whose name says that it is a sensitive user interface is
/// reachable from outside the cluster.
pub(crate) fn sensitive_interface<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let names = out.inputs.list("sensitiveInterfaces");
    let services = services_where(corpus, is_exposed);
    each_pair(corpus, &services, |workload, service| {
        let name = workload.object.name;
        if !names.iter().any(|part| name.contains(part.as_str())) {
            return;
        }
        let services = out.arena.array(&[service.value]);
        let about = vector(workload, services, out.arena);
        out.fail(about).message(format_args!(
            "{} {name} is exposed through Service {}",
            workload.object.kind, service.name
        ));
    });
}

/// The workload with the Services in question, as it goes on the wire.
fn vector<'a>(workload: &Workload<'a>, related: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let object = workload.object;
    arena.object(&[
        ("kind", Value::Str(object.kind)),
        ("name", Value::Str(object.name)),
        ("namespace", Value::Str(object.namespace_or_default())),
        ("relatedObjects", related),
    ])
}

/// A port of a Service answered a probe without asking who is there.
pub(crate) fn unauthenticated<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut open = HashSet::new();
    for probe in corpus.of_kind("ServiceScanResult") {
        let ports = probe.spec().at("ports").items();
        if ports.iter().any(|port| port.at("authenticated").is_false()) {
            open.insert((probe.namespace_or_default(), probe.name));
        }
    }
    let services = services_where(corpus, |service| {
        open.contains(&(service.namespace_or_default(), service.name))
    });
    each_pair(corpus, &services, |workload, service| {
        out.fail(workload.object)
            .with_review_list()
            .message(format_args!(
                "Service {} exposes {} {} without authentication",
                service.name, workload.object.kind, workload.object.name
            ));
    });
}
