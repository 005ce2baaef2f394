//! Input that means no good.

use crate::build::{cart, generated, ip, known, rules};
use kubescape_netpol::{
    KnownServer, NetworkNeighborhood, NetworkNeighbors, NetworkPolicy, Warning, simulate,
};
use serde_json::{Value, json};

#[test]
fn null_is_as_good_as_nothing() {
    for text in [
        "{}",
        r#"{"metadata": null, "spec": null}"#,
        r#"{"metadata": {"labels": null, "name": null}, "spec": {"ingress": null, "matchLabels": null}}"#,
        r#"{"spec": {"egress": [{"ports": null, "podSelector": null, "dnsNames": null, "type": null}]}}"#,
    ] {
        let source: NetworkNeighbors = serde_json::from_str(text).unwrap();
        generated(&source, &[]);
        let source: NetworkNeighborhood = serde_json::from_str(text).unwrap();
        generated(&source, &[]);
        let _: KnownServer = serde_json::from_str(r#"{"spec": null}"#).unwrap();
        let _: NetworkPolicy = serde_json::from_str(r#"{"spec": {"podSelector": null}}"#).unwrap();
    }
}

#[test]
fn wrong_types_and_deep_nesting_are_errors() {
    let deep = format!("{}{}", r#"{"spec": {"x": "#, "[".repeat(100_000));
    for text in [
        r#"{"spec": []}"#,
        r#"{"spec": {"ingress": {}}}"#,
        r#"{"spec": {"egress": [{"ports": [{"port": "80"}]}]}}"#,
        r#"{"spec": {"egress": [{"ports": [{"port": 99999999999}]}]}}"#,
        r#"{"spec": {"matchLabels": {"a": 1}}}"#,
        deep.as_str(),
    ] {
        assert!(serde_json::from_str::<NetworkNeighbors>(text).is_err());
    }
    let bad_utf8 = b"{\"metadata\": {\"name\": \"\xff\"}}";
    assert!(serde_json::from_slice::<NetworkNeighbors>(bad_utf8).is_err());
}

/// How many peers and ports all rules of a direction have.
fn size(rules: &Value) -> usize {
    let lengths = rules.as_array().unwrap().iter().map(|rule| {
        let length = |key: &str| rule[key].as_array().map_or(0, Vec::len);
        length("to") + length("ports")
    });
    lengths.sum()
}

#[test]
fn many_ports_times_many_addresses_stay_as_many_as_they_are() {
    // Given a neighbour whose rules, one a port, would have a million peers.
    let addresses: Vec<_> = (0..1000)
        .map(|n| format!("10.{}.{}.1", n / 250, n % 250))
        .collect();
    let ports: Vec<_> = (1..=1000)
        .map(|n| json!({"protocol": "TCP", "port": n}))
        .collect();
    let source = cart(&[], &[json!({"ipAddresses": addresses, "ports": ports})]);
    // When the policy is generated.
    let generated = generated(&source, &[]);
    // Then one rule has them all, and allows them all.
    assert_eq!(size(&rules(&generated)["egress"]), 2000);
    let simulation = simulate(&generated.object.spec, &(&source).into());
    assert_eq!(simulation.allowed, 1_000_000);
    assert_eq!(simulation.blocked + simulation.undecidable, 0);
}

#[test]
fn references_are_bounded_and_the_bound_is_told() {
    let names: Vec<_> = (0..400).map(|n| format!("n{n}.example")).collect();
    let addresses: Vec<_> = (0..200).map(|n| format!("10.0.0.{n}")).collect();
    let source = cart(&[], &[json!({"dnsNames": names, "ipAddresses": addresses})]);
    let generated = generated(&source, &known(&[["192.0.2.0/24", "", ""]]));
    assert_eq!(generated.object.policy_ref.len(), 10_000);
    assert_eq!(
        generated.warnings,
        [Warning::TooManyReferences { listed: 10_000 }]
    );
    assert_eq!(size(&rules(&generated)["egress"]), 200);
}

#[test]
fn many_neighbours_and_known_networks_are_quick() {
    // Walking all entries for every address would take 400 million steps.
    let entries: Vec<_> = (0..20_000)
        .map(|n| json!({"ipBlock": format!("172.{}.{}.0/24", n / 250, n % 250), "name": "", "server": ""}))
        .collect();
    let server: KnownServer = crate::build::read(&json!({"spec": entries}));
    let neighbors: Vec<_> = (0..20_000)
        .map(|n| ip(&format!("172.{}.{}.7", n / 250, n % 250), "", "TCP 443"))
        .collect();
    let generated = generated(&cart(&[], &neighbors), &[server]);
    assert_eq!(size(&rules(&generated)["egress"]), 20_001);
}

#[test]
fn warnings_show_no_more_than_the_start_of_foreign_text() {
    let long = "\u{1b}[2J".repeat(100_000);
    let mut source = cart(
        &[],
        &[
            json!({"ipAddress": long}),
            json!({"dns": long, "podSelector": null}),
        ],
    );
    source
        .metadata
        .annotations
        .insert("kubescape.io/status".to_owned(), long);
    let object = generated(&source, &[]).object;
    let warning = &object.metadata.annotations["kubescape.io/warning"];
    assert!(warning.len() < 1000);
    assert!(!warning.contains('\u{1b}'));
}
