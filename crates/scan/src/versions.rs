//! API versions of built-in kinds that no longer exist, or never did.

use kubescape_engine::Object;

/// Versions that Kubernetes has served for its own groups since 1.25, and
/// those that are still met in files although they are gone.
const SERVED: [(&str, &[&str]); 17] = [
    ("", &["v1"]),
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1", "v1alpha1"],
    ),
    ("apiextensions.k8s.io", &["v1"]),
    ("apiregistration.k8s.io", &["v1"]),
    ("apps", &["v1"]),
    ("authentication.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("authorization.k8s.io", &["v1"]),
    ("autoscaling", &["v1", "v2"]),
    ("batch", &["v1"]),
    ("certificates.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    (
        "coordination.k8s.io",
        &["v1", "v1beta1", "v1alpha2", "v1alpha1"],
    ),
    ("discovery.k8s.io", &["v1"]),
    ("networking.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("node.k8s.io", &["v1"]),
    ("policy", &["v1"]),
    ("rbac.authorization.k8s.io", &["v1"]),
    ("storage.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
];

/// What is odd about the API version of an object of a built-in group, if
/// anything.
pub(crate) fn oddity(object: &Object<'_>) -> Option<String> {
    let Object {
        group,
        version,
        kind,
        api_version,
        ..
    } = *object;
    if group == "extensions" {
        let group = if matches!(kind, "Ingress" | "NetworkPolicy") {
            "networking.k8s.io/v1"
        } else {
            "apps/v1"
        };
        return Some(format!(
            "{api_version} {kind} is gone since Kubernetes 1.22 at the latest and no control reads it; use {group}"
        ));
    }
    // PodSecurityPolicy lived and died in a beta version.
    if kind == "PodSecurityPolicy" {
        return None;
    }
    let (_, versions) = SERVED.iter().find(|(name, _)| *name == group)?;
    if versions.contains(&version) {
        return None;
    }
    let (slash, newest) = (if group.is_empty() { "" } else { "/" }, versions[0]);
    Some(format!(
        "{api_version} is no version that Kubernetes serves; {kind} was judged as {group}{slash}{newest}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_engine::{Arena, from_json_str};

    fn oddity_of(api_version: &str, kind: &str) -> Option<String> {
        let arena = Arena::new();
        let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}"}}"#);
        oddity(&Object::new(
            from_json_str(arena.str(&text), &arena).unwrap(),
            0,
        ))
    }

    #[test]
    fn versions_that_never_were_or_are_gone_are_named() {
        assert!(
            oddity_of("apps/v9", "Deployment")
                .unwrap()
                .contains("judged as apps/v1")
        );
        assert!(oddity_of("v2", "Pod").unwrap().ends_with("judged as v1"));
        assert!(
            oddity_of("extensions/v1beta1", "Deployment")
                .unwrap()
                .contains("use apps/v1")
        );
        assert_eq!(oddity_of("apps/v1", "Deployment"), None);
        assert_eq!(oddity_of("example.com/v7", "Widget"), None);
    }
}
