//! Services and the pods behind them.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Places, Value, Workload};

use crate::checks::kinds::workloads;
use crate::selector::{Selector, SelectorIndex};

/// The Services of Kubernetes itself; Knative's have the same kind.
pub(crate) fn core_services<'a>(corpus: &Corpus<'a>) -> impl Iterator<Item = &'a Object<'a>> {
    let services = corpus.of_kind("Service").iter().copied();
    services.filter(|service| service.group.is_empty())
}

/// Services by the pods that they select.
pub(crate) type ServiceIndex<'a> = SelectorIndex<'a, &'a Object<'a>>;

/// The Services that `keep` lets through, by the pods that they select.
pub(crate) fn services_where<'a>(
    corpus: &Corpus<'a>,
    keep: impl Fn(&'a Object<'a>) -> bool,
) -> ServiceIndex<'a> {
    let mut index = SelectorIndex::new();
    for service in core_services(corpus) {
        if keep(service) {
            let selector = Selector::Plain(service.spec().at("selector"));
            index.insert(service.namespace_or_default(), selector, service);
        }
    }
    index
}

/// Whether the Service takes traffic from outside the cluster by itself.
pub(crate) fn is_exposed(service: &Object<'_>) -> bool {
    let kind = service.spec().at("type");
    kind.is("NodePort") || kind.is("LoadBalancer")
}

/// The workloads with the Services that select their pods, workload by workload.
pub(crate) fn each_pair<'a>(
    corpus: &'a Corpus<'a>,
    services: &ServiceIndex<'a>,
    mut visit: impl FnMut(&Workload<'a>, &'a Object<'a>),
) {
    for workload in workloads(corpus) {
        services.matching(workload, |service| visit(workload, service));
    }
}

/// A route (an Ingress, an `HTTPRoute` …) that leads to a Service, and the
/// places where it says so.
pub(crate) struct Lead<'a> {
    /// The route.
    pub(crate) route: &'a Object<'a>,
    /// Paths in the route.
    pub(crate) paths: Vec<&'a str>,
}

/// Services that routes name as their backends, by namespace and name.
#[derive(Default)]
pub(crate) struct Backends<'a>(HashMap<(&'a str, &'a str), Vec<Lead<'a>>>);

impl<'a> Backends<'a> {
    /// Notes that `route` names the Service at `path`. Routes come one after
    /// the other, each with all its places.
    pub(crate) fn add(
        &mut self,
        (namespace, name): (&'a str, &'a str),
        route: &'a Object<'a>,
        path: &'a str,
    ) {
        let leads = self.0.entry((namespace, name)).or_default();
        match leads.last_mut() {
            Some(last) if std::ptr::eq(last.route, route) => last.paths.push(path),
            _ => leads.push(Lead {
                route,
                paths: vec![path],
            }),
        }
    }

    /// The routes that lead to the Service.
    pub(crate) fn of(&self, service: &Object<'a>) -> &[Lead<'a>] {
        let key = (service.namespace_or_default(), service.name);
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Places that a person should look at, as a related object carries them.
pub(crate) fn to_review<'a>(paths: &[&'a str]) -> Places<'a> {
    Places {
        failed: Some(paths.to_vec()),
        review: Some(paths.to_vec()),
        ..Places::default()
    }
}

/// The namespace that a reference names, or else that of the object it is in.
pub(crate) fn namespace_of<'a>(reference: Value<'a>, inside: &Object<'a>) -> &'a str {
    match reference.at("namespace").str() {
        "" => inside.namespace_or_default(),
        named => named,
    }
}
