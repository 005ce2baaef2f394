//! Namespaces and pods that no network policy isolates.

use std::collections::HashSet;

use kubescape_engine::{Corpus, Object, Out, Value};

use crate::checks::kinds::workloads;
use crate::selector::{Selector, SelectorIndex};

/// What one section of a policy isolates the pods of.
#[derive(Clone, Copy, Default)]
struct Directions {
    ingress: bool,
    egress: bool,
}

/// The namespace has no network policy: nothing there is isolated from the
/// rest of the cluster.
pub(crate) fn namespace_without_policy<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let clusterwide = corpus.of_kind("CiliumClusterwideNetworkPolicy");
    if clusterwide.iter().any(|policy| isolates_all_pods(policy)) {
        return;
    }
    for namespace in corpus.of_kind("Namespace") {
        let mut policies = corpus.in_namespace("NetworkPolicy", namespace.name).iter();
        let cilium = corpus.in_namespace("CiliumNetworkPolicy", namespace.name);
        if cilium.is_empty() && !policies.any(|policy| is_core(policy)) {
            out.fail(*namespace).message(format_args!(
                "Namespace {} has no network policy",
                namespace.name
            ));
        }
    }
}

/// No network policy selects the workload's pods.
pub(crate) fn not_selected<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let index = index(corpus);
    for workload in workloads(corpus) {
        let mut selected = false;
        index.matching(workload, |_| selected = true);
        if !selected {
            let Object { kind, name, .. } = workload.object;
            out.fail(workload.object).message(format_args!(
                "No network policy selects the pods of {kind} {name}"
            ));
        }
    }
}

/// The network policies that select the workload's pods leave ingress or
/// egress open. They are judged together, since policies only add up.
pub(crate) fn not_isolated<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let index = index(corpus);
    for workload in workloads(corpus) {
        let mut covered = Directions::default();
        index.matching(workload, |section: Directions| {
            covered.ingress |= section.ingress;
            covered.egress |= section.egress;
        });
        if !(covered.ingress && covered.egress) {
            let Object { kind, name, .. } = workload.object;
            out.fail(workload.object).message(format_args!(
                "{kind} {name} is not isolated by network policies for both ingress and egress"
            ));
        }
    }
}

/// All policies by the pods that they select.
fn index<'a>(corpus: &'a Corpus<'a>) -> SelectorIndex<'a, Directions> {
    let mut index = SelectorIndex::new();
    // Namespaces full of policies for all pods would make every pod look at
    // each of them; only the first of a kind says anything new.
    let mut known = HashSet::new();
    let policies = corpus.of_kind("NetworkPolicy").iter();
    for policy in policies.filter(|policy| is_core(policy)) {
        let selector = Selector::Labels(policy.spec().at("podSelector"));
        let directions = directions(policy.spec());
        let namespace = policy.namespace_or_default();
        let kind = (namespace, directions.ingress, directions.egress);
        if !selector.is_everything() || known.insert(kind) {
            index.insert(namespace, selector, directions);
        }
    }
    for policy in corpus.of_kind("CiliumNetworkPolicy") {
        for (selector, directions) in cilium_sections(policy) {
            index.insert(policy.namespace_or_default(), selector, directions);
        }
    }
    for policy in corpus.of_kind("CiliumClusterwideNetworkPolicy") {
        for (selector, directions) in cilium_sections(policy) {
            index.insert_everywhere(selector, directions);
        }
    }
    index
}

/// Whether this is Kubernetes' own kind; Calico's `NetworkPolicy` has other fields.
fn is_core(policy: &Object<'_>) -> bool {
    policy.group == "networking.k8s.io"
}

/// As the API server completes `policyTypes`: without it, a policy is about
/// ingress, and about egress when it has egress rules.
fn directions(spec: Value<'_>) -> Directions {
    let types = spec.at("policyTypes");
    if types.is_empty() {
        return Directions {
            ingress: true,
            egress: !spec.at("egress").is_empty(),
        };
    }
    Directions {
        ingress: types.contains_str("Ingress"),
        egress: types.contains_str("Egress"),
    }
}

/// The sections of a Cilium policy that select pods: `spec`, and each of `specs`.
/// Sections with a `nodeSelector` instead are about hosts.
fn cilium_sections<'a>(
    policy: &Object<'a>,
) -> impl Iterator<Item = (Selector<'a>, Directions)> + use<'a> {
    let many = policy.at("specs").items().iter().copied();
    let sections = std::iter::once(policy.spec()).chain(many);
    sections
        .filter(|section| section.at("endpointSelector").is_object())
        .map(|section| {
            let isolates = |allow: &str, deny: &str, direction: &str| {
                let rules = !section.at(allow).is_nothing() || !section.at(deny).is_nothing();
                rules && !section.at("enableDefaultDeny").at(direction).is_false()
            };
            let directions = Directions {
                ingress: isolates("ingress", "ingressDeny", "ingress"),
                egress: isolates("egress", "egressDeny", "egress"),
            };
            (Selector::Cilium(section.at("endpointSelector")), directions)
        })
}

fn isolates_all_pods(policy: &Object<'_>) -> bool {
    cilium_sections(policy).any(|(selector, _)| selector.is_everything())
}
