//! Which recorded flows a policy would have blocked.

use crate::build::{cart, ip, pod, read};
use kubescape_netpol::{
    Allowed, Blocked, Direction, NetworkNeighbors, NetworkPolicy, Undecidable, Verdict,
};
use serde_json::{Value, json};

fn policy(spec: &Value) -> NetworkPolicy {
    read(&json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "cart", "namespace": "shop"}, "spec": spec
    }))
}

/// The verdict on a source of one flow; `None` if it is allowed.
fn judge(policy: &NetworkPolicy, source: &NetworkNeighbors) -> Option<Verdict> {
    let simulation = kubescape_netpol::simulate(policy, &source.into());
    let total = simulation.allowed + simulation.blocked + simulation.undecidable;
    assert_eq!(total, 1, "one flow");
    simulation.flows.into_iter().next().map(|it| it.verdict)
}

/// The verdict on one egress flow by one egress rule.
fn egress(rule: &Value, neighbor: &Value) -> Option<Verdict> {
    let spec = json!({"podSelector": {"matchLabels": {"app": "cart"}}, "policyTypes": ["Egress"], "egress": [rule]});
    judge(&policy(&spec), &cart(&[], std::slice::from_ref(neighbor)))
}

#[allow(clippy::unnecessary_wraps, reason = "what `judge` gives")]
fn blocked(reason: Blocked) -> Option<Verdict> {
    Some(Verdict::Blocked(reason))
}

#[allow(clippy::unnecessary_wraps, reason = "what `judge` gives")]
fn undecidable(reason: Undecidable) -> Option<Verdict> {
    Some(Verdict::Undecidable(reason))
}

#[test]
fn a_forgotten_flow_is_blocked_and_named() {
    // Given a policy that knows the front, and a workload that an admin uses, too.
    let policy = policy(&json!({
        "podSelector": {"matchLabels": {"app": "cart"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "front"}}}], "ports": [{"port": 8080}]}]
    }));
    let source = cart(
        &[
            pod("app=front,tier=web", "TCP 8080, TCP 9090"),
            pod("app=admin", "TCP 8080"),
        ],
        &[pod("app=db", "TCP 5432")],
    );
    // When it is simulated.
    let simulation = kubescape_netpol::simulate(&policy, &(&source).into());
    // Then the front's metrics and the admin are blocked; egress is left alone.
    assert_eq!(
        (
            simulation.allowed,
            simulation.blocked,
            simulation.undecidable
        ),
        (2, 2, 0)
    );
    let [metrics, admin] = simulation.flows.as_slice() else {
        panic!("two flows");
    };
    assert_eq!(metrics.direction, Direction::Ingress);
    assert_eq!(metrics.port.unwrap().port, Some(9090));
    assert_eq!(metrics.verdict, Verdict::Blocked(Blocked::NoPort(0)));
    assert_eq!(admin.neighbor, &source.spec.ingress[1]);
    assert_eq!(admin.verdict, Verdict::Blocked(Blocked::NoPeer));
    assert_eq!(admin.verdict.to_string(), "blocked: no rule has this peer");
}

#[test]
fn policy_types_default_as_in_kubernetes() {
    let front = cart(&[pod("app=front", "TCP 80")], &[]);
    let db = cart(&[], &[pod("app=db", "TCP 5432")]);
    let rule = json!({"to": [{"podSelector": {"matchLabels": {"app": "x"}}}]});
    let cases = [
        (json!({}), true, false),
        (json!({"policyTypes": null, "egress": []}), true, false),
        (json!({"egress": [rule]}), true, true),
        (json!({"policyTypes": ["Egress"]}), false, true),
        (
            json!({"policyTypes": ["Ingress"], "egress": [rule]}),
            true,
            false,
        ),
        (json!({"policyTypes": ["Ingress", "Egress"]}), true, true),
    ];
    for (spec, ingress_blocked, egress_blocked) in cases {
        let policy = policy(&spec);
        assert_eq!(judge(&policy, &front).is_some(), ingress_blocked, "{spec}");
        assert_eq!(judge(&policy, &db).is_some(), egress_blocked, "{spec}");
    }
    assert_eq!(
        judge(&policy(&json!({})), &front),
        blocked(Blocked::NoRules)
    );
}

#[test]
fn only_selected_pods_are_isolated() {
    let front = cart(&[pod("app=front", "TCP 80")], &[]);
    let with = |selector: Value| policy(&json!({"podSelector": selector}));
    let labels = |key: &str, value: &str| with(json!({"matchLabels": {key: value}}));
    assert_eq!(
        judge(&labels("app", "cart"), &front),
        blocked(Blocked::NoRules)
    );
    assert_eq!(judge(&labels("app", "blog"), &front), None);
    assert_eq!(
        judge(&labels("tier", "web"), &front),
        undecidable(Undecidable::Selected)
    );

    let mut elsewhere = labels("app", "cart");
    elsewhere.metadata.namespace = "blog".to_owned();
    assert_eq!(judge(&elsewhere, &front), None);
    elsewhere.metadata.namespace.clear();
    assert_eq!(judge(&elsewhere, &front), blocked(Blocked::NoRules));
    assert_eq!(
        Allowed::PodsNotSelected.to_string(),
        "the policy does not select these pods"
    );
}

#[test]
fn rules_without_peers_or_ports_allow_all() {
    let db = pod("app=db", "TCP 5432");
    let address = ip("203.0.113.7", "", "UDP 53");
    for rule in [json!({}), json!({"to": [], "ports": null})] {
        assert_eq!(egress(&rule, &db), None);
        assert_eq!(egress(&rule, &address), None);
    }
    let rule = json!({"ports": [{"protocol": "UDP"}]});
    assert_eq!(egress(&rule, &address), None);
    assert_eq!(egress(&rule, &db), blocked(Blocked::NoPort(0)));
}

#[test]
fn ports_are_numbers_ranges_or_unknown_names() {
    let judge = |port: Value, used: &str| egress(&json!({"ports": [port]}), &pod("app=db", used));
    let no = blocked(Blocked::NoPort(0));
    assert_eq!(judge(json!({"port": 80}), "TCP 80"), None);
    assert_eq!(judge(json!({"port": 80}), "UDP 80"), no);
    assert_eq!(
        judge(json!({"port": 80, "protocol": "UDP"}), "udp 80"),
        None
    );
    assert_eq!(judge(json!({"port": 80, "endPort": 90}), "TCP 90"), None);
    assert_eq!(judge(json!({"port": 80, "endPort": 90}), "TCP 91"), no);
    assert_eq!(judge(json!({"port": 80, "endPort": 70}), "TCP 75"), no);
    let named = undecidable(Undecidable::NamedPort("http".to_owned()));
    assert_eq!(judge(json!({"port": "http"}), "TCP 80"), named);
    assert_eq!(judge(json!({"port": "http"}), "UDP 80"), no);
    assert_eq!(
        judge(json!({"port": 80}), ""),
        undecidable(Undecidable::Port)
    );
}

#[test]
fn blocks_are_networks_without_their_exceptions() {
    let judge = |block: Value, address: &str| {
        let neighbor = json!({
            "type": "external", "ipAddresses": [address], "ports": [{"protocol": "TCP", "port": 443}]
        });
        egress(&json!({"to": [{"ipBlock": block}]}), &neighbor)
    };
    let no = blocked(Blocked::NoPeer);
    let partly = undecidable(Undecidable::Address);
    let block = json!({"cidr": "10.0.0.9/16", "except": ["10.0.1.0/24"]});
    for (address, expected) in [
        ("10.0.0.1", &None),
        ("::ffff:10.0.0.1", &None),
        ("10.0.1.1", &no),
        ("10.1.0.1", &no),
        ("2001:db8::1", &no),
        ("10.0.2.0/24", &None),
        ("10.0.1.128/25", &no),
        ("10.0.0.0/23", &partly),
        ("10.0.0.0/8", &partly),
        ("nonsense", &partly),
    ] {
        assert_eq!(&judge(block.clone(), address), expected, "{address}");
    }
    assert_eq!(judge(json!({"cidr": "2001:db8::/32"}), "2001:db8::1"), None);
    let wrong = undecidable(Undecidable::Cidr("10.0.0.0/99".to_owned()));
    assert_eq!(judge(json!({"cidr": "10.0.0.0/99"}), "10.0.0.1"), wrong);
    let wrong = undecidable(Undecidable::Cidr("x".to_owned()));
    assert_eq!(
        judge(json!({"cidr": "10.0.0.0/8", "except": ["x"]}), "10.0.0.1"),
        wrong
    );
}

#[test]
fn a_selector_follows_from_recorded_labels_contradicts_them_or_neither() {
    let judge = |selector: Value| {
        let neighbor = json!({
            "type": "internal", "ports": [{"protocol": "TCP", "port": 80}],
            "podSelector": {
                "matchLabels": {"app": "db"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["a", "b"]},
                    {"key": "old", "operator": "DoesNotExist"},
                    {"key": "zone", "operator": "NotIn", "values": ["x"]}
                ]
            }
        });
        egress(&json!({"to": [{"podSelector": selector}]}), &neighbor)
    };
    let one = |key: &str, operator: &str, values: &[&str]| {
        judge(json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}))
    };
    let no = blocked(Blocked::NoPeer);
    let unknown = |key: &str| undecidable(Undecidable::PodLabel(key.to_owned()));

    assert_eq!(judge(json!({})), None);
    assert_eq!(judge(json!({"matchLabels": {"app": "db"}})), None);
    assert_eq!(judge(json!({"matchLabels": {"app": "web"}})), no);
    assert_eq!(
        judge(json!({"matchLabels": {"team": "a"}})),
        unknown("team")
    );
    assert_eq!(
        judge(json!({"matchLabels": {"team": "a", "app": "web"}})),
        no
    );

    assert_eq!(one("tier", "In", &["a", "b", "c"]), None);
    assert_eq!(one("tier", "In", &["c"]), no);
    assert_eq!(one("tier", "In", &["a"]), unknown("tier"));
    assert_eq!(one("tier", "NotIn", &["c"]), None);
    assert_eq!(one("tier", "NotIn", &["b", "a"]), no);
    assert_eq!(one("tier", "Exists", &[]), None);
    assert_eq!(one("tier", "DoesNotExist", &[]), no);
    assert_eq!(one("old", "Exists", &[]), no);
    assert_eq!(one("old", "DoesNotExist", &[]), None);
    assert_eq!(one("old", "NotIn", &["a"]), None);
    assert_eq!(one("zone", "In", &["x"]), no);
    assert_eq!(one("zone", "NotIn", &["x"]), None);
    assert_eq!(one("zone", "In", &["y"]), unknown("zone"));
    assert_eq!(one("team", "Near", &[]), unknown("team"));
}

#[test]
fn namespaces_are_the_policys_own_or_selected_ones() {
    let in_namespace = |namespace: Value| {
        json!({
            "ports": [{"protocol": "TCP", "port": 80}],
            "podSelector": {"matchLabels": {"app": "db"}}, "namespaceSelector": namespace
        })
    };
    let by_name =
        |name: &str| in_namespace(json!({"matchLabels": {"kubernetes.io/metadata.name": name}}));
    let own = in_namespace(Value::Null);
    let by_label = in_namespace(json!({"matchLabels": {"team": "a"}}));
    let unknown = |key: &str| undecidable(Undecidable::NamespaceLabel(key.to_owned()));
    let no = blocked(Blocked::NoPeer);

    // By pod labels alone: pods of the policy's namespace.
    let rule = json!({"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]});
    assert_eq!(egress(&rule, &own), None);
    assert_eq!(egress(&rule, &by_name("shop")), None);
    assert_eq!(egress(&rule, &by_name("blog")), no);
    assert_eq!(
        egress(&rule, &by_label),
        unknown("kubernetes.io/metadata.name")
    );

    // By namespace labels, with or without pod labels.
    for pods in [json!({"matchLabels": {"app": "db"}}), Value::Null] {
        let select = |labels: Value| json!({"to": [{"podSelector": pods, "namespaceSelector": {"matchLabels": labels}}]});
        let shop = select(json!({"kubernetes.io/metadata.name": "shop"}));
        assert_eq!(egress(&shop, &own), None);
        assert_eq!(egress(&shop, &by_name("blog")), no);
        assert_eq!(egress(&select(json!({"team": "a"})), &by_label), None);
        assert_eq!(egress(&select(json!({"team": "b"})), &by_label), no);
        assert_eq!(egress(&select(json!({"team": "a"})), &own), unknown("team"));
    }
    let everywhere = json!({"to": [{"namespaceSelector": {}}]});
    assert_eq!(egress(&everywhere, &by_name("blog")), None);
}

#[test]
fn pods_and_addresses_meet_only_where_that_is_known() {
    let block = json!({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]});
    let all_pods = json!({"to": [{"namespaceSelector": {}}]});
    let address = |kind: &str| json!({"type": kind, "ipAddress": "203.0.113.7", "ports": [{"protocol": "TCP", "port": 443}]});
    let unknown = undecidable(Undecidable::Address);
    assert_eq!(egress(&block, &pod("app=db", "TCP 443")), unknown);
    assert_eq!(egress(&all_pods, &address("internal")), unknown);
    assert_eq!(
        egress(&all_pods, &address("external")),
        blocked(Blocked::NoPeer)
    );
    // A peer that Kubernetes refuses matches nothing.
    assert_eq!(
        egress(&json!({"to": [{}]}), &address("internal")),
        blocked(Blocked::NoPeer)
    );
}

#[test]
fn a_certain_rule_outweighs_an_undecidable_one() {
    let spec = json!({
        "policyTypes": ["Egress"],
        "egress": [
            {"ports": [{"port": "http"}]},
            {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 80}]}
        ]
    });
    assert_eq!(
        judge(&policy(&spec), &cart(&[], &[pod("app=db", "TCP 80")])),
        None
    );
}
