//! The OpenAPI documents and the table of resources.

use std::collections::BTreeSet;

use kubescape_api::{API_VERSION, RESOURCES, Resource, Weight, openapi};
use serde_json::{Value, json};

use crate::{golden, resource};

#[test]
fn the_documents_are_as_blessed() {
    let (v2, v3) = (openapi::v2(), openapi::v3());
    golden("schemas-v3.json", &v3["components"]["schemas"]);
    // Paths are made alike for all kinds: one stored, one computed, one cluster-wide.
    let shown = [
        "networkneighborses",
        "generatednetworkpolicies",
        "knownservers",
    ];
    for (name, document) in [("paths-v2.json", &v2), ("paths-v3.json", &v3)] {
        let mut paths = document["paths"].clone();
        let paths = paths.as_object_mut().expect("paths");
        paths.retain(|path, _| {
            path.ends_with("v1beta1/") || shown.iter().any(|plural| path.contains(plural))
        });
        golden(name, &json!(paths));
    }
    // Definitions of version 2 differ in how they refer to each other.
    let mut definitions = v2["definitions"].clone();
    let definitions = definitions.as_object_mut().expect("definitions");
    definitions.retain(|name, _| name.contains("Network") || name.contains("v1.De"));
    golden("definitions-v2.json", &json!(definitions));
}

#[test]
fn the_bytes_of_a_document_never_vary() {
    assert_eq!(openapi::v3().to_string(), openapi::v3().to_string());
    assert_eq!(openapi::v2().to_string(), openapi::v2().to_string());
}

#[test]
fn every_reference_leads_somewhere_and_every_definition_is_reached() {
    for (document, at) in [
        (openapi::v2(), "/definitions"),
        (openapi::v3(), "/components/schemas"),
    ] {
        let definitions = document
            .pointer(at)
            .and_then(Value::as_object)
            .expect("definitions");
        let mut reached = BTreeSet::new();
        visit(&document, &mut |value| {
            if let Some(target) = value.get("$ref").and_then(Value::as_str) {
                let name = target
                    .strip_prefix(&format!("#{at}/"))
                    .expect("a local reference");
                assert!(definitions.contains_key(name), "{target} leads nowhere");
                reached.insert(name.to_owned());
            }
        });
        for name in definitions
            .keys()
            .filter(|name| !name.ends_with(".WatchEvent"))
        {
            assert!(reached.contains(name), "the aggregator would drop {name}");
            assert!(!name.contains('/'), "{name} has a slash");
        }
    }
}

#[test]
fn everything_is_described() {
    for (name, definition) in openapi::v3()["components"]["schemas"]
        .as_object()
        .expect("schemas")
    {
        assert!(
            definition["description"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{name}"
        );
        for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
            let text = schema["description"].as_str().unwrap_or_default();
            assert!(
                text.ends_with('.') && text.len() > 3,
                "{name}.{field}: {text:?}"
            );
        }
    }
}

#[test]
fn definitions_of_one_name_are_one_object() {
    // Two different objects under one name would hide each other's fields.
    let mut seen: Vec<(String, *const kubescape_api::schema::Object)> = Vec::new();
    for one in RESOURCES {
        walk(one.object, &mut seen);
    }
    let names: BTreeSet<&String> = seen.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), seen.len());
}

fn walk(
    object: &'static kubescape_api::schema::Object,
    seen: &mut Vec<(String, *const kubescape_api::schema::Object)>,
) {
    use kubescape_api::schema::Schema;
    let entry = (object.definition_name(), std::ptr::from_ref(object));
    if seen.contains(&entry) {
        return;
    }
    seen.push(entry);
    let mut names = BTreeSet::new();
    for field in object.all_fields() {
        assert!(
            names.insert(field.name),
            "{}.{} twice",
            object.name,
            field.name
        );
        let mut schema = field.schema;
        loop {
            match schema {
                Schema::List(inner)
                | Schema::Map(inner)
                | Schema::OrString(inner)
                | Schema::ListOrOne(inner) => schema = *inner,
                Schema::Object(inner) => break walk(inner, seen),
                _ => break,
            }
        }
    }
}

#[test]
fn kinds_are_claimed_once_and_only_ours() {
    let mut claimed = BTreeSet::new();
    for (name, definition) in openapi::v2()["definitions"]
        .as_object()
        .expect("definitions")
    {
        for gvk in definition["x-kubernetes-group-version-kind"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert_eq!(gvk["group"], kubescape_api::GROUP, "{name}");
            assert!(
                claimed.insert(gvk["kind"].as_str().expect("a kind").to_owned()),
                "{gvk} twice"
            );
        }
    }
    for one in RESOURCES {
        assert!(
            claimed.contains(one.kind) && claimed.contains(&one.list_kind()),
            "{}",
            one.kind
        );
    }
}

#[test]
fn operations_have_ids_of_their_own_and_stored_kinds_can_be_patched() {
    let document = openapi::v3();
    let mut ids = BTreeSet::new();
    let mut patched = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            assert!(ids.insert(id.to_owned()), "{method} {path}: {id} twice");
            if method == "patch" {
                let parameters = operation["parameters"].as_array().expect("parameters");
                for name in ["dryRun", "fieldValidation", "fieldManager", "force"] {
                    assert!(
                        parameters.iter().any(|one| one["name"] == name),
                        "{path} {name}"
                    );
                }
                patched.insert(operation["x-kubernetes-group-version-kind"]["kind"].to_string());
            }
        }
    }
    assert_eq!(
        patched.len(),
        RESOURCES.iter().filter(|one| !one.computed).count()
    );
}

#[test]
fn merge_keys_are_published() {
    let document = openapi::v2();
    let field = |kind: &str, name: &str| {
        document["definitions"][format!("{}.{kind}", kubescape_api::DEFINITION_PREFIX)]["properties"][name].clone()
    };
    let ingress = field("NetworkNeighborsSpec", "ingress");
    assert_eq!(ingress["x-kubernetes-patch-merge-key"], "identifier");
    assert_eq!(ingress["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(ingress["x-kubernetes-list-map-keys"], json!(["identifier"]));
    // One program runs with many arguments: its path is no identity to apply by.
    let execs = field("ApplicationProfileContainer", "execs");
    assert_eq!(execs["x-kubernetes-patch-merge-key"], "path");
    assert_eq!(execs["x-kubernetes-list-type"], "atomic");
}

#[test]
fn merge_rules_are_found_by_path() {
    let schema = resource("NetworkNeighbors").schema();
    let ingress = schema
        .child("spec")
        .and_then(|spec| spec.field("ingress"))
        .expect("ingress");
    assert_eq!(
        ingress.merge,
        kubescape_api::schema::Merge::Key("identifier")
    );
    let ports = ingress
        .schema
        .items()
        .and_then(|neighbor| neighbor.field("ports"))
        .expect("ports");
    assert_eq!(ports.merge, kubescape_api::schema::Merge::Key("name"));
    let owners = schema
        .child("metadata")
        .and_then(|meta| meta.field("ownerReferences"));
    assert_eq!(
        owners.expect("owners").merge,
        kubescape_api::schema::Merge::Key("uid")
    );
}

#[test]
fn the_resources_are_those_of_the_reference() {
    let plurals: Vec<&str> = RESOURCES.iter().map(|one| one.plural).collect();
    assert_eq!(plurals.len(), 22);
    assert!(plurals.is_sorted());
    assert_eq!(resource("NetworkNeighbors").plural, "networkneighborses");
    assert_eq!(resource("NetworkNeighbors").singular, "networkneighbors");
    assert_eq!(resource("SBOMSyft").singular, "sbomsyft");
    let cluster: Vec<&str> = RESOURCES
        .iter()
        .filter(|one| !one.namespaced())
        .map(|one| one.kind)
        .collect();
    assert_eq!(
        cluster,
        [
            "CollapseConfiguration",
            "ConfigurationScanSummary",
            "KnownServer",
            "VulnerabilitySummary"
        ]
    );
    for one in RESOURCES.iter().filter(|one| one.computed) {
        assert_eq!(
            (one.verbs(), one.weight),
            (&["get", "list"][..], Weight::Light),
            "{}",
            one.kind
        );
    }
    assert!(Resource::by_plural("networkneighbors").is_none());
    assert!(Resource::by_plural("knownservers").is_some());
}

#[test]
fn the_index_of_version_3_names_the_document_and_its_hash() {
    let index = openapi::v3_index("AB12");
    let entry = &index["paths"]["apis/spdx.softwarecomposition.kubescape.io/v1beta1"];
    assert_eq!(
        entry["serverRelativeURL"],
        "/openapi/v3/apis/spdx.softwarecomposition.kubescape.io/v1beta1?hash=AB12"
    );
}

fn visit(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Object(fields) => fields.values().for_each(|field| visit(field, see)),
        _ => {}
    }
}

/// kubectl warns at every apply when it is offered a strategic merge patch that
/// it cannot make: where keys of the schema are free.
#[test]
fn strategic_merge_patches_are_offered_where_clients_can_make_them() {
    let document = openapi::v3();
    let offered = |plural: &str| {
        let path = format!("/apis/{API_VERSION}/namespaces/{{namespace}}/{plural}/{{name}}");
        let types = &document["paths"][&path]["patch"]["requestBody"]["content"];
        assert!(
            types["application/merge-patch+json"].is_object(),
            "{plural}"
        );
        types
            .get("application/strategic-merge-patch+json")
            .is_some()
    };
    assert!(offered("networkneighborses"));
    assert!(!offered("workloadconfigurationscansummaries"));
    assert!(!offered("vulnerabilitymanifests"));
}
