//! Workloads that the internet reaches through Istio's ingress gateways.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Out};

use super::services::{Backends, core_services, each_pair, is_exposed, services_where, to_review};
use crate::selector::has_all;

/// A way in: a Service of gateway pods, and a Gateway that they serve.
#[derive(Clone, Copy)]
struct Entrance<'a> {
    service: &'a Object<'a>,
    gateway: &'a Object<'a>,
}

/// A `VirtualService` leads from an ingress gateway that is reachable from
/// outside to the workload.
pub(crate) fn exposed<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let entrances = entrances(corpus);
    if entrances.is_empty() {
        return;
    }
    let mut routes = Backends::default();
    for route in corpus.of_kind("VirtualService") {
        if entrances_of(route, &entrances).next().is_some() {
            add_destinations(route, corpus, &mut routes);
        }
    }
    let services = services_where(corpus, |service| !routes.of(service).is_empty());
    each_pair(corpus, &services, |workload, service| {
        for lead in routes.of(service) {
            for entrance in entrances_of(lead.route, &entrances) {
                out.fail(workload.object)
                    .related_at(lead.route, to_review(&lead.paths))
                    .related(entrance.service)
                    .related(entrance.gateway)
                    .related(service)
                    .message(format_args!(
                        "{} {} is exposed through VirtualService {}",
                        workload.object.kind, workload.object.name, lead.route.name
                    ));
            }
        }
    });
}

type Entrances<'a> = HashMap<(&'a str, &'a str), Vec<Entrance<'a>>>;

/// The ways in by namespace and name of the Gateway.
fn entrances<'a>(corpus: &'a Corpus<'a>) -> Entrances<'a> {
    let is_gateway = |object: &&&Object<'_>| object.group == "networking.istio.io";
    let exposed: Vec<_> = core_services(corpus)
        .filter(|service| is_exposed(service))
        .collect();
    let mut entrances = Entrances::new();
    for gateway in corpus.of_kind("Gateway").iter().filter(is_gateway) {
        let wanted = gateway.spec().at("selector");
        let serve = exposed
            .iter()
            .filter(|service| !wanted.is_empty() && has_all(service.spec().at("selector"), wanted));
        let found: Vec<_> = serve.map(|service| Entrance { service, gateway }).collect();
        if !found.is_empty() {
            entrances.insert((gateway.namespace_or_default(), gateway.name), found);
        }
    }
    entrances
}

/// The ways in that lead to the `VirtualService`. A Gateway is named as
/// `namespace/name`, or by name when it is in the same namespace.
fn entrances_of<'a, 'e>(
    route: &'a Object<'a>,
    entrances: &'e Entrances<'a>,
) -> impl Iterator<Item = &'e Entrance<'a>> + use<'a, 'e> {
    let names = route.spec().at("gateways").strs();
    names
        .filter_map(move |name| {
            let key = match name.split_once('/') {
                Some((".", name)) => (route.namespace_or_default(), name),
                None => (route.namespace_or_default(), name),
                Some(key) => key,
            };
            entrances.get(&key)
        })
        .flatten()
}

/// Adds the Services that the `VirtualService` sends traffic to.
fn add_destinations<'a>(route: &'a Object<'a>, corpus: &'a Corpus<'a>, routes: &mut Backends<'a>) {
    for protocol in ["http", "tls", "tcp"] {
        for (index, rule) in route.spec().at(protocol).items().iter().enumerate() {
            for (number, target) in rule.at("route").items().iter().enumerate() {
                let host = target.at("destination").at("host").str();
                // The field is `route`; reports have always spelled it `routes`,
                // and whoever reads them expects that.
                let path =
                    format_args!("spec.{protocol}[{index}].routes[{number}].destination.host");
                routes.add(service_of(host, route), route, corpus.arena().fmt(path));
            }
        }
    }
}

/// Namespace and name of the Service that a host name means: `cart`,
/// `cart.shop`, `cart.shop.svc` or `cart.shop.svc.cluster.local`.
fn service_of<'a>(host: &'a str, route: &Object<'a>) -> (&'a str, &'a str) {
    let mut parts = host.split('.');
    let name = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (Some(namespace), None | Some("svc")) => (namespace, name),
        (None, _) => (route.namespace_or_default(), name),
        // A name outside the cluster.
        _ => ("", ""),
    }
}
