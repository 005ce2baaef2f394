//! The example of the reference, whole.

use crate::build::{cart, ip, pod, read};
use kubescape_netpol::{KnownServer, KnownServers, Options, Source, generate};
use serde_json::{Value, json};

#[test]
fn the_example_of_the_reference() {
    // Given a cart behind a front, with a database, a mail server, a payment
    // provider that users named, and DNS.
    let dns = json!({
        "identifier": "dns", "type": "internal", "dns": "", "ipAddress": "",
        "ports": [{"name": "UDP-53", "protocol": "udp", "port": 53}],
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    });
    let neighbors = cart(
        &[pod("app=front", "TCP 8080"), ip("10.0.0.9", "", "TCP 8080")],
        &[
            pod("app=cart-db", "TCP 5432, TCP 5433"),
            ip("203.0.113.7", "", "TCP 443"),
            ip("198.51.100.20", "mail.example.net.", "TCP 587, TCP 443"),
            dns,
        ],
    );
    let servers: Vec<KnownServer> = vec![read(&json!({"spec": [
        {"ipBlock": "203.0.113.9/24", "server": "payments.example", "name": "pay-api"}
    ]}))];

    // When the policy is generated.
    let options = Options {
        creation_timestamp: Some("2023-12-20T10:00:00Z".to_owned()),
        deny_unseen_directions: false,
    };
    let generated = generate(
        &Source::from(&neighbors),
        &KnownServers::new(&servers),
        &options,
    );

    // Then it is the reference's, field for field.
    let expected: Value = serde_json::from_str(include_str!("golden/example.json")).unwrap();
    let object = serde_json::to_value(&generated.object).unwrap();
    assert_eq!(object, expected, "{object:#}");
    assert!(generated.warnings.is_empty());
}
