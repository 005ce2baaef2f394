//! Workloads that run a release of some program with a known flaw.

use kubescape_engine::{Corpus, Object, Out, Workload};

use crate::image_reference::ImageReference;
use crate::version::Version;

/// The version that an image's tag names.
fn tagged(image: &str) -> Option<Version<'_>> {
    Version::find(ImageReference::parse(image).tag?)
}

/// Reports the images of containers that `is_at_fault`, one by one.
fn report<'a>(
    workload: &Workload<'a>,
    is_at_fault: impl Fn(&str) -> bool,
    flaw: &str,
    out: &mut Out<'a>,
) {
    for container in workload.containers() {
        if is_at_fault(container.image()) {
            out.fail(workload.object)
                .review(format_args!("{container}.image"))
                .message(format_args!(
                    "{} {} runs {}: {flaw}",
                    workload.object.kind,
                    workload.object.name,
                    container.image()
                ));
        }
    }
}

/// Whether a Deployment has a container with such an image.
fn deploys(object: &Object<'_>, is_meant: impl Fn(&str) -> bool) -> bool {
    let containers = object
        .value
        .dig(&["spec", "template", "spec", "containers"]);
    let mut images = containers.items().iter().map(|item| item.at("image").str());
    object.kind == "Deployment" && images.any(is_meant)
}

/// Argo CD lets charts read files of others.
pub(crate) fn argo_cd_traversal<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.object.kind == "Deployment" {
        let vulnerable = |image: &str| is_argo_cd(image) && has_argo_cd_traversal(image);
        report(workload, vulnerable, "it has CVE-2022-24348", out);
    }
}

/// Judged by [`argo_cd_traversal`].
pub(crate) fn deploys_argo_cd(object: &Object<'_>) -> bool {
    deploys(object, is_argo_cd)
}

fn is_argo_cd(image: &str) -> bool {
    image.contains("argocd") || image.contains("argo-cd")
}

/// Fixed in 2.1.9, 2.2.4 and 2.3.0-rc4.
fn has_argo_cd_traversal(image: &str) -> bool {
    tagged(image).is_some_and(|version| match version.numbers {
        (2, 2, patch) => patch < 4,
        (2, 3, 0) => matches!(version.rest, "-rc1" | "-rc2" | "-rc3"),
        numbers => numbers < (2, 1, 9),
    })
}

/// Grafana lets anybody call its internal endpoints.
pub(crate) fn grafana_bypass<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.object.kind == "Deployment" {
        let vulnerable = |image: &str| is_grafana(image) && has_grafana_bypass(image);
        report(workload, vulnerable, "it has CVE-2022-39328", out);
    }
}

/// Judged by [`grafana_bypass`].
pub(crate) fn deploys_grafana(object: &Object<'_>) -> bool {
    deploys(object, is_grafana)
}

fn is_grafana(image: &str) -> bool {
    let name = ImageReference::parse(image).short_name();
    matches!(name, "grafana" | "grafana-oss" | "grafana-enterprise")
}

/// Came with 9.2.0, fixed in 9.2.4.
fn has_grafana_bypass(image: &str) -> bool {
    tagged(image).is_some_and(|version| matches!(version.numbers, (9, 2, 0..=3)))
}

/// Kyverno takes an unsigned image for a signed one.
pub(crate) fn kyverno_bypass<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.object.kind == "Deployment" {
        let vulnerable = |image: &str| is_kyverno(image) && has_kyverno_bypass(image);
        report(workload, vulnerable, "it has CVE-2022-47633", out);
    }
}

/// Judged by [`kyverno_bypass`].
pub(crate) fn deploys_kyverno(object: &Object<'_>) -> bool {
    deploys(object, is_kyverno)
}

fn is_kyverno(image: &str) -> bool {
    ImageReference::parse(image).short_name() == "kyverno"
}

/// Came with 1.8.3, fixed in 1.8.5.
fn has_kyverno_bypass(image: &str) -> bool {
    tagged(image).is_some_and(|version| matches!(version.numbers, (1, 8, 3 | 4)))
}

/// The workload runs the community's ingress-nginx, which gets no more fixes
/// since March 2026.
pub(crate) fn retired_ingress_nginx<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if matches!(
        workload.object.kind,
        "Deployment" | "DaemonSet" | "StatefulSet"
    ) {
        report(
            workload,
            is_ingress_nginx,
            "ingress-nginx is retired and gets no more fixes",
            out,
        );
    }
}

fn is_ingress_nginx(image: &str) -> bool {
    let name = ImageReference::parse(image).repository;
    name.contains("ingress-nginx") && name.contains("controller")
        || name.contains("nginx-ingress-controller")
        || name.contains("nginx-controller")
}

/// Who may create Ingresses can read all Secrets by way of ingress-nginx,
/// unless its `ConfigMap` turns snippet annotations off.
pub(crate) fn ingress_nginx_snippets<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for workload in corpus.workloads() {
        let deployment = workload.object;
        let namespace = deployment.namespace_or_default();
        if deploys_ingress_nginx(deployment) && !turns_snippets_off(corpus, namespace) {
            let vulnerable = |image: &str| is_ingress_nginx(image) && allows_snippets(image);
            report(workload, vulnerable, "it has CVE-2021-25742", out);
        }
    }
}

/// Judged by [`ingress_nginx_snippets`].
pub(crate) fn deploys_ingress_nginx(object: &Object<'_>) -> bool {
    deploys(object, is_ingress_nginx)
}

/// Affected are 0.49.0 and older, and 1.0.0.
fn allows_snippets(image: &str) -> bool {
    tagged(image).is_some_and(|version| match version.numbers {
        (1, minor, patch) => (minor, patch) == (0, 0),
        numbers => numbers < (0, 49, 1),
    })
}

fn turns_snippets_off(corpus: &Corpus<'_>, namespace: &str) -> bool {
    let maps = corpus.in_namespace("ConfigMap", namespace);
    maps.iter().any(|map| {
        let setting = map.at("data").at("allow-snippet-annotations");
        setting.is("false")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affected_releases() {
        assert!(has_argo_cd_traversal("quay.io/argoproj/argocd:v2.1.8"));
        assert!(has_argo_cd_traversal("quay.io/argoproj/argocd:v2.3.0-rc3"));
        assert!(!has_argo_cd_traversal("quay.io/argoproj/argocd:v2.3.0-rc4"));
        assert!(!has_argo_cd_traversal("quay.io/argoproj/argocd:v2.2.4"));
        assert!(has_grafana_bypass("grafana/grafana:9.2.3"));
        assert!(!has_grafana_bypass("grafana/grafana:9.2.4"));
        assert!(has_kyverno_bypass("ghcr.io/kyverno/kyverno:v1.8.4"));
        assert!(!has_kyverno_bypass("ghcr.io/kyverno/kyverno:v1.8.2"));
        assert!(allows_snippets(
            "k8s.gcr.io/ingress-nginx/controller:v0.49.0"
        ));
        assert!(allows_snippets(
            "k8s.gcr.io/ingress-nginx/controller:v1.0.0"
        ));
        assert!(!allows_snippets(
            "k8s.gcr.io/ingress-nginx/controller:v1.0.1"
        ));
        assert!(!allows_snippets(
            "k8s.gcr.io/ingress-nginx/controller:v0.49.1"
        ));
    }
}
