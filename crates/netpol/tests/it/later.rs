//! The cases that later upstream added, as we answer them.

use crate::build::{
    block, cart, generated, ip, neighborhood, pod, pods, read, rule_ports, rules, selector,
};
use kubescape_netpol::{KnownServers, NetworkNeighborhood, Options, Source, Warning, generate};
use serde_json::{Value, json};

fn container(name: &str, egress: &[Value]) -> Value {
    json!({"name": name, "ingress": null, "egress": egress})
}

fn egress(source: &NetworkNeighborhood) -> Value {
    rules(&generated(source, &[]))["egress"].clone()
}

#[test]
fn the_policy_is_called_after_the_workload_and_the_object_after_its_source() {
    let source = neighborhood(&[container("cart", &[pod("app=db", "TCP 5432")])]);
    let object = generated(&source, &[]).object;
    assert_eq!(object.metadata.name, "replicaset-cart-7c9d5b6f4");
    assert_eq!(object.spec.metadata.name, "deployment-cart");
    for labels in [&object.metadata.labels, &object.spec.metadata.labels] {
        assert!(!labels.contains_key("kubescape.io/instance-template-hash"));
        assert_eq!(labels["kubescape.io/workload-name"], "cart");
    }
    assert!(object.metadata.annotations.is_empty());
}

#[test]
fn the_same_neighbour_of_two_containers_comes_once() {
    let db = [
        pod("app=db,tier=data", "TCP 5432"),
        pod("app=db,tier=data", "TCP 5432"),
    ];
    let address = [
        ip("203.0.113.7", "", "TCP 443"),
        ip("203.0.113.7", "", "TCP 443"),
    ];
    let both: Vec<_> = db.into_iter().chain(address).collect();
    let source = neighborhood(&[container("cart", &both), container("proxy", &both)]);
    assert_eq!(
        egress(&source),
        json!([
            {"ports": rule_ports("TCP 443"), "to": [block("203.0.113.7/32")]},
            {"ports": rule_ports("TCP 5432"), "to": [pods("app=db,tier=data")]}
        ])
    );
}

#[test]
fn a_port_twice_in_one_neighbour_comes_once() {
    let source = neighborhood(&[container(
        "cart",
        &[
            pod("app=db", "TCP 5432, tcp 5432, TCP 5433"),
            ip("203.0.113.7", "", "TCP 443, tcp 443"),
        ],
    )]);
    assert_eq!(
        egress(&source),
        json!([
            {"ports": rule_ports("TCP 443"), "to": [block("203.0.113.7/32")]},
            {"ports": rule_ports("TCP 5432, TCP 5433"), "to": [pods("app=db")]}
        ])
    );
}

#[test]
fn containers_of_all_types_are_merged_and_sorted() {
    let source: NetworkNeighborhood = read(&json!({
        "metadata": {"name": "pod-cart", "namespace": "shop"},
        "spec": {
            "matchLabels": {"app": "cart"},
            "containers": [
                container("cart", &[ip("203.0.113.7", "", "TCP 443, TCP 80")]),
                container("proxy", &[ip("198.51.100.20", "", "TCP 80"), pod("app=db", "TCP 5432")])
            ],
            "initContainers": [container("setup", &[ip("10.0.0.9", "", "TCP 80")])],
            "ephemeralContainers": [container("debug", &[ip("192.0.2.1", "", "UDP 53")])]
        }
    }));
    assert_eq!(
        egress(&source),
        json!([
            {"ports": rule_ports("UDP 53"), "to": [block("192.0.2.1/32")]},
            {"ports": rule_ports("TCP 80"), "to": [
                block("10.0.0.9/32"), block("198.51.100.20/32"), block("203.0.113.7/32")
            ]},
            {"ports": rule_ports("TCP 443"), "to": [block("203.0.113.7/32")]},
            {"ports": rule_ports("TCP 5432"), "to": [pods("app=db")]}
        ])
    );
}

#[test]
fn volatile_labels_of_peers_go_and_others_stay() {
    let peer = "app.kubernetes.io/instance=shop-1,app.kubernetes.io/name=db,helm.sh/chart=db-1";
    let source = neighborhood(&[container("cart", &[pod(peer, "TCP 5432")])]);
    assert_eq!(
        egress(&source)[0]["to"],
        json!([{"podSelector": selector("app.kubernetes.io/name=db")}])
    );
}

#[test]
fn an_unseen_direction_is_denied_on_request_only() {
    let source = neighborhood(&[container("cart", &[pod("app=db", "TCP 5432")])]);
    let policy = rules(&generated(&source, &[]));
    assert_eq!(policy["policyTypes"], json!(["Egress"]));
    assert!(policy.get("ingress").is_none());

    let options = Options {
        deny_unseen_directions: true,
        ..Options::default()
    };
    let known = KnownServers::default();
    let policy = rules(&generate(&Source::from(&source), &known, &options));
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    assert_eq!(policy["ingress"], json!([]));
}

#[test]
fn an_unfinished_observation_gives_a_policy_with_a_warning() {
    for (status, user, warned) in [
        ("", false, true),
        ("initializing", false, true),
        ("ready", false, true),
        ("incomplete", false, true),
        ("complete", false, false),
        ("completed", false, false),
        ("", true, false),
    ] {
        let mut source = cart(&[], &[pod("app=db", "TCP 5432")]);
        let annotations = &mut source.metadata.annotations;
        annotations.clear();
        if !status.is_empty() {
            annotations.insert("kubescape.io/status".to_owned(), status.to_owned());
        }
        if user {
            annotations.insert("kubescape.io/managed-by".to_owned(), "User".to_owned());
        }
        let generated = generated(&source, &[]);
        assert_eq!(!generated.warnings.is_empty(), warned, "{status}");
        let annotation = generated
            .object
            .metadata
            .annotations
            .get("kubescape.io/warning");
        assert_eq!(annotation.is_some(), warned, "{status}");
        assert_eq!(rules(&generated)["egress"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_start_that_nobody_saw_is_warned_of() {
    let mut source = cart(&[], &[pod("app=db", "TCP 5432")]);
    let annotations = &mut source.metadata.annotations;
    annotations.insert("kubescape.io/completion".to_owned(), "partial".to_owned());
    assert_eq!(
        generated(&source, &[]).warnings,
        [Warning::StartNotObserved]
    );
}
