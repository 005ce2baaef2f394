//! The part of an object that joining rules read.
//!
//! A scan keeps every object that a join may need until the last one has been
//! seen; keeping only what joins read makes memory follow the joins and not
//! the cluster. Fields are dropped by name, so that a join that starts to read
//! something new finds it, unless it is listed here; a test runs every joining
//! rule's cases with and without projection.

use crate::{Arena, Object, Value, Workload};

/// Keys of a container that no join reads.
const CONTAINER: [&str; 16] = [
    "args",
    "command",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "securityContext",
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

/// Cuts an object down to what joins read. Roles and bindings stay whole: they
/// are part of the report.
pub fn project<'a>(object: &'a Object<'a>, arena: &'a Arena) -> Value<'a> {
    let Some(workload) = Workload::of_any(object, arena) else {
        return match object.kind {
            // Their contents are nobody's business, and large.
            "Secret" => without(object.value, &["data", "stringData"], arena),
            _ => object.value,
        };
    };
    let containers = ["containers", "initContainers", "ephemeralContainers"];
    let mut pod = without(workload.pod, &POD, arena);
    for list in containers {
        if let Value::Array(items) = pod.at(list) {
            let items: Vec<_> = items
                .iter()
                .map(|item| without(*item, &CONTAINER, arena))
                .collect();
            pod = with(pod, list, arena.array(&items), arena);
        }
    }
    let keys: Vec<&str> = workload.pod_path.split('.').collect();
    let value = replace(object.value, &keys, pod, arena);
    let metadata = without(value.at("metadata"), &METADATA, arena);
    let value = with(value, "metadata", metadata, arena);
    // Of the status, joins with the network look at addresses of Pods only.
    if object.kind == "Pod" {
        value
    } else {
        without(value, &["status"], arena)
    }
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
