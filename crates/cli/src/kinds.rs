//! Kinds as kubectl's users type them.

/// Kinds of workloads with what kubectl calls them for short.
const SHORT: [(&str, &str); 19] = [
    ("po", "Pod"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("sts", "StatefulSet"),
    ("rs", "ReplicaSet"),
    ("rc", "ReplicationController"),
    ("cj", "CronJob"),
    ("svc", "Service"),
    ("sa", "ServiceAccount"),
    ("cm", "ConfigMap"),
    ("ns", "Namespace"),
    ("no", "Node"),
    ("ing", "Ingress"),
    ("netpol", "NetworkPolicy"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("pdb", "PodDisruptionBudget"),
    ("crd", "CustomResourceDefinition"),
];

/// Kinds without a short name.
const LONG: [&str; 6] = [
    "Job",
    "Secret",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
];

/// Whether that is a kind that Kubernetes itself has, however it is spelt.
pub(crate) fn is_known(name: &str) -> bool {
    let name = singular(name);
    let is = |kind: &str| {
        let plural = name.len() == kind.len() + 1 && name.ends_with(['s', 'S']);
        kind.eq_ignore_ascii_case(name) || plural && name[..kind.len()].eq_ignore_ascii_case(kind)
    };
    SHORT.iter().any(|(_, kind)| is(kind)) || LONG.iter().any(|kind| is(kind))
}

/// `deploy` and `deployments` are `Deployment`; all else stays as it is.
pub(crate) fn singular(name: &str) -> &str {
    let is = |short: &str, kind: &str| {
        let plural = name.len() == kind.len() + 1 && name.ends_with(['s', 'S']);
        name.eq_ignore_ascii_case(short) || plural && name[..kind.len()].eq_ignore_ascii_case(kind)
    };
    // Jobs have a plural only.
    let known = SHORT.iter().chain(&[("job", "Job")]);
    let found = known.into_iter().find(|(short, kind)| is(short, kind));
    found.map_or(name, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn kinds_of_kubernetes_are_known_however_they_are_spelt() {
        for name in [
            "deploy",
            "DEPLOYMENTS",
            "pod",
            "secrets",
            "ClusterRole",
            "ing",
        ] {
            assert!(super::is_known(name), "{name}");
        }
        for name in ["Widget", "C-0016", "hostnetwork", "é"] {
            assert!(!super::is_known(name), "{name}");
        }
    }

    #[test]
    fn short_names_and_plurals_are_kinds() {
        for (name, kind) in [
            ("deploy", "Deployment"),
            ("Deployments", "Deployment"),
            ("STS", "StatefulSet"),
            ("jobs", "Job"),
            ("pod", "pod"),
            ("Widgets", "Widgets"),
            ("déploiements", "déploiements"),
        ] {
            assert_eq!(singular(name), kind);
        }
    }
}
