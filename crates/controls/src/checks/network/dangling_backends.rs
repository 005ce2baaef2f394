//! Ingresses, Gateway API routes and autoscalers whose target does not exist.

use std::collections::HashSet;

use kubescape_engine::{Corpus, Out, Value};

use super::gateway;
use super::ingress::each_backend;
use super::services::namespace_of;

type Names<'a> = HashSet<(&'a str, &'a str)>;

/// Namespaces and names of the objects of a kind and group.
fn names<'a>(corpus: &'a Corpus<'a>, (group, kind): (&str, &str)) -> Names<'a> {
    let objects = corpus.of_kind(kind).iter();
    objects
        .filter(|object| object.group == group)
        .map(|object| (object.namespace_or_default(), object.name))
        .collect()
}

/// A backend of the Ingress names a Service that is not there.
pub(crate) fn ingress<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let services = names(corpus, ("", "Service"));
    for ingress in corpus.of_kind("Ingress") {
        let namespace = ingress.namespace_or_default();
        each_backend(ingress, |name, path| {
            if !services.contains(&(namespace, name)) {
                out.fail(*ingress).failed(path).message(format_args!(
                    "Ingress {} sends traffic to Service {name}, which does not exist in namespace {namespace}",
                    ingress.name
                ));
            }
        });
    }
}

/// A backend of the route names a Service that is not there.
pub(crate) fn gateway_route<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let services = names(corpus, ("", "Service"));
    gateway::each_backend(corpus, |route, backend, path| {
        let Some(name) = service_name(backend) else {
            return;
        };
        let namespace = namespace_of(backend, route);
        if !services.contains(&(namespace, name)) {
            out.fail(route).failed(path).message(format_args!(
                "{} {} sends traffic to Service {name}, which does not exist in namespace {namespace}",
                route.kind, route.name
            ));
        }
    });
}

/// The name in a reference to a backend, when a Service is meant.
fn service_name(backend: Value<'_>) -> Option<&str> {
    let kind = backend.at("kind");
    let is_service = (kind.is_nothing() || kind.is("Service")) && backend.at("group").is_empty();
    backend.at("name").as_str().filter(|_| is_service)
}

/// Kinds of Kubernetes itself that an autoscaler can scale, with their group.
const SCALABLE: [(&str, &str); 4] = [
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("", "ReplicationController"),
];

/// The autoscaler scales a workload that is not there. Targets of other kinds
/// are not among the objects, so nothing can be said about them.
pub(crate) fn autoscaler<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let known = SCALABLE.map(|kind| names(corpus, kind));
    for autoscaler in corpus.of_kind("HorizontalPodAutoscaler") {
        let target = autoscaler.spec().at("scaleTargetRef");
        let version = target.at("apiVersion").str();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let (kind, name) = (target.at("kind").str(), target.at("name").str());
        let namespace = autoscaler.namespace_or_default();
        let meant = SCALABLE.iter().zip(&known).find(|((own, known), _)| {
            *known == kind && (version.is_empty() || group == *own || group == "extensions")
        });
        let Some((_, names)) = meant else {
            continue;
        };
        if !names.contains(&(namespace, name)) {
            out.fail(*autoscaler)
                .failed("spec.scaleTargetRef.name")
                .message(format_args!(
                    "HorizontalPodAutoscaler {} scales {kind} {name}, which does not exist in namespace {namespace}",
                    autoscaler.name
                ));
        }
    }
}
