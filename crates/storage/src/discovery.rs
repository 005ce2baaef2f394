//! What the group offers, in every form in which clients ask: legacy lists and
//! the aggregated documents. Pure; made once at start.

use serde_json::{Value, json};

use kubescape_api::{API_VERSION, GROUP, RESOURCES, Resource, VERSION};

/// The form of `/apis`. (`k8s.io/api/apidiscovery`)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregated {
    /// `v2`, Kubernetes 1.30 and later.
    V2,
    /// `v2beta1`, Kubernetes 1.26 to 1.32.
    V2Beta1,
}

impl Aggregated {
    fn version(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V2Beta1 => "v2beta1",
        }
    }
}

/// Which resources are offered.
pub(crate) fn offered(computed: bool) -> impl Iterator<Item = &'static Resource> {
    RESOURCES
        .iter()
        .filter(move |one| computed || !one.computed)
}

/// `/api`: there is no legacy group; clients ask all the same.
pub(crate) fn legacy_versions() -> Value {
    json!({
        "kind": "APIVersions",
        "versions": [],
        "serverAddressByClientCIDRs": [],
    })
}

/// `/apis`.
pub(crate) fn groups() -> Value {
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group_facts()]})
}

/// `/apis/<group>`.
pub(crate) fn group() -> Value {
    let mut group = group_facts();
    if let Some(fields) = group.as_object_mut() {
        fields.insert("kind".into(), "APIGroup".into());
        fields.insert("apiVersion".into(), "v1".into());
    }
    group
}

fn group_facts() -> Value {
    let version = json!({"groupVersion": API_VERSION, "version": VERSION});
    json!({"name": GROUP, "versions": [version], "preferredVersion": version})
}

/// `/apis/<group>/<version>`: what kube-apiserver probes and clients cache.
pub(crate) fn resources(computed: bool) -> Value {
    let resources: Vec<Value> = offered(computed).map(resource).collect();
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": API_VERSION,
        "resources": resources,
    })
}

fn resource(one: &Resource) -> Value {
    let mut facts = json!({
        "name": one.plural,
        "singularName": one.singular,
        "namespaced": one.namespaced(),
        "kind": one.kind,
        "verbs": one.verbs(),
    });
    if !one.computed {
        facts["storageVersionHash"] = storage_version_hash(one).into();
    }
    facts
}

/// Names the stored form. Clients only compare it; a built-in API hashes group,
/// version and kind in this way, too.
fn storage_version_hash(one: &Resource) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(format!("{GROUP}/{VERSION}/{}", one.kind));
    base64::engine::general_purpose::STANDARD.encode(&hash[..8])
}

/// `/apis` in one document with all resources.
pub(crate) fn aggregated(form: Aggregated, computed: bool) -> Value {
    let resources: Vec<Value> = offered(computed)
        .map(|one| {
            json!({
                "resource": one.plural,
                "responseKind": {"group": GROUP, "version": VERSION, "kind": one.kind},
                "scope": if one.namespaced() { "Namespaced" } else { "Cluster" },
                "singularResource": one.singular,
                "verbs": one.verbs(),
            })
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{}", form.version()),
        "metadata": {},
        "items": [{
            "metadata": {"name": GROUP, "creationTimestamp": null},
            "versions": [{
                "version": VERSION,
                "resources": resources,
                "freshness": "Current",
            }],
        }],
    })
}

/// `/api` in the aggregated form: no groups.
pub(crate) fn aggregated_none(form: Aggregated) -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{}", form.version()),
        "metadata": {},
        "items": [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_kinds_are_offered_for_reading_only_or_not_at_all() {
        let find = |list: &Value| {
            let all = list["resources"].as_array().unwrap().clone();
            all.into_iter()
                .find(|one| one["kind"] == "GeneratedNetworkPolicy")
        };
        let shown = find(&resources(true)).unwrap();
        assert_eq!(shown["verbs"], json!(["get", "list"]));
        assert!(shown.get("storageVersionHash").is_none());
        assert!(find(&resources(false)).is_none());
    }

    #[test]
    fn all_forms_agree_on_the_resources() {
        let legacy = resources(true);
        let legacy = legacy["resources"].as_array().unwrap();
        for form in [Aggregated::V2, Aggregated::V2Beta1] {
            let document = aggregated(form, true);
            let list = document["items"][0]["versions"][0]["resources"]
                .as_array()
                .unwrap();
            assert_eq!(list.len(), legacy.len());
            for (a, b) in list.iter().zip(legacy) {
                assert_eq!(a["resource"], b["name"]);
                assert_eq!(a["verbs"], b["verbs"]);
            }
        }
    }
}
