//! What is refused, where and in which words.

use kubescape_api::{parse, strict_error, warnings};
use serde_json::{Value, json};

use crate::resource;

fn faults(kind: &str, object: &Value) -> Vec<String> {
    let errors = resource(kind).validate(object);
    errors.iter().map(ToString::to_string).collect()
}

fn neighbors(ports: &Value) -> Value {
    json!({"spec": {"ingress": [{"identifier": "a", "type": "internal", "ports": ports}]}})
}

#[test]
fn good_objects_pass() {
    let good = [
        (
            "NetworkNeighbors",
            neighbors(
                &json!([{"name": "TCP-0", "protocol": "TCP", "port": 0}, {"name": "UDP-65535", "protocol": "UDP", "port": 65535}]),
            ),
        ),
        (
            "NetworkNeighbors",
            json!({"spec": {"ingress": null, "matchLabels": {"app": "a"}}}),
        ),
        (
            "NetworkNeighborhood",
            json!({"metadata": {"annotations": {"kubescape.io/status": "ready", "kubescape.io/completion": "partial"}}}),
        ),
        (
            "NetworkNeighborhood",
            json!({"spec": {"containers": [{"egress": [{"ipAddress": "2001:db8::1", "ipAddresses": ["*", "10.0.0.0/8", "10.1.2.3"], "dnsNames": ["a.b.", "*.c.d", "a.⋯.b"]}]}]}}),
        ),
        (
            "KnownServer",
            json!({"spec": [{"ipBlock": "142.250.1.100/24"}, {"ipBlock": "2001:db8::/32"}]}),
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"openDynamicThreshold": 0, "collapseConfigs": [{"prefix": "/etc", "threshold": 1}]}}),
        ),
        (
            "WorkloadConfigurationScan",
            json!({"spec": {"controls": {"C-1": {"severity": {"scoreFactor": 7.5}, "rules": [{"controlConfigurations": {"x": [1, {"y": null}]}}]}}}}),
        ),
        (
            "VulnerabilityManifest",
            json!({"spec": {"metadata": {"report": {"createdAt": "2023-12-01T09:30:00Z"}}}}),
        ),
        (
            "OpenVulnerabilityExchangeContainer",
            json!({"spec": {"statements": [{"status": "not_affected"}]}}),
        ),
        (
            "GeneratedNetworkPolicy",
            json!({"spec": {"spec": {"egress": [{"ports": [{"port": 80}, {"port": "http"}]}]}}}),
        ),
    ];
    for (kind, object) in good {
        assert_eq!(faults(kind, &object), Vec::<String>::new(), "{object}");
    }
}

fn refused(bad: &[(&str, Value, &str)]) {
    for (kind, object, expected) in bad {
        assert_eq!(faults(kind, object), [*expected], "{object}");
    }
}

#[test]
fn bad_network_objects_are_refused_with_the_field_and_the_reason() {
    let bad = [
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "TCP-80", "protocol": "TCP"}])),
            "spec.ingress[0].ports[0].port: Required value",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "TCP-80", "protocol": "TCP", "port": null}])),
            "spec.ingress[0].ports[0].port: Required value",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "TCP-70000", "protocol": "TCP", "port": 70000}])),
            "spec.ingress[0].ports[0].port: Invalid value: 70000: must be in the range 0-65535",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "TCP--1", "protocol": "TCP", "port": -1}])),
            "spec.ingress[0].ports[0].port: Invalid value: -1: must be in the range 0-65535",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "http", "protocol": "TCP", "port": 80}])),
            "spec.ingress[0].ports[0].name: Invalid value: \"http\": must be <protocol>-<port>, here \"TCP-80\"",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "TCP-80", "protocol": "TCP", "port": "80"}])),
            "spec.ingress[0].ports[0].port: Invalid value: \"80\": must be an integer of 32 bits, not string",
        ),
        (
            "NetworkNeighbors",
            neighbors(&json!([{"name": "ICMP-8", "protocol": "ICMP", "port": 8}])),
            "spec.ingress[0].ports[0].protocol: Unsupported value: \"ICMP\": supported values: \"TCP\", \"UDP\", \"SCTP\"",
        ),
        (
            "NetworkNeighbors",
            json!({"spec": {"egress": [{"ipAddress": "10.0.0"}]}}),
            "spec.egress[0].ipAddress: Invalid value: \"10.0.0\": must be an IP address",
        ),
        (
            "NetworkNeighbors",
            json!({"spec": {"egress": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}]}}),
            "spec.egress[0].podSelector.matchExpressions[0].operator: Unsupported value: \"Like\": supported values: \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\"",
        ),
        (
            "NetworkNeighborhood",
            json!({"spec": {"containers": [{"egress": [{"ipAddresses": ["10.0.0.0/33"]}]}]}}),
            "spec.containers[0].egress[0].ipAddresses[0]: Invalid value: \"10.0.0.0/33\": must be an IP address, an address block or *",
        ),
        (
            "NetworkNeighborhood",
            json!({"spec": {"containers": [{"egress": [{"dnsNames": ["a.*.b"]}]}]}}),
            "spec.containers[0].egress[0].dnsNames[0]: Invalid value: \"a.*.b\": * may only be the first or the last label",
        ),
        (
            // Stored as an empty text, which is no name.
            "NetworkNeighborhood",
            json!({"spec": {"containers": [{"egress": [{"dnsNames": [null]}]}]}}),
            "spec.containers[0].egress[0].dnsNames[0]: Invalid value: null: must be a DNS name without empty labels",
        ),
        (
            "NetworkNeighborhood",
            json!({"metadata": {"annotations": {"kubescape.io/completion": "whole"}}}),
            "metadata.annotations[kubescape.io/completion]: Unsupported value: \"whole\": supported values: \"partial\", \"complete\"",
        ),
        (
            "ApplicationProfile",
            json!({"metadata": {"annotations": {"kubescape.io/status": "failed"}}}),
            "metadata.annotations[kubescape.io/status]: Unsupported value: \"failed\": supported values: \"initializing\", \"ready\", \"completed\", \"incomplete\", \"unauthorize\", \"missing-runtime\", \"too-large\", \"unsupported-schema\"",
        ),
    ];
    refused(&bad);
}

#[test]
fn other_bad_objects_are_refused_with_the_field_and_the_reason() {
    let bad = [
        (
            "KnownServer",
            json!({"spec": [{"server": "s"}]}),
            "spec[0].ipBlock: Required value",
        ),
        (
            "KnownServer",
            json!({"spec": [{"ipBlock": ""}]}),
            "spec[0].ipBlock: Required value",
        ),
        (
            "KnownServer",
            json!({"spec": [{"ipBlock": "10.0.0.1"}]}),
            "spec[0].ipBlock: Invalid value: \"10.0.0.1\": must be an address block such as 10.0.0.0/8 or 2001:db8::/32",
        ),
        (
            "KnownServer",
            json!({"spec": [{"ipBlock": "10.0.0.0/+8"}]}),
            "spec[0].ipBlock: Invalid value: \"10.0.0.0/+8\": must be an address block such as 10.0.0.0/8 or 2001:db8::/32",
        ),
        (
            "KnownServer",
            json!({"spec": {"ipBlock": "10.0.0.0/8"}}),
            "spec: Invalid value: \"object\": must be a list, not object",
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"openDynamicThreshold": -1}}),
            "spec.openDynamicThreshold: Invalid value: -1: must be 0 or more",
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"collapseConfigs": [{"prefix": "etc", "threshold": 5}]}}),
            "spec.collapseConfigs[0].prefix: Invalid value: \"etc\": must be an absolute path",
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"collapseConfigs": [{"prefix": "/a", "threshold": 0}]}}),
            "spec.collapseConfigs[0].threshold: Invalid value: 0: must be 1 or more",
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"collapseConfigs": [{"prefix": "/a", "threshold": 1}, {"prefix": "/a", "threshold": 2}]}}),
            "spec.collapseConfigs[1].prefix: Duplicate value: \"/a\"",
        ),
        (
            "CollapseConfiguration",
            json!({"spec": {"collapseConfigs": [{"threshold": 1}]}}),
            "spec.collapseConfigs[0].prefix: Required value",
        ),
        (
            "VulnerabilityManifest",
            json!({"spec": {"metadata": {"report": {"createdAt": "yesterday"}}}}),
            "spec.metadata.report.createdAt: Invalid value: \"yesterday\": must be a time such as 2023-12-01T09:30:00Z",
        ),
        (
            "OpenVulnerabilityExchangeContainer",
            json!({"spec": {"statements": [{"status": "maybe"}]}}),
            "spec.statements[0].status: Unsupported value: \"maybe\": supported values: \"not_affected\", \"affected\", \"fixed\", \"under_investigation\"",
        ),
        (
            "WorkloadConfigurationScan",
            json!({"spec": {"controls": {"C-0016": {"name": 5}}}}),
            "spec.controls[C-0016].name: Invalid value: 5: must be a string, not number",
        ),
        (
            "WorkloadConfigurationScan",
            json!({"metadata": {"labels": {"a": 1}}}),
            "metadata.labels[a]: Invalid value: 1: must be a string, not number",
        ),
        (
            "WorkloadConfigurationScanSummary",
            json!({"spec": {"severities": {"high": 1.5}}}),
            "spec.severities.high: Invalid value: 1.5: must be an integer of 64 bits, not number",
        ),
        (
            "WorkloadConfigurationScan",
            json!([1]),
            ": Invalid value: \"array\": must be an object",
        ),
    ];
    refused(&bad);
}

#[test]
fn a_cause_has_the_fields_of_kubernetes() {
    let errors = resource("KnownServer").validate(&json!({"spec": [{}]}));
    assert_eq!(
        errors[0].cause(),
        json!({"reason": "FieldValueRequired", "message": "Required value", "field": "spec[0].ipBlock"})
    );
}

#[test]
fn statuses_of_the_seed_pass_on_its_network_neighbors() {
    let object = json!({"metadata": {"annotations": {"kubescape.io/status": "complete"}}});
    assert_eq!(faults("NetworkNeighbors", &object), Vec::<String>::new());
}

#[test]
fn a_field_given_twice_is_named_once_and_the_last_one_counts() {
    let body = br#"{"spec": [{"name": "a", "name": "b", "name": "c"}], "metadata": {"labels": {"x": "1", "x": "2"}}}"#;
    let parsed = parse(body).expect("JSON");
    assert_eq!(parsed.duplicates, ["spec[0].name", "metadata.labels.x"]);
    assert_eq!(parsed.value["spec"][0]["name"], "c");
    let unknown = ["spec[0].colour".to_owned()];
    assert_eq!(
        strict_error(&unknown, &parsed.duplicates).expect("an error"),
        r#"strict decoding error: duplicate field "spec[0].name", duplicate field "metadata.labels.x", unknown field "spec[0].colour""#,
    );
    assert_eq!(
        warnings(&unknown, &[]),
        [r#"unknown field "spec[0].colour""#]
    );
    assert_eq!(strict_error(&[], &[]), None);
}
