//! What the API server writes into its audit log.

use kubescape_engine::{Object, Out, Value};

use crate::node_data;

/// Resources whose content must not get into the log: metadata alone.
const METADATA_ONLY: [&str; 3] = ["secrets", "configmaps", "tokenreviews"];

/// Resources of which every use must get into the log.
const LOGGED: [&str; 6] = [
    "pods",
    "deployments",
    "pods/exec",
    "pods/portforward",
    "pods/proxy",
    "services/proxy",
];

/// The API server has no audit policy, or one that says too little of what
/// matters, or too much of what is secret.
pub(crate) fn audit_gaps<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !node_data::is(object, "ControlPlaneInfo") {
        return;
    }
    let server = object.at("data").at("APIServerInfo");
    let Some(command) = server.at("cmdLine").as_str() else {
        return;
    };
    if !command.contains("--audit-policy-file") {
        let shown = node_data::excerpt(object, &[], Value::Str(command), out.arena);
        out.fail(shown)
            .message("The API server writes no audit log");
        return;
    }
    let arena = out.arena;
    let policy = node_data::parsed_file(server.at("auditPolicyFile"), arena);
    if let Some(policy) = policy.filter(|policy| policy.is_object() && !is_sufficient(*policy)) {
        let name = arena.fmt(format_args!("{} - Audit policy file", object.name));
        let metadata = arena.object(&[("name", Value::Str(name))]);
        out.fail(node_data::named(policy, ("metadata", metadata), arena))
            .message(
                "The audit policy misses resources that matter, or logs them at the wrong level",
            );
    }
}

/// Only rules that name a resource count for it, and all of them do: which one
/// comes first depends on user and namespace.
fn is_sufficient(policy: Value<'_>) -> bool {
    let rules = policy.at("rules").items();
    let all = |resource: &str, right: fn(Value<'_>) -> bool| {
        let mut levels = rules
            .iter()
            .filter(|rule| names(**rule, resource))
            .map(|rule| rule.at("level"))
            .peekable();
        levels.peek().is_some() && levels.all(right)
    };
    METADATA_ONLY
        .iter()
        .all(|resource| all(resource, |level| level.is("Metadata")))
        && LOGGED
            .iter()
            .all(|resource| all(resource, |level| !level.is("None")))
}

fn names(rule: Value<'_>, resource: &str) -> bool {
    rule.at("resources")
        .items()
        .iter()
        .any(|group| group.at("resources").contains_str(resource))
}
