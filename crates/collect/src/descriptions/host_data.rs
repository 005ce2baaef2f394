//! Data of nodes as newer node agents write them, in the form that rules read.
//! (node-side reference §9.4)

use kubescape_engine::{Arena, Value};

/// A custom resource of `v1beta1` as an object of `v1beta0`: what is in `spec`, but
/// the node's name, is in `data` then. Any other object as it is.
pub fn as_rules_read_it<'a>(object: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if !object
        .at("apiVersion")
        .is("hostdata.kubescape.cloud/v1beta1")
    {
        return object;
    }
    let mut entries: Vec<(&'a str, Value<'a>)> = Vec::new();
    for (key, value) in object.entries() {
        match *key {
            "apiVersion" => entries.push((key, Value::Str("hostdata.kubescape.cloud/v1beta0"))),
            "spec" => {
                if let Some(data) = data(object.at("kind").str(), *value, arena) {
                    entries.push(("data", data));
                }
            }
            "status" => {}
            _ => entries.push((key, *value)),
        }
    }
    arena.object(&entries)
}

/// Two kinds are text, and one is a list, which a `spec` cannot be.
fn data<'a>(kind: &str, spec: Value<'a>, arena: &'a Arena) -> Option<Value<'a>> {
    let only = match kind {
        "OsReleaseFile" | "KernelVersion" => "content",
        "LinuxKernelVariables" => "kernelVariables",
        _ if !spec.is_object() => return Some(spec),
        _ => {
            let rest = spec.entries().iter().filter(|(key, _)| *key != "nodeName");
            let rest: Vec<_> = rest.copied().collect();
            return Some(arena.object(&rest));
        }
    };
    spec.at(only).exists().then(|| spec.at(only))
}
