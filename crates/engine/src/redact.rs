//! Removing what must never leave the cluster before an object goes into a
//! report. (config-scanning reference §4, "Redaction before output".)

use crate::{Arena, Object, Value};

/// What a secret value becomes.
pub const REDACTED: &str = "XXXXXX";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The object without secret values: those of Secrets, ConfigMaps and
/// environment variables become `XXXXXX`; where variables come from, managed
/// fields, the last applied configuration and a workload's status go.
pub fn redact<'a>(object: &Object<'a>, arena: &'a Arena) -> Value<'a> {
    let drop_status =
        object.spec().at("template").exists() || matches!(object.kind, "Pod" | "CronJob");
    let hide_data = matches!(object.kind, "Secret" | "ConfigMap");
    let node_data = object.group == "hostdata.kubescape.cloud";
    let mut entries = Vec::with_capacity(object.value.entries().len());
    for (key, value) in object.value.entries() {
        match *key {
            "status" if drop_status => {}
            "data" | "stringData" | "binaryData" if hide_data => {
                entries.push((*key, hide_values(*value, arena)));
            }
            "data" if node_data => entries.push((*key, hide_contents(*value, arena))),
            "metadata" => entries.push((*key, redact_metadata(*value, arena))),
            _ => entries.push((*key, redact_environment(*value, arena))),
        }
    }
    arena.object(&entries)
}

fn hide_values<'a>(map: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let Value::Object(map) = map else {
        return Value::Str(REDACTED);
    };
    let hidden: Vec<_> = map
        .entries()
        .iter()
        .map(|(key, _)| (*key, Value::Str(REDACTED)))
        .collect();
    arena.object(&hidden)
}

/// Files that a node agent read may hold keys: of encryption, of clients.
fn hide_contents<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| hide_contents(*item, arena))
                .collect();
            arena.array(&items)
        }
        Value::Object(map) => {
            let hide = |(key, value): &(&'a str, Value<'a>)| match *key {
                "content" if value.is_str() => (*key, Value::Str(REDACTED)),
                _ => (*key, hide_contents(*value, arena)),
            };
            arena.object(&map.entries().iter().map(hide).collect::<Vec<_>>())
        }
        other => other,
    }
}

fn redact_metadata<'a>(metadata: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut entries = Vec::with_capacity(metadata.entries().len());
    for (key, value) in metadata.entries() {
        match *key {
            "managedFields" => {}
            "annotations" if value.at(LAST_APPLIED).exists() => {
                let kept: Vec<_> = value
                    .entries()
                    .iter()
                    .filter(|(key, _)| *key != LAST_APPLIED)
                    .copied()
                    .collect();
                entries.push((*key, arena.object(&kept)));
            }
            _ => entries.push((*key, *value)),
        }
    }
    if metadata.is_object() {
        arena.object(&entries)
    } else {
        metadata
    }
}

/// Hides environment variables wherever something looks like a container, so
/// that custom resources with pod templates are covered, too.
fn redact_environment<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    match value {
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| redact_environment(*item, arena))
                .collect();
            arena.array(&items)
        }
        Value::Object(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.entries() {
                match *key {
                    "env" if value.is_array() => {
                        entries.push((*key, hide_variables(*value, arena)));
                    }
                    // No container, but people do write variables like this.
                    "env" if value.is_object() => entries.push((*key, hide_values(*value, arena))),
                    "envFrom" if value.is_array() => {}
                    _ => entries.push((*key, redact_environment(*value, arena))),
                }
            }
            arena.object(&entries)
        }
        other => other,
    }
}

fn hide_variables<'a>(variables: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let hide = |variable: &Value<'a>| {
        let entries = variable
            .entries()
            .iter()
            .filter(|(key, _)| *key != "valueFrom");
        let hidden = entries.map(|(key, value)| {
            (
                *key,
                if *key == "value" {
                    Value::Str(REDACTED)
                } else {
                    *value
                },
            )
        });
        if variable.is_object() {
            arena.object(&hidden.collect::<Vec<_>>())
        } else {
            Value::Str(REDACTED)
        }
    };
    let hidden: Vec<_> = variables.items().iter().map(hide).collect();
    arena.array(&hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_json_str;

    fn redacted(text: &str) -> String {
        let arena = Arena::new();
        let object = Object::new(from_json_str(text, &arena).unwrap(), 0);
        serde_json::to_string(&redact(&object, &arena)).unwrap()
    }

    #[test]
    fn secrets_and_config_maps_keep_their_keys_only() {
        let text = r#"{"kind":"Secret","data":{"a":"c2VjcmV0"},"stringData":{"b":"plain"},"type":"Opaque"}"#;
        assert_eq!(
            redacted(text),
            r#"{"data":{"a":"XXXXXX"},"kind":"Secret","stringData":{"b":"XXXXXX"},"type":"Opaque"}"#
        );
    }

    #[test]
    fn variables_written_as_a_map_are_hidden_too() {
        let text = r#"{"kind":"Pod","spec":{"containers":[{"env":{"TOKEN":"c2VjcmV0"}}]}}"#;
        let out = redacted(text);
        assert!(!out.contains("c2VjcmV0") && out.contains("TOKEN"), "{out}");
    }

    #[test]
    fn contents_of_files_on_nodes_are_hidden_their_names_are_not() {
        let text = r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta0","kind":"ControlPlaneInfo","data":{"APIServerInfo":{"encryptionProviderConfigFile":{"content":"c2VjcmV0","path":"/etc/enc.yaml"}}}}"#;
        let out = redacted(text);
        assert!(
            !out.contains("c2VjcmV0") && out.contains("/etc/enc.yaml"),
            "{out}"
        );
    }

    #[test]
    fn environment_values_vanish_wherever_a_container_is() {
        let text = r#"{"kind":"Custom","spec":{"podTemplate":{"spec":{"containers":[{"env":[{"name":"P","value":"secret"},{"name":"Q","valueFrom":{}}],"envFrom":[{}]}]}}}}"#;
        let out = redacted(text);
        assert!(
            !out.contains("secret") && !out.contains("valueFrom") && !out.contains("envFrom"),
            "{out}"
        );
    }
}
