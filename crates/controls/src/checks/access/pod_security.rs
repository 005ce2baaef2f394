//! Namespaces for which Pod Security admission enforces too little.

use kubescape_engine::{Corpus, Object, Out};

use crate::checks::kinds::is_namespace;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// The namespace enforces no level, and no admission webhook sees its pods
/// instead.
pub(crate) fn no_level<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    if has_namespaced_webhook(corpus) {
        return;
    }
    for namespace in corpus.of_kind("Namespace") {
        if !namespace.labels().at(ENFORCE).exists() {
            ask_for(namespace, "YOUR_VALUE", out);
        }
    }
}

/// Whether an admission webhook of the cluster sees objects in namespaces, as
/// policy controllers do. A scope that is not given means any.
fn has_namespaced_webhook(corpus: &Corpus<'_>) -> bool {
    let kinds = [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ];
    let configurations = kinds.into_iter().flat_map(|kind| corpus.of_kind(kind));
    let mut webhooks = configurations.flat_map(|object| object.at("webhooks").items());
    webhooks.any(|webhook| {
        let mut rules = webhook.at("rules").items().iter();
        rules.any(|rule| !rule.at("scope").is("Cluster"))
    })
}

/// The namespace enforces neither `baseline` nor more.
pub(crate) fn below_baseline<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if is_namespace(object) && !matches!(level(object), "baseline" | "restricted") {
        ask_for(object, "baseline", out);
    }
}

/// The namespace does not enforce `restricted`.
pub(crate) fn below_restricted<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if is_namespace(object) && level(object) != "restricted" {
        ask_for(object, "restricted", out);
    }
}

fn level<'a>(namespace: &Object<'a>) -> &'a str {
    namespace.labels().at(ENFORCE).str()
}

fn ask_for<'a>(namespace: &'a Object<'a>, level: &str, out: &mut Out<'a>) {
    out.fail(namespace)
        .fix(format_args!("metadata.labels[{ENFORCE}]"), level)
        .message(format_args!(
            "Pod Security admission enforces too little in namespace {}.",
            namespace.name
        ));
}
