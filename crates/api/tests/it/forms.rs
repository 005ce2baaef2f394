//! The form in which objects are stored and sent.

use kubescape_api::RESOURCES;
use serde_json::{Map, Value, json};

use crate::{golden, resource};

fn normal(kind: &str, mut object: Value) -> Value {
    resource(kind).normalize(&mut object);
    object
}

#[test]
fn an_empty_object_of_each_kind_gets_what_upstream_always_writes() {
    let empty: Map<String, Value> = RESOURCES
        .iter()
        .map(|one| (one.kind.to_owned(), normal(one.kind, json!({}))))
        .collect();
    golden("empty.json", &Value::Object(empty));
}

#[test]
fn one_empty_item_of_each_list_and_map_gets_what_upstream_always_writes() {
    let items = [
        (
            "WorkloadConfigurationScan",
            json!({"spec": {"controls": {"C-0016": {"rules": [{"paths": [{}]}]}}, "relatedObjects": [{}]}}),
        ),
        (
            "VulnerabilityManifest",
            json!({"spec": {"payload": {"matches": [{"vulnerability": {"cvss": [{}], "advisories": [{}]}, "relatedVulnerabilities": [{}], "matchDetails": [{}], "artifact": {"locations": [{}], "upstreams": [{}]}}], "ignoredMatches": [{"appliedIgnoreRules": [{"package": {}}]}], "source": {}}}}),
        ),
        (
            "SBOMSPDXv2p3",
            json!({"spec": {"spdx": {"packages": [{"externalRefs": [{}], "packageVerificationCode": {}}], "files": [{}], "relationships": [{}], "creationInfo": {}}}}),
        ),
        (
            "SBOMSyft",
            json!({"spec": {"syft": {"artifacts": [{"licenses": [{}, "MIT"], "cpes": [{}, "cpe:2.3:a"], "locations": [{}]}], "files": [{"metadata": {}, "executable": {"elfSecurityFeatures": {}}}], "artifactRelationships": [{}]}}}),
        ),
        (
            "ApplicationProfile",
            json!({"spec": {"containers": [{"execs": [{}], "opens": [{}], "endpoints": [{}], "rulePolicies": {"R0001": {}}, "identifiedCallStacks": [{}], "seccompProfile": {"spec": {}}}]}}),
        ),
        (
            "ContainerProfile",
            json!({"spec": {"ingress": [{}], "egress": [{"ports": [{}]}]}}),
        ),
        (
            "NetworkNeighbors",
            json!({"spec": {"ingress": [{"ports": [{}], "podSelector": {}, "ipAddresses": []}]}}),
        ),
        (
            "NetworkNeighborhood",
            json!({"spec": {"containers": [{"ingress": [{}]}]}}),
        ),
        ("KnownServer", json!({"spec": [{}]})),
        (
            "OpenVulnerabilityExchangeContainer",
            json!({"spec": {"statements": [{"products": [{"@id": "x", "subcomponents": [{"@id": "y"}]}]}]}}),
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"collapseConfigs": [{}]}}),
        ),
        (
            "SeccompProfile",
            json!({"spec": {"containers": [{"spec": {"syscalls": [{"args": [{}]}]}}]}}),
        ),
    ];
    let normal: Map<String, Value> = items
        .into_iter()
        .map(|(kind, object)| (kind.to_owned(), normal(kind, object)))
        .collect();
    golden("items.json", &Value::Object(normal));
}

#[test]
fn nil_lists_are_null_and_empty_ones_stay_empty() {
    let object = normal(
        "WorkloadConfigurationScan",
        json!({"spec": {"relatedObjects": []}}),
    );
    assert_eq!(
        object["spec"],
        json!({"controls": null, "relatedObjects": []})
    );
}

#[test]
fn empty_metadata_goes_as_in_go() {
    let object = normal(
        "KnownServer",
        json!({"metadata": {"name": "n", "namespace": "", "labels": {}, "annotations": null, "generation": 0}}),
    );
    assert_eq!(object["metadata"], json!({"name": "n"}));
}

#[test]
fn fields_that_nobody_knows_survive_until_they_are_pruned() {
    let mut object = normal(
        "KnownServer",
        json!({"spec": [{"ipBlock": "10.0.0.0/8", "colour": "red"}], "extra": 1}),
    );
    assert_eq!(
        resource("KnownServer").unknown_fields(&object),
        ["extra", "spec[0].colour"]
    );
    resource("KnownServer").prune(&mut object);
    assert_eq!(
        object["spec"],
        json!([{"ipBlock": "10.0.0.0/8", "server": "", "name": ""}])
    );
    assert_eq!(
        resource("KnownServer").unknown_fields(&object),
        Vec::<String>::new()
    );
}

#[test]
fn what_newer_writers_of_vulnerabilities_add_is_left_alone() {
    let object =
        json!({"spec": {"payload": {"matches": [{"vulnerability": {"epss": [{"epss": 0.1}]}}]}}});
    let normal = normal("VulnerabilityManifest", object);
    assert_eq!(
        normal["spec"]["payload"]["matches"][0]["vulnerability"]["epss"][0]["epss"],
        0.1
    );
}

#[test]
fn older_syft_documents_are_taken_in() {
    let object = json!({"spec": {"syft": {
        "artifacts": [{"licenses": ["MIT"], "cpes": ["cpe:2.3:a:b"]}],
        "distro": {"idLike": "debian"},
        "source": {"target": {"userInput": "nginx"}},
    }}});
    assert_eq!(resource("SBOMSyft").validate(&object), []);
    let normal = normal("SBOMSyft", object);
    let syft = &normal["spec"]["syft"];
    assert_eq!(syft["artifacts"][0]["licenses"], json!(["MIT"]));
    assert_eq!(syft["artifacts"][0]["cpes"], json!(["cpe:2.3:a:b"]));
    assert_eq!(syft["distro"], json!({"idLike": ["debian"]}));
    assert_eq!(syft["source"]["target"]["userInput"], "nginx");
}

#[test]
fn scores_of_zero_stay_and_missing_ones_stay_missing() {
    let object = json!({"spec": {"payload": {"matches": [{"vulnerability": {"cvss": [{"metrics": {"impactScore": 0}}]}}]}}});
    let normal = normal("VulnerabilityManifest", object);
    let metrics = &normal["spec"]["payload"]["matches"][0]["vulnerability"]["cvss"][0]["metrics"];
    assert_eq!(*metrics, json!({"baseScore": 0, "impactScore": 0}));
}
