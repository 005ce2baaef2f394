//! The part of an object that joining rules read.
//!
//! A scan keeps every object that a join may need until the last one has been
//! seen; keeping only what joins read makes memory follow the joins and not
//! the cluster. Fields are dropped by name, so that a join that starts to read
//! something new finds it, unless it is listed here; a test runs every joining
//! rule's cases with and without projection.

use crate::{Arena, Object, Value, Workload};

/// Keys of a container that no join reads.
const CONTAINER: [&str; 13] = [
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "startupProbe",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "workingDir",
    "stdin",
    "tty",
];

/// Keys of a pod specification that no join reads.
const POD: [&str; 8] = [
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "securityContext",
    "nodeSelector",
    "dnsConfig",
    "schedulerName",
    "readinessGates",
];

/// Keys of metadata that no join reads.
const METADATA: [&str; 2] = ["managedFields", "selfLink"];

/// Keys of a container that joins read in Pods of the control plane only.
const COMMAND: [&str; 2] = ["args", "command"];

/// Keys of a container's security context that joins read.
const SECURITY_CONTEXT: [&str; 2] = ["allowPrivilegeEscalation", "procMount"];

/// Repeats the whole object as text.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Longer values of ConfigMaps are files; joins look for switches.
const CONFIG_VALUE_BYTES: usize = 256;

/// Cuts an object down to what joins read. Roles and bindings stay whole: they
/// are part of the report.
pub fn project<'a>(object: &'a Object<'a>, arena: &'a Arena) -> Value<'a> {
    let value = with(
        object.value,
        "metadata",
        project_metadata(object.metadata(), arena),
        arena,
    );
    let Some(workload) = Workload::of_any(object, arena) else {
        return match object.kind {
            // Their contents are nobody's business, and large.
            "Secret" => without(value, &["data", "stringData"], arena),
            "ConfigMap" => {
                let value = without(value, &["binaryData"], arena);
                with(value, "data", short_values(value.at("data"), arena), arena)
            }
            _ => value,
        };
    };
    let mut pod = without(workload.pod, &POD, arena);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        if let Value::Array(items) = pod.at(list) {
            let command = object.kind == "Pod" && object.namespace == "kube-system";
            let items: Vec<_> = items
                .iter()
                .map(|item| project_container(*item, command, arena))
                .collect();
            pod = with(pod, list, arena.array(&items), arena);
        }
    }
    let keys: Vec<&str> = workload.pod_path.split('.').collect();
    let value = replace(value, &keys, pod, arena);
    // Of the status, joins with the network look at addresses of Pods only.
    if object.kind == "Pod" {
        value
    } else {
        without(value, &["status"], arena)
    }
}

fn project_metadata<'a>(metadata: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let annotations = without(metadata.at("annotations"), &[LAST_APPLIED], arena);
    without(
        with(metadata, "annotations", annotations, arena),
        &METADATA,
        arena,
    )
}

fn project_container<'a>(container: Value<'a>, keep_command: bool, arena: &'a Arena) -> Value<'a> {
    let context = container.at("securityContext").entries().iter();
    let context: Vec<_> = context
        .filter(|(key, _)| SECURITY_CONTEXT.contains(key))
        .copied()
        .collect();
    let container = without(container, &CONTAINER, arena);
    let container = if keep_command {
        container
    } else {
        without(container, &COMMAND, arena)
    };
    if context.is_empty() {
        return without(container, &["securityContext"], arena);
    }
    with(container, "securityContext", arena.object(&context), arena)
}

fn short_values<'a>(data: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let short = |value: &Value<'a>| {
        value
            .as_str()
            .is_none_or(|text| text.len() <= CONFIG_VALUE_BYTES)
    };
    if data.entries().iter().all(|(_, value)| short(value)) {
        return data;
    }
    let kept: Vec<_> = data
        .entries()
        .iter()
        .filter(|(_, value)| short(value))
        .copied()
        .collect();
    arena.object(&kept)
}

fn without<'a>(value: Value<'a>, keys: &[&str], arena: &'a Arena) -> Value<'a> {
    if !value.entries().iter().any(|(key, _)| keys.contains(key)) {
        return value;
    }
    let kept: Vec<_> = value
        .entries()
        .iter()
        .filter(|(key, _)| !keys.contains(key))
        .copied()
        .collect();
    arena.object(&kept)
}

fn with<'a>(value: Value<'a>, key: &'a str, item: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if !value.at(key).exists() {
        return value;
    }
    let replaced: Vec<_> = value
        .entries()
        .iter()
        .map(|(name, old)| (*name, if *name == key { item } else { *old }))
        .collect();
    arena.object(&replaced)
}

fn replace<'a>(value: Value<'a>, keys: &[&'a str], item: Value<'a>, arena: &'a Arena) -> Value<'a> {
    match keys {
        [] => item,
        [first, rest @ ..] => with(
            value,
            first,
            replace(value.at(first), rest, item, arena),
            arena,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_json_str;

    #[test]
    fn a_workload_keeps_what_joins_read_and_drops_the_rest() {
        let arena = Arena::new();
        let text = r#"{"kind":"Pod","metadata":{"name":"a","managedFields":[]},"spec":{"containers":[{"name":"c","command":["x"]}],"tolerations":[]}}"#;
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        let kept = serde_json::to_string(&project(object, &arena)).unwrap();
        assert_eq!(
            kept,
            r#"{"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c"}]}}"#
        );
    }
}
