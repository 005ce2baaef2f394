//! Selectors that select no pod, or not the pods that they are meant for.

use kubescape_engine::{Corpus, Object, Out};

use crate::selector::{Selector, SelectorIndex};

/// The network policy selects no pod of its namespace, so it isolates nothing.
/// A policy for all pods is fine in an empty namespace, too.
pub(crate) fn network_policy<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let select = |policy: &Object<'a>| Selector::Labels(policy.spec().at("podSelector"));
    for policy in without_pods(corpus, ("networking.k8s.io", "NetworkPolicy"), select) {
        out.fail(policy)
            .failed("spec.podSelector")
            .message(format_args!(
                "NetworkPolicy {} selects no workload in namespace {}",
                policy.name,
                policy.namespace_or_default()
            ));
    }
}

/// The Service selects no pod of its namespace. One without a selector has its
/// endpoints from elsewhere.
pub(crate) fn service<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let select = |service: &Object<'a>| Selector::Plain(service.spec().at("selector"));
    for service in without_pods(corpus, ("", "Service"), select) {
        let spec = service.spec();
        if spec.at("selector").is_empty() || spec.at("type").is("ExternalName") {
            continue;
        }
        out.fail(service)
            .failed("spec.selector")
            .message(format_args!(
                "Service {} selects no workload in namespace {}",
                service.name,
                service.namespace_or_default()
            ));
    }
}

/// The objects of a group and kind whose selector has conditions that no workload of
/// their namespace meets.
fn without_pods<'a>(
    corpus: &'a Corpus<'a>,
    (group, kind): (&str, &str),
    select: impl Fn(&Object<'a>) -> Selector<'a>,
) -> Vec<&'a Object<'a>> {
    let of_group = corpus.of_kind(kind).iter().copied();
    let objects: Vec<_> = of_group.filter(|object| object.group == group).collect();
    let mut index = SelectorIndex::new();
    for (number, object) in objects.iter().enumerate() {
        let selector = select(object);
        if !selector.is_everything() {
            index.insert(object.namespace_or_default(), selector, number);
        }
    }
    let mut found: Vec<bool> = objects
        .iter()
        .map(|object| select(object).is_everything())
        .collect();
    for workload in corpus.workloads() {
        index.matching(workload, |number: usize| {
            if let Some(place) = found.get_mut(number) {
                *place = true;
            }
        });
    }
    let pairs = objects.into_iter().zip(found);
    pairs
        .filter_map(|(object, found)| (!found).then_some(object))
        .collect()
}

/// The workload's selector does not select the pods of its own template.
pub(crate) fn own_template<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let (owner, path) = match object.kind {
        "Deployment"
        | "ReplicaSet"
        | "DaemonSet"
        | "StatefulSet"
        | "ReplicationController"
        | "Job" => (object.value, "spec.selector"),
        "CronJob" => (
            object.spec().at("jobTemplate"),
            "spec.jobTemplate.spec.selector",
        ),
        _ => return,
    };
    let selector = owner.at("spec").at("selector");
    if selector.is_empty() {
        return;
    }
    let labels = owner.dig(&["spec", "template", "metadata", "labels"]);
    let selector = match object.kind {
        "ReplicationController" => Selector::Plain(selector),
        _ => Selector::Labels(selector),
    };
    if !selector.matches(labels, object.namespace_or_default()) {
        let Object { kind, name, .. } = object;
        out.fail(object).failed(path).message(format_args!(
            "The selector of {kind} {name} does not match the labels of its pod template"
        ));
    }
}
