//! What must hold whatever the cluster and the store have.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::cleanup::facts::Presence;
use crate::cleanup::ledger::{Action, Ledger};
use crate::cleanup::rule::{Graces, RULES, Reason, Rule, Verdict, judge};

const GRACES: Graces = Graces {
    workload: Duration::from_mins(10),
    image: Duration::from_hours(24),
};

/// Few names, so that they meet.
fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "a", "b", "a-b", "ug-a"])
}

/// Those that matter most, most often.
fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        2 => Just(Kind::Pod),
        2 => select(vec![Kind::Deployment, Kind::Job, Kind::ReplicaSet, Kind::Secret]),
        1 => select(Kind::ALL.to_vec()),
    ]
}

fn pod_parts() -> impl Strategy<Value = (Kind, Sighting)> {
    (kind(), name(), name(), name(), name()).prop_map(|(kind, ns, object, container, other)| {
        let mut one = sighting(ns, object, &[container]);
        if Kind::WITH_TEMPLATE.contains(&kind) {
            one.tokens.push(template_token(ns, other));
        }
        if kind == Kind::Pod {
            one.tokens.push(image_token(other));
            one.tokens
                .push(instance_token(ns, "ReplicaSet", other, container));
        }
        (kind, one)
    })
}

/// Objects of a cluster, each once.
fn objects() -> impl Strategy<Value = Vec<(Kind, Sighting)>> {
    proptest::collection::vec(pod_parts(), 0..12).prop_map(|objects| {
        let by_name = objects.into_iter().map(|(kind, one)| {
            let name = (kind, one.namespace.clone(), one.name.clone());
            (name, (kind, one))
        });
        let once: std::collections::BTreeMap<_, _> = by_name.collect();
        once.into_values().collect()
    })
}

fn stored() -> impl Strategy<Value = Stored> {
    let instance = (name(), select(vec!["ReplicaSet", "Pod", "Job"]), name(), name()).prop_map(
        |(ns, kind, object, container)| {
            format!(
                "apiVersion-apps/v1/namespace-{ns}/kind-{kind}/name-{object}/containerName-{container}"
            )
        },
    );
    let wlid = (
        name(),
        select(vec!["pod", "deployment", "job", "secret", "rollout"]),
        name(),
    )
        .prop_map(|(ns, kind, object)| format!("wlid://cluster-c/namespace-{ns}/{kind}-{object}"));
    let text = |options: Vec<&'static str>| proptest::option::of(select(options));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (
        name(),
        proptest::option::of(wlid),
        proptest::option::of(instance),
        proptest::option::of(name()),
        text(vec!["User", "x"]),
        proptest::option::of(name()),
        proptest::option::of(name()),
    )
        .prop_map(
            move |(name, wlid, instance_id, image, by, container, hash)| Stored {
                name: name.to_owned(),
                wlid,
                instance_id,
                image_id: owned(image),
                managed_by: owned(by),
                container: owned(container),
                template_hash: owned(hash),
                ..Stored::default()
            },
        )
}

fn any_rule() -> impl Strategy<Value = Rule> {
    select(RULES.iter().map(|one| one.1).collect::<Vec<_>>())
}

fn facts_of(objects: &[(Kind, Sighting)]) -> Facts {
    let mut facts = empty_cluster();
    for (kind, sighting) in objects {
        facts.see(*kind, sighting);
    }
    facts
}

fn stale(verdict: &Verdict) -> Option<Reason> {
    match verdict {
        Verdict::Stale { why, .. } => Some(*why),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_stale_for_a_reason_that_does_not_hold(
        objects in objects(), stored in stored(),
        rule in any_rule(),
    ) {
        let facts = facts_of(&objects);
        let workload = stored.wlid.as_ref().map(|wlid| wlid.parse::<kubescape_names::Wlid>().unwrap());
        let workload = workload.as_ref().and_then(|wlid| wlid.workload());
        let there = |container: &str| workload.is_some_and(|it| objects.iter().any(|(kind, one)| {
            kind.names().kind.eq_ignore_ascii_case(&it.kind)
                && one.namespace == it.namespace && one.name == it.name
                && (container.is_empty() || one.containers.iter().any(|name| name == container))
        }));
        let has = |token: String| objects.iter().any(|(_, one)| one.tokens.contains(&token));
        match stale(&judge(rule, &stored, &facts)) {
            None => {}
            Some(Reason::Workload) => {
                prop_assert!(!there(""));
                let hash = stored.template_hash.as_deref().unwrap_or_default();
                let it = workload.unwrap();
                if rule == Rule::Template && it.kind != "job" && !hash.is_empty() {
                    prop_assert!(!has(template_token(&it.namespace, hash)));
                }
            }
            Some(Reason::Container) => {
                prop_assert!(!there(stored.container.as_deref().unwrap_or_default()));
            }
            Some(Reason::Template) => {
                let hash = stored.template_hash.as_deref().unwrap();
                prop_assert!(!has(template_token(&workload.unwrap().namespace, hash)));
            }
            Some(Reason::Image) => {
                prop_assert!(!has(image_token(stored.image_id.as_deref().unwrap())));
            }
            Some(Reason::Instance) => {
                let id = stored.instance_id.as_ref().unwrap().parse().unwrap();
                prop_assert_ne!(facts.instance(&id), Presence::Present);
            }
        }
    }

    #[test]
    fn knowing_less_makes_nothing_more_stale(
        objects in objects(), stored in stored(),
        rule in any_rule(), unknown in proptest::collection::vec(kind(), 1..5),
        missed in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let all = judge(rule, &stored, &facts_of(&objects));
        // Of kinds that are not completely known, some objects are missing.
        let fewer: Vec<_> = objects
            .iter()
            .zip(&missed)
            .filter(|((kind, _), missed)| !(unknown.contains(kind) && **missed))
            .map(|(one, _)| one.clone())
            .collect();
        let mut facts = facts_of(&fewer);
        for kind in &unknown {
            facts.unavailable(*kind, "forbidden".to_owned());
        }
        let less = judge(rule, &stored, &facts);
        if stale(&less).is_some() {
            prop_assert!(stale(&all).is_some(), "{all:?} became {less:?}");
        }
    }

    #[test]
    fn nothing_goes_before_it_was_watched_to_be_away_for_its_grace(
        steps in proptest::collection::vec((0_u8..5, 0_u64..400), 1..60),
    ) {
        let mut ledger = Ledger::default();
        // Seconds that were watched since it was last in use; `None`: in use.
        let mut away: Option<u64> = None;
        let mut watched = false;
        for (what, elapsed) in steps {
            let verdict = match what {
                0 => Verdict::Keep(crate::cleanup::rule::Kept::InUse),
                1 => Verdict::Unknown([Kind::Pod].into()),
                2 => Verdict::Stale { why: Reason::Workload, fresh: true },
                _ => Verdict::Stale { why: Reason::Workload, fresh: false },
            };
            match what {
                0 => { away = None; watched = false; }
                1 => watched = false,
                2 => { away = Some(0); watched = true; }
                _ => {
                    away = Some(away.map_or(0, |away| if watched { away + elapsed } else { away }));
                    watched = true;
                }
            }
            let mut next = Ledger::default();
            let elapsed = Duration::from_secs(elapsed);
            let action = next.decide(&ledger, "u", &verdict, elapsed, &GRACES);
            let long_enough = what > 1 && away.is_some_and(|away| away >= 600);
            prop_assert_eq!(action == Action::Delete(Reason::Workload), long_enough);
            ledger = next;
        }
    }

    #[test]
    fn tokens_are_there_just_while_an_object_has_them(
        changes in proptest::collection::vec((pod_parts(), any::<bool>()), 1..40),
    ) {
        let mut facts = empty_cluster();
        let mut model = std::collections::BTreeMap::new();
        for ((kind, one), seen) in changes {
            let key = (kind, one.namespace.clone(), one.name.clone());
            if seen {
                facts.see(kind, &one);
                model.insert(key, one);
            } else {
                facts.lose(kind, &one.namespace, &one.name);
                model.remove(&key);
            }
            for image in ["a", "b", "a-b"] {
                let expected = model.values().any(|one| one.tokens.contains(&image_token(image)));
                prop_assert_eq!(facts.image(image) == Presence::Present, expected);
            }
        }
    }
}
