//! Kinds of workloads.

/// Kinds as they are written, with group, version and plural.
const KINDS: [(&str, &str, &str); 12] = [
    ("Pod", "v1", "pods"),
    ("ReplicationController", "v1", "replicationcontrollers"),
    ("Node", "v1", "nodes"),
    ("Deployment", "apps/v1", "deployments"),
    ("ReplicaSet", "apps/v1", "replicasets"),
    ("StatefulSet", "apps/v1", "statefulsets"),
    ("DaemonSet", "apps/v1", "daemonsets"),
    ("Job", "batch/v1", "jobs"),
    ("CronJob", "batch/v1", "cronjobs"),
    ("Service", "v1", "services"),
    ("ConfigMap", "v1", "configmaps"),
    ("Namespace", "v1", "namespaces"),
];

/// The kind whose name in an identifier (lower case) this is.
pub fn kind_of_wlid(lower: &str) -> Option<&'static str> {
    let found = KINDS
        .iter()
        .find(|(kind, ..)| kind.eq_ignore_ascii_case(lower));
    found.map(|(kind, ..)| *kind)
}

/// API version and plural of a kind.
pub fn plural(kind: &str) -> Option<(&'static str, &'static str)> {
    let found = KINDS.iter().find(|(known, ..)| *known == kind);
    found.map(|(_, version, plural)| (*version, *plural))
}
