//! Where we do better than upstream.

use crate::build::{block, cart, generated, ip, known, pod, pods, references, rule_ports, rules};
use kubescape_netpol::Warning;
use serde_json::{Value, json};

fn egress(neighbors: &[Value]) -> Value {
    rules(&generated(&cart(&[], neighbors), &[]))["egress"].clone()
}

#[test]
fn ipv6_addresses_are_networks_of_128_bits() {
    let source = [
        ip("2001:DB8::7", "", "TCP 443"),
        ip("::ffff:10.0.0.9", "", "TCP 443"),
    ];
    assert_eq!(
        egress(&source),
        json!([{"ports": rule_ports("TCP 443"), "to": [block("10.0.0.9/32"), block("2001:db8::7/128")]}])
    );
}

#[test]
fn an_address_without_ports_is_allowed_on_all() {
    assert_eq!(
        egress(&[ip("203.0.113.7", "", "TCP 443"), ip("10.0.0.9", "", "")]),
        json!([
            {"to": [block("10.0.0.9/32")]},
            {"ports": rule_ports("TCP 443"), "to": [block("203.0.113.7/32")]}
        ])
    );
}

#[test]
fn all_addresses_and_names_of_a_neighbour_are_used() {
    let source = json!({
        "type": "external", "ports": [{"protocol": "TCP", "port": 443}],
        "dns": "pay.example.", "dnsNames": ["pay.example", "eu.pay.example"],
        "ipAddresses": ["203.0.113.7", "198.51.100.9/24", "203.0.113.7"]
    });
    let generated = generated(
        &cart(&[], &[source]),
        &known(&[["203.0.113.0/24", "pay", "p"]]),
    );
    assert_eq!(
        rules(&generated)["egress"],
        json!([{"ports": rule_ports("TCP 443"), "to": [block("198.51.100.0/24"), block("203.0.113.0/24")]}])
    );
    let references = references(&generated);
    let column = |key: &str| -> Vec<_> {
        let rows = references.as_array().unwrap().iter();
        rows.map(|it| it[key].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        column("dns"),
        [
            "pay.example.",
            "eu.pay.example",
            "pay.example.",
            "eu.pay.example"
        ]
    );
    assert_eq!(column("name"), ["pay", "pay", "", ""]);
    assert_eq!(column("originalIP")[2], "198.51.100.9/24");
}

#[test]
fn a_star_is_every_address() {
    let source = json!({"ipAddresses": ["*"], "ports": [{"protocol": "TCP", "port": 443}]});
    assert_eq!(
        egress(&[source]),
        json!([{"ports": rule_ports("TCP 443"), "to": [block("0.0.0.0/0"), block("::/0")]}])
    );
}

#[test]
fn networks_that_are_the_same_come_once() {
    let servers = known(&[["203.0.113.9/24", "a", ""], ["203.0.113.0/24", "b", ""]]);
    let source = cart(
        &[],
        &[
            ip("203.0.113.7", "", "TCP 443"),
            ip("203.0.113.8", "", "TCP 443"),
        ],
    );
    let generated = generated(&source, &servers);
    assert_eq!(
        rules(&generated)["egress"][0]["to"],
        json!([block("203.0.113.0/24")])
    );
    assert_eq!(references(&generated).as_array().unwrap().len(), 4);
}

#[test]
fn a_selector_of_volatile_labels_alone_is_kept_and_warned_of() {
    // Without its only label it would be every pod.
    let source = cart(&[pod("pod-template-hash=7c9d", "TCP 80")], &[]);
    let generated = generated(&source, &[]);
    assert_eq!(
        rules(&generated)["ingress"][0]["from"],
        json!([pods("pod-template-hash=7c9d")])
    );
    assert_eq!(
        generated.warnings,
        [Warning::VolatileLabelsOnly { count: 1 }]
    );
}

#[test]
fn a_peer_without_labels_is_every_pod_and_warned_of() {
    let bare = json!({"podSelector": {}, "ports": [{"protocol": "TCP", "port": 80}]});
    let generated = generated(&cart(&[bare], &[]), &[]);
    assert_eq!(
        rules(&generated)["ingress"][0]["from"],
        json!([{"podSelector": {}}])
    );
    assert_eq!(generated.warnings, [Warning::AllPodsAsPeer { count: 1 }]);
}

#[test]
fn revisions_of_one_peer_become_one_rule() {
    let source = [
        pod("app=db,pod-template-hash=1", "TCP 5432, TCP 5433"),
        pod("app=db,pod-template-hash=2", "TCP 5433, TCP 5432"),
    ];
    assert_eq!(
        egress(&source),
        json!([{"ports": rule_ports("TCP 5432, TCP 5433"), "to": [pods("app=db")]}])
    );
}

#[test]
fn an_empty_source_gives_an_empty_policy_with_a_warning() {
    let generated = generated(&cart(&[], &[]), &[]);
    assert_eq!(
        rules(&generated),
        json!({"podSelector": {"matchLabels": {"app": "cart"}}})
    );
    assert_eq!(references(&generated), json!([]));
    assert_eq!(generated.warnings, [Warning::NothingObserved]);
}

#[test]
fn a_source_without_a_selector_is_warned_of() {
    let mut source = cart(&[], &[pod("app=db", "TCP 5432")]);
    source.spec.selector = kubescape_netpol::LabelSelector::default();
    let generated = generated(&source, &[]);
    assert_eq!(rules(&generated)["podSelector"], json!({}));
    assert_eq!(generated.warnings, [Warning::SelectsAllPods]);
}

#[test]
fn what_cannot_be_said_is_left_out_and_never_becomes_everybody() {
    let db = pod("app=db", "TCP 5432");
    let cases = [
        // Without a peer, the rule would allow every address.
        json!({"dns": "pay.example.", "ports": [{"protocol": "TCP", "port": 443}]}),
        json!({"ipAddress": "cart", "ports": [{"protocol": "TCP", "port": 443}]}),
        // Without a port, it would allow every port.
        json!({"ipAddress": "203.0.113.7", "ports": [{"protocol": "TCP", "port": 0}]}),
        json!({"ipAddress": "203.0.113.7", "ports": [{"protocol": "TCP", "port": null}]}),
        json!({"ipAddress": "203.0.113.7", "ports": [{"protocol": "ICMP", "port": 1}]}),
    ];
    for case in cases {
        let generated = generated(&cart(&[], &[case.clone(), db.clone()]), &[]);
        assert_eq!(
            rules(&generated)["egress"],
            json!([{"ports": rule_ports("TCP 5432"), "to": [pods("app=db")]}]),
            "{case}"
        );
        assert_eq!(generated.warnings.len(), 1, "{case}");
    }
}

#[test]
fn a_direction_of_which_nothing_can_be_said_is_left_open() {
    let unknown = json!({"dns": "pay.example.", "ports": [{"protocol": "TCP", "port": 443}]});
    let generated = generated(&cart(&[pod("app=front", "TCP 80")], &[unknown]), &[]);
    assert_eq!(rules(&generated)["policyTypes"], json!(["Ingress"]));
    assert!(rules(&generated).get("egress").is_none());
}
