//! Which recorded flows several policies would have blocked together.

use crate::build::{cart, pod, read};
use kubescape_netpol::{
    Allowed, Blocked, Direction, JointVerdict, NetworkNeighbors, NetworkPolicy, Undecidable,
    Verdict, isolates, selects, simulate_together,
};
use serde_json::{Value, json};

fn policy(namespace: &str, spec: &Value) -> NetworkPolicy {
    read(&json!({"metadata": {"name": "p", "namespace": namespace}, "spec": spec}))
}

fn allowing(selector: &Value, port: i32) -> NetworkPolicy {
    policy(
        "shop",
        &json!({"podSelector": selector, "ingress": [{"ports": [{"port": port}]}]}),
    )
}

/// The verdicts on all flows, with what each policy says.
fn judge(
    policies: &[&NetworkPolicy],
    source: &NetworkNeighbors,
) -> Vec<(JointVerdict, Vec<(usize, Verdict)>)> {
    let mut found = Vec::new();
    simulate_together(policies, &source.into(), &mut |flow| {
        let opinions = flow.opinions.iter();
        let opinions = opinions.map(|it| (it.policy, it.verdict.clone())).collect();
        found.push((flow.verdict, opinions));
    });
    found
}

#[test]
fn one_policy_that_allows_is_enough() {
    // Given a policy that denies all ingress, and one that allows port 80.
    let all = json!({"matchLabels": {"app": "cart"}});
    let deny = policy("shop", &json!({"podSelector": {}}));
    let allow = allowing(&all, 80);
    let source = cart(
        &[pod("app=front", "TCP 80, TCP 81")],
        &[pod("app=db", "TCP 1")],
    );
    // When both are in force, then port 80 is allowed, 81 is not, and egress is free.
    let found = judge(&[&deny, &allow], &source);
    let no_rules = Verdict::Blocked(Blocked::NoRules);
    let by_rule = Verdict::Allowed(Allowed::Rule(0));
    let no_port = Verdict::Blocked(Blocked::NoPort(0));
    assert_eq!(
        found,
        [
            (
                JointVerdict::Allowed,
                vec![(0, no_rules.clone()), (1, by_rule)]
            ),
            (JointVerdict::Blocked, vec![(0, no_rules), (1, no_port)]),
            (JointVerdict::Allowed, vec![]),
        ]
    );
    // Alone, none of them would: a policy does not block what it is not for.
    assert_eq!(judge(&[], &source).len(), 3);
    assert!(
        judge(&[], &source)
            .iter()
            .all(|it| it.0 == JointVerdict::Allowed)
    );
}

#[test]
fn a_policy_for_other_pods_saves_nothing() {
    let deny = policy("shop", &json!({"podSelector": {}}));
    let source = cart(&[pod("app=front", "TCP 80")], &[]);
    let elsewhere = policy("blog", &json!({"podSelector": {}, "ingress": [{}]}));
    let others = allowing(&json!({"matchLabels": {"app": "blog"}}), 80);
    let egress = policy(
        "shop",
        &json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}),
    );
    for other in [elsewhere, others, egress] {
        let found = judge(&[&other, &deny], &source);
        let expected = vec![(1, Verdict::Blocked(Blocked::NoRules))];
        assert_eq!(found, [(JointVerdict::Blocked, expected)]);
    }
}

#[test]
fn a_policy_that_may_be_for_the_pods_may_save_or_may_block() {
    let unknown = json!({"matchLabels": {"tier": "web"}});
    let source = cart(&[pod("app=front", "TCP 80")], &[]);
    let deny = policy("shop", &json!({"podSelector": {}}));
    let may_allow = allowing(&unknown, 80);
    let may_deny = allowing(&unknown, 81);
    let verdict = |policies: &[&NetworkPolicy]| judge(policies, &source)[0].0;
    // Alone, it allows the flow whether it is for the pods or not.
    assert_eq!(verdict(&[&may_allow]), JointVerdict::Allowed);
    assert_eq!(verdict(&[&may_deny]), JointVerdict::Undecidable);
    // Beside one that blocks, that matters.
    assert_eq!(verdict(&[&deny, &may_allow]), JointVerdict::Undecidable);
    assert_eq!(verdict(&[&deny, &may_deny]), JointVerdict::Blocked);
    assert_eq!(verdict(&[&may_allow, &may_deny]), JointVerdict::Undecidable);
    let selected = Verdict::Undecidable(Undecidable::Selected);
    assert_eq!(judge(&[&may_deny], &source)[0].1, [(0, selected)]);
    assert_eq!(selects(&may_deny, &(&source).into()), None);
    assert_eq!(selects(&deny, &(&source).into()), Some(true));
    assert!(isolates(&deny, Direction::Ingress) && !isolates(&deny, Direction::Egress));
}

#[test]
fn one_policy_judges_together_as_alone() {
    let source = cart(
        &[pod("app=front", "TCP 80, TCP 81"), pod("app=admin", "")],
        &[pod("app=db", "TCP 5432")],
    );
    for spec in [
        json!({"podSelector": {}}),
        json!({"podSelector": {"matchLabels": {"tier": "x"}}, "ingress": [{"ports": [{"port": 81}]}]}),
        json!({"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}], "egress": [{"to": []}]}),
    ] {
        let policy = policy("shop", &spec);
        let source = (&source).into();
        let alone = kubescape_netpol::simulate(&policy, &source);
        let mut counts = [0; 3];
        let mut flows = Vec::new();
        simulate_together(&[&policy], &source, &mut |flow| {
            counts[flow.verdict as usize] += 1;
            if flow.verdict != JointVerdict::Allowed {
                flows.push((flow.direction, flow.port, flow.opinions[0].verdict.clone()));
            }
        });
        assert_eq!(
            counts,
            [alone.allowed, alone.blocked, alone.undecidable],
            "{spec}"
        );
        let expected = alone
            .flows
            .iter()
            .map(|it| (it.direction, it.port, it.verdict.clone()));
        assert_eq!(flows, expected.collect::<Vec<_>>(), "{spec}");
    }
}
