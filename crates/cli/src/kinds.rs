//! Kinds as kubectl's users type them.

/// Kinds of workloads with what kubectl calls them for short.
const SHORT: [(&str, &str); 9] = [
    ("po", "Pod"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("sts", "StatefulSet"),
    ("rs", "ReplicaSet"),
    ("rc", "ReplicationController"),
    ("cj", "CronJob"),
    ("svc", "Service"),
    ("sa", "ServiceAccount"),
];

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
