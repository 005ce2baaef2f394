//! The same objects in a form that a real API server takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The objects without what only a server writes, with the namespaces and
/// accounts that they need before them, each once.
pub fn acceptable(objects: Vec<Value>) -> Vec<Value> {
    let mut namespaces = BTreeSet::new();
    let mut accounts = Vec::new();
    let mut others = Vec::new();
    let mut seen = BTreeSet::new();
    for mut object in objects {
        tidy(&mut object);
        let namespace = text(&object["metadata"]["namespace"]);
        namespaces.insert(namespace.clone());
        if object["kind"] == "Pod" {
            let name = text(&object["spec"]["serviceAccountName"]);
            add(account(&name, &namespace), &mut accounts, &mut seen);
        }
        add(object, &mut others, &mut seen);
    }
    let namespace =
        |name: String| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let mut all: Vec<Value> = namespaces.into_iter().map(namespace).collect();
    all.append(&mut accounts);
    all.append(&mut others);
    all
}

fn account(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
    })
}

fn add(object: Value, to: &mut Vec<Value>, seen: &mut BTreeSet<String>) {
    let metadata = &object["metadata"];
    let key = format!(
        "{} {} {}",
        object["kind"], metadata["namespace"], metadata["name"]
    );
    if seen.insert(key) {
        to.push(object);
    }
}

fn tidy(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in ["creationTimestamp", "resourceVersion", "uid"] {
            metadata.remove(key);
        }
    }
    if object["kind"] == "Secret" {
        // Certificates would have to be real, and values Base64.
        object["type"] = json!("Opaque");
        object["data"] = json!({"tls.key": "UExBQ0VIT0xERVI="});
    }
    for path in [
        "/spec/containers",
        "/spec/template/spec/containers",
        "/spec/jobTemplate/spec/template/spec/containers",
    ] {
        let containers = object.pointer_mut(path).and_then(Value::as_array_mut);
        // With the host's network two containers cannot have the same port.
        for container in containers.into_iter().flatten().skip(1) {
            if let Some(container) = container.as_object_mut() {
                container.remove("ports");
                container.remove("livenessProbe");
                container.remove("readinessProbe");
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
