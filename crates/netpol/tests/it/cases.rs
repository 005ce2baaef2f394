//! The cases that every generator of these policies must agree on, each in both
//! directions. (storage reference §8, "Upstream test cases to reproduce".)

use crate::build::{
    block, cart, generated, ip, known, labels, pod, pods, ports, reference, references, rule_ports,
    rules, selector,
};
use serde_json::{Value, json};

/// A story of traffic and what must come of it.
struct Case {
    name: &'static str,
    neighbors: Vec<Value>,
    known: Vec<[&'static str; 3]>,
    /// Ports and peers of the rules.
    rules: Vec<(&'static str, Vec<Value>)>,
    references: Vec<Value>,
}

const PAY: [&str; 3] = ["203.0.0.0/16", "pay-api", "payments.example"];
const MAIL: [&str; 3] = ["198.51.0.0/16", "mail", "mail.example"];

#[test]
fn every_case_in_both_directions() {
    let cases = [by_selector(), by_address(), by_name()];
    for case in cases.into_iter().flatten() {
        check(&case, "Ingress", "ingress", "from");
        check(&case, "Egress", "egress", "to");
    }
}

fn check(case: &Case, policy_type: &str, direction: &str, peers: &str) {
    // Given the neighbours in this direction only.
    let source = match direction {
        "ingress" => cart(&case.neighbors, &[]),
        _ => cart(&[], &case.neighbors),
    };
    // When the policy is generated.
    let generated = generated(&source, &known(&case.known));
    // Then it has these rules, and is for no other direction.
    let expected: Vec<_> = case
        .rules
        .iter()
        .map(|(on, who)| json!({"ports": rule_ports(on), peers: who}))
        .collect();
    let expected = json!({
        "podSelector": {"matchLabels": {"app": "cart"}},
        "policyTypes": [policy_type],
        direction: expected
    });
    assert_eq!(rules(&generated), expected, "{} ({direction})", case.name);
    let expected = Value::from(case.references.clone());
    assert_eq!(
        references(&generated),
        expected,
        "{} ({direction})",
        case.name
    );
    assert!(generated.warnings.is_empty(), "{:?}", generated.warnings);
}

fn by_selector() -> Vec<Case> {
    let plain = |name, neighbors, rules| Case {
        name,
        neighbors,
        known: vec![],
        rules,
        references: vec![],
    };
    let with_namespace = json!({
        "type": "internal", "ports": ports("TCP 80"),
        "podSelector": selector("app=front,tier=web"), "namespaceSelector": selector("team=a")
    });
    let namespace = json!({
        "type": "internal", "ports": ports("TCP 80"), "namespaceSelector": selector("team=a")
    });
    let expressions = json!({
        "matchLabels": labels("app=front"),
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web", "api"]}]
    });
    let by_expressions = json!({"ports": ports("TCP 80"), "podSelector": expressions});
    let lower = json!({"ports": ports("udp 53"), "podSelector": selector("app=dns")});
    vec![
        plain(
            "two pod neighbours, the same port: two rules",
            vec![pod("app=front", "TCP 80"), pod("app=admin", "TCP 80")],
            vec![
                ("TCP 80", vec![pods("app=front")]),
                ("TCP 80", vec![pods("app=admin")]),
            ],
        ),
        plain(
            "one pod neighbour, many ports: one rule in stored order",
            vec![pod("app=front", "TCP 80, TCP 50, TCP 40")],
            vec![("TCP 80, TCP 50, TCP 40", vec![pods("app=front")])],
        ),
        plain(
            "pod labels and a namespace: one peer with both",
            vec![with_namespace],
            vec![(
                "TCP 80",
                vec![json!({
                    "podSelector": selector("app=front,tier=web"),
                    "namespaceSelector": selector("team=a")
                })],
            )],
        ),
        plain(
            "a namespace stands alone",
            vec![namespace],
            vec![(
                "TCP 80",
                vec![json!({"namespaceSelector": selector("team=a")})],
            )],
        ),
        plain(
            "expressions are kept",
            vec![by_expressions],
            vec![("TCP 80", vec![json!({"podSelector": expressions})])],
        ),
        plain(
            "protocols become upper-case",
            vec![lower],
            vec![("UDP 53", vec![pods("app=dns")])],
        ),
    ]
}

fn by_address() -> Vec<Case> {
    vec![
        Case {
            name: "a raw address, no known servers: itself, no reference",
            neighbors: vec![ip("203.0.113.7", "", "TCP 80")],
            known: vec![],
            rules: vec![("TCP 80", vec![block("203.0.113.7/32")])],
            references: vec![],
        },
        Case {
            name: "an address in a known network: that network, one reference",
            neighbors: vec![ip("203.0.113.7", "", "TCP 80")],
            known: vec![PAY],
            rules: vec![("TCP 80", vec![block("203.0.0.0/16")])],
            references: vec![reference(
                "203.0.0.0/16",
                "203.0.113.7",
                "",
                "pay-api",
                "payments.example",
            )],
        },
        Case {
            name: "three addresses, two known, ports 80, 50, 80: sorted rules and peers",
            neighbors: vec![
                ip("203.0.113.7", "", "TCP 80"),
                ip("198.51.100.20", "", "TCP 50"),
                ip("10.0.0.9", "", "TCP 80"),
            ],
            known: vec![MAIL, PAY],
            rules: vec![
                ("TCP 50", vec![block("198.51.0.0/16")]),
                ("TCP 80", vec![block("10.0.0.9/32"), block("203.0.0.0/16")]),
            ],
            references: vec![
                reference(
                    "203.0.0.0/16",
                    "203.0.113.7",
                    "",
                    "pay-api",
                    "payments.example",
                ),
                reference("198.51.0.0/16", "198.51.100.20", "", "mail", "mail.example"),
            ],
        },
        Case {
            name: "two known servers, one port: one rule, two networks, two references",
            neighbors: vec![
                ip("203.0.113.7", "", "TCP 443"),
                ip("198.51.100.20", "", "TCP 443"),
            ],
            known: vec![PAY, MAIL],
            rules: vec![(
                "TCP 443",
                vec![block("198.51.0.0/16"), block("203.0.0.0/16")],
            )],
            references: vec![
                reference(
                    "203.0.0.0/16",
                    "203.0.113.7",
                    "",
                    "pay-api",
                    "payments.example",
                ),
                reference("198.51.0.0/16", "198.51.100.20", "", "mail", "mail.example"),
            ],
        },
        Case {
            name: "two addresses on two ports: two rules, two peers each",
            neighbors: vec![
                ip("203.0.113.7", "", "TCP 443, TCP 80"),
                ip("198.51.100.20", "", "TCP 80, TCP 443"),
            ],
            known: vec![],
            rules: vec![
                (
                    "TCP 80",
                    vec![block("198.51.100.20/32"), block("203.0.113.7/32")],
                ),
                (
                    "TCP 443",
                    vec![block("198.51.100.20/32"), block("203.0.113.7/32")],
                ),
            ],
            references: vec![],
        },
        Case {
            name: "protocols of one port: two rules, by protocol",
            neighbors: vec![ip("203.0.113.7", "", "UDP 53, TCP 53")],
            known: vec![],
            rules: vec![
                ("TCP 53", vec![block("203.0.113.7/32")]),
                ("UDP 53", vec![block("203.0.113.7/32")]),
            ],
            references: vec![],
        },
    ]
}

fn by_name() -> Vec<Case> {
    vec![
        Case {
            name: "names of two addresses: one rule a port, references with names",
            neighbors: vec![
                ip("203.0.113.7", "pay.example.", "TCP 443"),
                ip("198.51.100.20", "mail.example.", "TCP 587"),
            ],
            known: vec![],
            rules: vec![
                ("TCP 443", vec![block("203.0.113.7/32")]),
                ("TCP 587", vec![block("198.51.100.20/32")]),
            ],
            references: vec![
                reference("203.0.113.7/32", "203.0.113.7", "pay.example.", "", ""),
                reference("198.51.100.20/32", "198.51.100.20", "mail.example.", "", ""),
            ],
        },
        Case {
            name: "a name and a known server: the reference has all, the other only its name",
            neighbors: vec![
                ip("203.0.113.7", "pay.example.", "TCP 443"),
                ip("198.51.100.20", "mail.example.", "TCP 443"),
            ],
            known: vec![PAY],
            rules: vec![(
                "TCP 443",
                vec![block("198.51.100.20/32"), block("203.0.0.0/16")],
            )],
            references: vec![
                reference(
                    "203.0.0.0/16",
                    "203.0.113.7",
                    "pay.example.",
                    "pay-api",
                    "payments.example",
                ),
                reference("198.51.100.20/32", "198.51.100.20", "mail.example.", "", ""),
            ],
        },
        Case {
            name: "an address in networks of two objects: both",
            neighbors: vec![ip("203.0.113.7", "", "TCP 443")],
            known: vec![
                PAY,
                ["203.0.113.9/24", "eu", "eu.payments.example"],
                ["nonsense", "", ""],
            ],
            rules: vec![(
                "TCP 443",
                vec![block("203.0.0.0/16"), block("203.0.113.9/24")],
            )],
            references: vec![
                reference(
                    "203.0.0.0/16",
                    "203.0.113.7",
                    "",
                    "pay-api",
                    "payments.example",
                ),
                reference(
                    "203.0.113.9/24",
                    "203.0.113.7",
                    "",
                    "eu",
                    "eu.payments.example",
                ),
            ],
        },
    ]
}
