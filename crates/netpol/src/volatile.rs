//! Labels of pods that the next rollout changes.

use crate::selector::LabelSelector;

/// Labels that say which revision, release or replica a pod is, not what it
/// does. (storage reference §8.)
fn is_volatile(key: &str) -> bool {
    matches!(
        key,
        "app.kubernetes.io/instance"
            | "app.kubernetes.io/version"
            | "app.kubernetes.io/managed-by"
            | "app.kubernetes.io/created-by"
            | "app.kubernetes.io/owner"
            | "app.kubernetes.io/revision"
            | "statefulset.kubernetes.io/pod-name"
            | "scheduler.alpha.kubernetes.io/node-selector"
            | "pod-template-hash"
            | "controller-revision-hash"
            | "pod-template-generation"
            | "helm.sh/chart"
    )
}

/// The selector without volatile labels. `None` if nothing else is in it:
/// without them, it would select all pods.
pub(crate) fn without_volatile(selector: &LabelSelector) -> Option<LabelSelector> {
    let mut kept = selector.clone();
    kept.match_labels.retain(|key, _| !is_volatile(key));
    (selector.is_empty() || !kept.is_empty()).then_some(kept)
}
