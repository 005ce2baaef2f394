//! Where images come from.

use kubescape_engine::{Container, Object, Out, Workload};

use crate::image_reference::{is_below, with_registry};

/// The image comes from no registry of the user's list; without a list there
/// is nothing to judge.
pub(crate) fn not_allowed<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let allowed = out.inputs.list("imageRepositoryAllowList");
    if allowed.is_empty() {
        return;
    }
    for container in workload.containers() {
        let Some(image) = container.at("image").as_str() else {
            continue;
        };
        let full = with_registry(image);
        let covers = |prefix: &String| is_below(image, prefix) || is_below(&full, prefix);
        if !allowed.iter().any(covers) {
            report(workload, container, out);
        }
    }
}

/// The image comes from a registry that the user calls untrusted or public.
///
/// Plain prefixes on purpose: a list that forbids had better cover too much.
pub(crate) fn forbidden<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let lists = ["untrustedRegistries", "publicRegistries"].map(|name| out.inputs.list(name));
    if lists.iter().all(|list| list.is_empty()) {
        return;
    }
    for container in workload.containers() {
        let image = container.image();
        if image.is_empty() {
            continue;
        }
        let full = with_registry(image);
        let covers = |prefix: &String| {
            !prefix.is_empty() && (image.starts_with(prefix) || full.starts_with(prefix))
        };
        if lists.iter().copied().flatten().any(covers) {
            report(workload, container, out);
        }
    }
}

/// Whether the retired registry is a question for this object: it held the
/// images of Kubernetes itself, which run in `kube-system`.
pub(crate) fn is_system(object: &Object<'_>) -> bool {
    object.namespace == "kube-system"
}

/// A part of Kubernetes is pulled from the registry that was shut down in
/// favour of `registry.k8s.io`.
pub(crate) fn retired<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if !is_system(workload.object) {
        return;
    }
    for container in workload.containers() {
        if is_below(container.image(), "k8s.gcr.io") {
            report(workload, container, out);
        }
    }
}

fn report<'a>(workload: &Workload<'a>, container: &Container<'a>, out: &mut Out<'a>) {
    out.fail(workload.object)
        .review(format_args!("{container}.image"));
}
