//! Keys and values of the labels on stored objects. (storage reference §4.)

use std::fmt;

/// A label key under `kubescape.io/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelKey(&'static str);

impl LabelKey {
    /// The whole key, with its prefix.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for LabelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// API group of the owning workload; `""` for the core group.
pub const WORKLOAD_API_GROUP: LabelKey = LabelKey("kubescape.io/workload-api-group");
/// API version of the owning workload. Seed objects of instances hold the group,
/// too: `apps-v1`.
pub const WORKLOAD_API_VERSION: LabelKey = LabelKey("kubescape.io/workload-api-version");
/// Kind of the owning workload. Clients disagree on case: compare without it.
pub const WORKLOAD_KIND: LabelKey = LabelKey("kubescape.io/workload-kind");
/// Name of the owning workload.
pub const WORKLOAD_NAME: LabelKey = LabelKey("kubescape.io/workload-name");
/// Namespace of the owning workload.
pub const WORKLOAD_NAMESPACE: LabelKey = LabelKey("kubescape.io/workload-namespace");
/// `resourceVersion` of the owning workload when it was looked at.
pub const WORKLOAD_RESOURCE_VERSION: LabelKey = LabelKey("kubescape.io/workload-resource-version");
/// Name of the container that the object is about.
pub const WORKLOAD_CONTAINER_NAME: LabelKey = LabelKey("kubescape.io/workload-container-name");
/// The image ID, [sanitised](crate::sanitize_label_value); the annotation of the
/// same key has it raw.
pub const IMAGE_ID: LabelKey = LabelKey("kubescape.io/image-id");
/// Name of the image, sanitised.
pub const IMAGE_NAME: LabelKey = LabelKey("kubescape.io/image-name");
/// Tag of the image, sanitised.
pub const IMAGE_TAG: LabelKey = LabelKey("kubescape.io/image-tag");
/// [`CONTEXT_FILTERED`] or [`CONTEXT_NON_FILTERED`].
pub const CONTEXT: LabelKey = LabelKey("kubescape.io/context");
/// `"true"` on scans of RBAC triplets.
pub const RBAC_RESOURCE: LabelKey = LabelKey("kubescape.io/rbac-resource");
/// Role of an RBAC triplet.
pub const ROLE_NAME: LabelKey = LabelKey("kubescape.io/role-name");
/// Namespace of the Role of an RBAC triplet.
pub const ROLE_NAMESPACE: LabelKey = LabelKey("kubescape.io/role-namespace");
/// RoleBinding of an RBAC triplet.
pub const ROLE_BINDING_NAME: LabelKey = LabelKey("kubescape.io/rolebinding-name");
/// Namespace of the RoleBinding of an RBAC triplet.
pub const ROLE_BINDING_NAMESPACE: LabelKey = LabelKey("kubescape.io/rolebinding-namespace");
/// ClusterRole of an RBAC triplet.
pub const CLUSTER_ROLE_NAME: LabelKey = LabelKey("kubescape.io/clusterrole-name");
/// ClusterRoleBinding of an RBAC triplet.
pub const CLUSTER_ROLE_BINDING_NAME: LabelKey = LabelKey("kubescape.io/clusterrolebinding-name");
/// `pod-template-hash` of the instance. Later clients only.
pub const INSTANCE_TEMPLATE_HASH: LabelKey = LabelKey("kubescape.io/instance-template-hash");

/// Value of [`CONTEXT`]: only what is loaded at run time (relevancy).
pub const CONTEXT_FILTERED: &str = "filtered";
/// Value of [`CONTEXT`]: everything in the image.
pub const CONTEXT_NON_FILTERED: &str = "non-filtered";

/// Longest value of a label, in bytes.
pub(crate) const MAX_LABEL_VALUE_LENGTH: usize = 63;

/// Whether Kubernetes takes this as the value of a label: empty, or up to 63
/// letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub fn is_valid_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return true;
    };
    bytes.len() <= MAX_LABEL_VALUE_LENGTH
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_judged_as_kubernetes_does() {
        let longest = "a".repeat(63);
        for value in ["", "a", "A_b.c-9", longest.as_str()] {
            assert!(is_valid_label_value(value), "{value}");
        }
        let too_long = "a".repeat(64);
        for value in ["-a", "a-", ".", "a b", "a:b", "é", too_long.as_str()] {
            assert!(!is_valid_label_value(value), "{value}");
        }
    }
}
