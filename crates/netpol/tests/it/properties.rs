//! What holds for all traffic.

use crate::build::{generated, read};
use kubescape_netpol::{
    KnownServer, KnownServerEntry, NetworkNeighbors, NetworkPolicySpec, Source, simulate,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u8..3, 0u8..4).prop_map(|(net, host)| format!("10.0.{net}.{host}")),
        (0u8..4).prop_map(|host| format!("2001:db8::{host}")),
        (0u8..4).prop_map(|net| format!("10.0.{net}.7/24")),
        Just("*".to_owned()),
        Just("::ffff:10.0.0.1".to_owned()),
    ]
}

fn selector() -> impl Strategy<Value = Value> {
    let label = prop_oneof![
        Just("app"),
        Just("tier"),
        Just("pod-template-hash"),
        Just("helm.sh/chart")
    ];
    let labels = proptest::collection::btree_map(label, "[ab]", 0..3);
    let expression = (
        "[st]",
        proptest::collection::vec("[xy]", 1..3),
        any::<bool>(),
    )
        .prop_map(|(key, values, inside)| {
            json!({"key": key, "operator": if inside { "In" } else { "Exists" },
                   "values": if inside { values } else { vec![] }})
        });
    (labels, proptest::option::of(expression)).prop_map(|(labels, expression)| {
        let expressions: Vec<_> = expression.into_iter().collect();
        json!({"matchLabels": labels, "matchExpressions": expressions})
    })
}

fn port() -> impl Strategy<Value = Value> {
    let protocol = prop_oneof![Just("TCP"), Just("udp"), Just("")];
    (protocol, 1i32..5).prop_map(|(protocol, port)| json!({"protocol": protocol, "port": port}))
}

prop_compose! {
    fn neighbor()(
        pod in proptest::option::of(selector()),
        namespace in proptest::option::of(selector()),
        address in proptest::option::of(address()),
        further in proptest::collection::vec(address(), 0..3),
        names in proptest::collection::vec("[ab]\\.example", 0..3),
        ports in proptest::collection::vec(port(), 0..4),
        external in any::<bool>(),
        by_address in any::<bool>(),
    ) -> Value {
        json!({
            "type": if external { "external" } else { "internal" },
            "podSelector": if by_address { None } else { pod },
            "namespaceSelector": if by_address { None } else { namespace },
            "ipAddress": address, "ipAddresses": further, "dnsNames": names, "ports": ports
        })
    }
}

fn neighbors() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(neighbor(), 0..6)
}

fn source(ingress: &[Value], egress: &[Value]) -> NetworkNeighbors {
    read(&json!({
        "metadata": {"name": "deployment-cart", "namespace": "shop"},
        "spec": {"matchLabels": {"app": "cart"}, "ingress": ingress, "egress": egress}
    }))
}

fn servers() -> impl Strategy<Value = Vec<KnownServer>> {
    let entry = (0u8..4, 20u8..=32).prop_map(|(net, length)| KnownServerEntry {
        ip_block: format!("10.0.{net}.1/{length}"),
        server: String::new(),
        name: format!("n{net}"),
    });
    let server = proptest::collection::vec(entry, 0..3).prop_map(|spec| KnownServer { spec });
    proptest::collection::vec(server, 0..3)
}

fn canonical(source: &NetworkNeighbors, known: &[KnownServer]) -> NetworkPolicySpec {
    generated(source, known).object.spec.spec.canonical()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_neighbours_does_not_matter(
        (egress, shuffled) in neighbors().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        known in servers(),
    ) {
        let (one, two) = (source(&[], &egress), source(&[], &shuffled));
        prop_assert_eq!(canonical(&one, &known), canonical(&two, &known));
        let refs = |source: &NetworkNeighbors| {
            let mut refs = generated(source, &known).object.policy_ref;
            refs.sort();
            refs
        };
        prop_assert_eq!(refs(&one), refs(&two));
    }

    #[test]
    fn repeating_all_neighbours_changes_nothing(ingress in neighbors(), egress in neighbors(), known in servers()) {
        let twice = |it: &[Value]| [it, it].concat();
        let one = generated(&source(&ingress, &egress), &known).object;
        let two = generated(&source(&twice(&ingress), &twice(&egress)), &known).object;
        prop_assert_eq!(one.spec, two.spec);
        prop_assert_eq!(one.policy_ref, two.policy_ref);
    }

    #[test]
    fn nothing_comes_twice(egress in neighbors(), known in servers()) {
        let policy = generated(&source(&[], &egress), &known).object.spec.spec;
        let rules = policy.egress.clone().unwrap_or_default();
        let canonical = policy.canonical();
        let distinct = canonical.egress.clone().unwrap_or_default();
        prop_assert_eq!(rules.len(), distinct.len());
        let size = |rules: &[kubescape_netpol::EgressRule]| -> usize {
            rules.iter().map(|it| it.ports.len() + it.to.len()).sum()
        };
        prop_assert_eq!(size(&rules), size(&distinct));
        prop_assert_eq!(canonical.canonical(), canonical);
    }

    #[test]
    fn every_observed_flow_is_allowed(ingress in neighbors(), egress in neighbors(), known in servers()) {
        let source = source(&ingress, &egress);
        let generated = generated(&source, &known);
        let simulation = simulate(&generated.object.spec, &Source::from(&source));
        for flow in &simulation.flows {
            // A neighbour of which nothing is known cannot be in a policy.
            let it = flow.neighbor;
            let nothing = it.pod_selector.is_none() && it.namespace_selector.is_none() && flow.address.is_none();
            prop_assert!(nothing, "{:?}", flow);
        }
    }

    #[test]
    fn hostile_texts_never_panic(
        texts in proptest::array::uniform8(any::<String>()), port in any::<Option<i32>>()
    ) {
        let [ip, further, dns, protocol, key, operator, value, cidr] = texts;
        let neighbor = json!({
            "ipAddress": ip, "ipAddresses": [further], "dns": dns,
            "ports": [{"protocol": protocol, "port": port}],
            "podSelector": {"matchExpressions": [{"key": key, "operator": operator, "values": [value]}]}
        });
        let source = source(std::slice::from_ref(&neighbor), std::slice::from_ref(&neighbor));
        let known = [KnownServer { spec: vec![KnownServerEntry { ip_block: cidr, ..Default::default() }] }];
        let object = generated(&source, &known).object;
        simulate(&object.spec, &Source::from(&source));
        let text = serde_json::to_string(&object).unwrap();
        prop_assert_eq!(serde_json::from_str::<kubescape_netpol::GeneratedNetworkPolicy>(&text).unwrap(), object);
    }
}
