//! What holds of all objects and patches.

use kubescape_patch::managed::{FieldSet, ManagedFields, PathElement, Scalar};
use kubescape_patch::{Limits, apply, json_patch, merge_patch, strategic_merge, track_update};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::stories::{neighbors, object};

const NOW: &str = "2024-01-01T00:00:00Z";
const LATER: &str = "2024-01-02T00:00:00Z";

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..20).prop_map(Value::from),
        // serde_json reads others with an error in the last digit.
        (-99_i32..99).prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        "[a-c]{0,2}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "metadata", "spec", "ingress", "egress", "ports", "identifier", "name", "dns", "labels",
            "dnsNames", "finalizers", "podSelector", "matchLabels", "$patch", "$retainKeys",
            "$setElementOrder/ingress", "$deleteFromPrimitiveList/finalizers", "$setElementOrder/",
            "managedFields", "annotations", "ownerReferences", "uid",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Any JSON, much of it near what the schema has.
fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn neighbor() -> impl Strategy<Value = Value> {
    let port = ("[a-d]", 0..9_i64).prop_map(|(name, port)| json!({"name": name, "port": port}));
    let ports = prop::collection::btree_map("[a-d]", port, 0..4).prop_map(|ports| {
        let named = |(name, mut port): (String, Value)| {
            port["name"] = name.into();
            port
        };
        ports.into_iter().map(named).collect::<Value>()
    });
    (
        prop::option::of("[x-z]{1,2}"),
        prop::option::of(ports),
        prop::option::of(Just(Value::Null)),
    )
        .prop_map(|(dns, ports, selector)| {
            let mut neighbor = json!({});
            for (name, value) in [
                ("dns", dns.map(Value::from)),
                ("ports", ports),
                ("podSelector", selector),
            ] {
                if let Some(value) = value {
                    neighbor[name] = value;
                }
            }
            neighbor
        })
}

/// A configuration that can be applied, its neighbors from this alphabet.
fn config(names: &'static str) -> impl Strategy<Value = Value> {
    let neighbors = || prop::collection::hash_map(names, neighbor(), 0..6);
    let labels = prop::collection::hash_map(names, "[a-c]", 0..4);
    (neighbors(), neighbors(), labels).prop_map(|(ingress, egress, labels)| {
        let list = |entries: std::collections::HashMap<String, Value>| -> Value {
            let named = |(name, mut entry): (String, Value)| {
                entry["identifier"] = name.into();
                entry
            };
            entries.into_iter().map(named).collect()
        };
        let mut object = object(&json!({"ingress": list(ingress), "egress": list(egress)}));
        object["metadata"]["labels"] = json!(labels);
        object
    })
}

fn element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        any::<String>().prop_map(PathElement::field),
        "[a-c]".prop_map(PathElement::field),
        (any::<String>(), scalar()).prop_map(|(name, value)| PathElement::key(name, value)),
        scalar().prop_map(|value| PathElement::Value(Scalar(value))),
        any::<i64>().prop_map(PathElement::Index),
    ]
}

fn set() -> impl Strategy<Value = FieldSet> {
    let path = prop::collection::vec(element(), 1..5);
    prop::collection::vec(path, 0..20).prop_map(|paths| {
        let mut set = FieldSet::new();
        for path in paths {
            set.insert(&path);
        }
        set
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_survives_print_and_parse(set in set()) {
        prop_assert_eq!(FieldSet::parse(&set.to_value()), Ok(set.clone()));
        let json: Value = serde_json::from_str(&set.to_json()).unwrap();
        prop_assert_eq!(json, set.to_value());
    }

    #[test]
    fn sets_follow_the_laws(one in set(), other in set()) {
        let both = one.intersection(&other);
        let all = one.clone().union(&other);
        prop_assert_eq!(&all, &other.clone().union(&one));
        prop_assert_eq!(&both, &other.intersection(&one));
        prop_assert_eq!(all.len() + both.len(), one.len() + other.len());
        let only = one.clone().difference(&other);
        prop_assert_eq!(only.len(), one.len() - both.len());
        prop_assert_eq!(only.is_empty(), one.is_within(&other));
        prop_assert!(both.is_within(&one) && one.is_within(&all));
        prop_assert_eq!(&only.union(&both), &one);
        prop_assert!(one.clone().difference(&one).is_empty());
        let mut paths = 0;
        one.each(|path| { paths += 1; assert!(one.contains(path)); });
        prop_assert_eq!(paths, one.len());
    }

    #[test]
    fn applying_twice_changes_nothing(first in config("[a-f]"), second in config("[c-h]")) {
        let live = apply(None, &first, neighbors(), "m", false, NOW).unwrap();
        let live = apply(Some(&live), &second, neighbors(), "o", true, NOW).unwrap();
        let again = apply(Some(&live), &second, neighbors(), "o", false, LATER).unwrap();
        prop_assert_eq!(again, live);
    }

    #[test]
    fn managers_of_other_fields_never_conflict(one in config("[a-f]"), other in config("[g-m]")) {
        let live = apply(None, &one, neighbors(), "m", false, NOW).unwrap();
        let live = apply(Some(&live), &other, neighbors(), "o", false, NOW).unwrap();
        let live = apply(Some(&live), &one, neighbors(), "m", false, NOW).unwrap();
        let entries = |object: &Value| {
            let lists = ["ingress", "egress"].map(|name| object["spec"][name].as_array().map_or(0, Vec::len));
            lists.iter().sum::<usize>()
        };
        prop_assert_eq!(entries(&live), entries(&one) + entries(&other));
    }

    #[test]
    fn force_never_fails_and_gives_what_was_applied(one in config("[a-e]"), other in config("[a-e]")) {
        let live = track_update(None, one, neighbors(), "u", NOW);
        let live = apply(Some(&live), &other, neighbors(), "o", true, NOW).unwrap();
        let config = apply(None, &other, neighbors(), "o", true, NOW).unwrap();
        let owned = |object: &Value| {
            let managed = ManagedFields::of(object).unwrap();
            managed.get("o", kubescape_patch::managed::Operation::Apply, "").map(|entry| entry.fields.clone())
        };
        prop_assert_eq!(owned(&live), owned(&config));
    }

    #[test]
    fn who_applies_nothing_more_leaves_what_others_have(one in config("[a-e]"), other in config("[a-e]")) {
        let live = apply(None, &one, neighbors(), "m", false, NOW).unwrap();
        let alone = live.clone();
        let Ok(live) = apply(Some(&live), &other, neighbors(), "o", false, NOW) else {
            return Ok(());
        };
        let nothing = object(&json!({}));
        let live = apply(Some(&live), &nothing, neighbors(), "o", false, NOW).unwrap();
        let owned = |object: &Value| {
            let managed = ManagedFields::of(object).unwrap();
            managed.get("m", kubescape_patch::managed::Operation::Apply, "").map(|entry| entry.fields.clone())
        };
        prop_assert_eq!(owned(&live), owned(&alone));
    }

    #[test]
    fn a_strategic_patch_applied_twice_is_applied_once(live in config("[a-f]"), patch in config("[d-i]")) {
        let limits = Limits::default();
        let once = strategic_merge(live, patch.clone(), neighbors(), &limits).unwrap();
        let twice = strategic_merge(once.clone(), patch, neighbors(), &limits).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn nothing_panics(live in anything(), patch in anything(), force in any::<bool>()) {
        let limits = Limits::default();
        let _ = strategic_merge(live.clone(), patch.clone(), neighbors(), &limits);
        let _ = merge_patch(live.clone(), patch.clone(), &limits);
        let _ = json_patch(live.clone(), patch.clone(), &limits);
        let _ = FieldSet::parse(&patch);
        let first = track_update(None, live.clone(), neighbors(), "u", NOW);
        let second = track_update(Some(&first), patch.clone(), neighbors(), "v", NOW);
        let mut config = patch;
        if config.is_object() {
            config["apiVersion"] = kubescape_api::API_VERSION.into();
            config["kind"] = "NetworkNeighbors".into();
        }
        for live in [&live, &first, &second] {
            if let Ok(applied) = apply(Some(live), &config, neighbors(), "kubectl", force, NOW) {
                let again = apply(Some(&applied), &config, neighbors(), "kubectl", false, LATER);
                prop_assert_eq!(again, Ok(applied));
            }
        }
    }
}
