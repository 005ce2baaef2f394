//! Workloads that the internet reaches through Services, Ingresses and the
//! Gateway API. (Through Istio: see `istio`.)

use kubescape_engine::{Corpus, Object, Out, Workload};

use super::gateway;
use super::ingress::each_backend;
use super::services::{
    Backends, Lead, each_pair, is_exposed, namespace_of, services_where, to_review,
};

/// A `NodePort` or `LoadBalancer` Service or an Ingress leads to the workload.
/// What a Service exposes by itself is not reported for its Ingress again.
pub(crate) fn by_service_or_ingress<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut ingresses = Backends::default();
    for ingress in corpus.of_kind("Ingress") {
        each_backend(ingress, |name, path| {
            let path = corpus.arena().fmt(path);
            ingresses.add((ingress.namespace_or_default(), name), ingress, path);
        });
    }
    let services = services_where(corpus, |service| {
        is_exposed(service) || !ingresses.of(service).is_empty()
    });
    each_pair(corpus, &services, |workload, service| {
        if is_exposed(service) {
            out.fail(workload.object)
                .related_at(service, to_review(&["spec.type"]))
                .message(format_args!(
                    "{} {} is exposed through Service {}",
                    workload.object.kind, workload.object.name, service.name
                ));
        } else {
            report(workload, service, ingresses.of(service), out);
        }
    });
}

/// A route of the Gateway API leads to the workload.
pub(crate) fn by_gateway_api<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut routes = Backends::default();
    gateway::each_backend(corpus, |route, backend, path| {
        let key = (namespace_of(backend, route), backend.at("name").str());
        routes.add(key, route, corpus.arena().fmt(path));
    });
    let services = services_where(corpus, |service| !routes.of(service).is_empty());
    each_pair(corpus, &services, |workload, service| {
        report(workload, service, routes.of(service), out);
    });
}

/// Reports each route that leads to the workload by way of the Service.
fn report<'a>(
    workload: &Workload<'a>,
    service: &'a Object<'a>,
    leads: &[Lead<'a>],
    out: &mut Out<'a>,
) {
    for Lead { route, paths } in leads {
        out.fail(workload.object)
            .related_at(route, to_review(paths))
            .related(service)
            .message(format_args!(
                "{} {} is exposed through {} {}",
                workload.object.kind, workload.object.name, route.kind, route.name
            ));
    }
}
