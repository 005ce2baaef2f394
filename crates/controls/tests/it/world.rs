//! A world that changes says, at any moment, what a fresh scan of the same
//! objects says, and tells of every result that it changes.

use std::collections::BTreeMap;
use std::path::Path;

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{
    Arena, Gap, Inputs, Judge, Kept, Lack, Object, Outcome, Plan, Record, Scope, Selection, World,
    conclude_with_gaps, from_json_str,
};
use kubescape_rulecases::{find, objects};

fn plan() -> Plan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let inputs: Inputs = default_inputs();
    Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), inputs).unwrap()
}

/// Objects of one ID are versions of one object.
type Pool = BTreeMap<String, Vec<String>>;

/// In which all objects of rule cases stand, too, so that cases meet.
const NAMESPACES: [&str; 2] = ["default", "shop"];

/// Objects of rule cases, as they are and in other namespaces.
fn pool() -> Vec<(String, Vec<String>)> {
    let mut pool = Pool::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    for case in find(&root).unwrap() {
        let arena = Arena::new();
        for value in objects(&case.folder, &arena).unwrap() {
            let object = Object::new(value, 0);
            if object.kind.is_empty() || object.name.is_empty() {
                continue;
            }
            let mut json = serde_json::to_value(value).unwrap();
            add(&mut pool, &json);
            if !object.namespace.is_empty() {
                for namespace in NAMESPACES {
                    json["metadata"]["namespace"] = namespace.into();
                    add(&mut pool, &json);
                }
            }
        }
    }
    pool.into_iter().collect()
}

fn add(pool: &mut Pool, json: &serde_json::Value) {
    let (arena, text) = (Arena::new(), json.to_string());
    let id = Object::new(from_json_str(&text, &arena).unwrap(), 0).resource_id();
    let versions = pool.entry(id).or_default();
    if !versions.contains(&text) {
        versions.push(text);
    }
}

/// All that a result says of a resource. Numbers of records differ from scan to
/// scan, so that IDs stand for them.
fn say(outcome: &Outcome, record: &Record) -> String {
    let verdicts: Vec<_> = outcome
        .verdicts(record)
        .iter()
        .map(|verdict| {
            format!(
                "{} {:?}",
                outcome.plan.controls[verdict.control].id, verdict.status
            )
        })
        .collect();
    let mut faults: Vec<_> = record
        .faults
        .iter()
        .map(|fault| {
            let related: Vec<_> = fault
                .related
                .iter()
                .map(|related| (&outcome.records[related.record as usize].id, &related.paths))
                .collect();
            format!(
                "{} {} {:?} {} {related:?}",
                outcome.plan.rules[usize::from(fault.rule)].name,
                fault.message,
                fault.paths,
                fault.fix_command
            )
        })
        .collect();
    faults.sort();
    format!("{verdicts:#?} {faults:#?}")
}

fn all(outcome: &Outcome) -> BTreeMap<String, String> {
    let shown = outcome.records.iter().filter(|record| !record.hidden);
    shown
        .map(|record| (record.id.to_string(), say(outcome, record)))
        .collect()
}

/// A scan of the same objects from nothing, in the order of their IDs.
fn fresh(objects: &BTreeMap<&str, &str>, gaps: Vec<Gap>) -> Outcome {
    let plan = plan();
    let (mut records, mut kept) = (Vec::new(), Vec::new());
    let mut judge = Judge::new(&plan);
    for text in objects.values() {
        let arena = Arena::new();
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        if let Some(judged) = judge.judge(object.resource_id(), object, &arena) {
            let seq = u32::try_from(records.len()).unwrap();
            kept.extend(judged.kept.map(|json| Kept { seq, json }));
            records.push(judged.record);
        }
    }
    conclude_with_gaps(plan, records, &kept, gaps)
}

/// Lines of one and not of the other.
fn differences(told: &str, fresh: &str) -> String {
    let (told, fresh): (Vec<_>, Vec<_>) = (told.lines().collect(), fresh.lines().collect());
    let only = |of: &[&str], other: &[&str]| -> Vec<String> {
        let lines = of.iter().filter(|line| !other.contains(line));
        lines.map(|line| (*line).to_owned()).collect()
    };
    format!(
        "told: {:#?}\nfresh: {:#?}",
        only(&told, &fresh),
        only(&fresh, &told)
    )
}

fn gap(kind: &str) -> Gap {
    Gap {
        group: "".into(),
        kind: kind.into(),
        lack: Lack::Unread,
        reason: format!("{kind}: forbidden").into(),
    }
}

const STEPS: usize = 1_500;

#[test]
fn a_world_that_changed_a_lot_says_what_a_fresh_scan_says() {
    let pool = pool();
    let seed = std::env::var("KUBESCAPE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut rng = fastrand::Rng::with_seed(seed.unwrap_or(20_261_124));
    let mut world = World::new(plan());
    let mut there: BTreeMap<&str, &str> = BTreeMap::new();
    // What a store would hold that is told of changes only.
    let mut stored: BTreeMap<u32, (String, String)> = BTreeMap::new();
    let mut gaps = Vec::new();
    // Who may do what, and objects without a namespace, make everything run.
    let (context, local): (Vec<_>, Vec<_>) = pool
        .iter()
        .partition(|(id, _)| id.contains("rbac.authorization.k8s.io") || id.contains("/v1//"));
    for step in 0..STEPS {
        let pool = if rng.u8(..) < 60 { &context } else { &local };
        for _ in 0..rng.usize(1..4) {
            let (id, versions) = pool[rng.usize(..pool.len())];
            if rng.u8(..) < 90 {
                assert_eq!(world.remove(id), there.remove(&**id).is_some_and(|_| true));
                continue;
            }
            let text = &versions[rng.usize(..versions.len())];
            let arena = Arena::new();
            let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
            if world.put(object, &arena) != kubescape_engine::Put::Unread {
                there.insert(id, text);
            }
        }
        if step % 100 == 0 {
            gaps = if rng.bool() {
                vec![gap("Service")]
            } else {
                Vec::new()
            };
            world.set_gaps(gaps.clone());
        }
        let changes = world.settle();
        for number in changes.gone {
            stored.remove(&number);
        }
        let outcome = world.records();
        for number in changes.changed {
            let record = &outcome.records[number as usize];
            stored.insert(number, (record.id.to_string(), say(outcome, record)));
        }
        if step % 20 == 19 {
            let expected = fresh(&there, gaps.clone());
            let told: BTreeMap<_, _> = stored.values().cloned().collect();
            let expected_texts = all(&expected);
            for (id, text) in &expected_texts {
                let told = told.get(id).map_or("", |text| text);
                assert!(
                    told == text,
                    "step {step}: {id}\n{}",
                    differences(told, text)
                );
            }
            assert_eq!(told.len(), expected_texts.len(), "step {step}");
            assert_eq!(all(world.records()), expected_texts);
            let outcome = world.outcome();
            assert_eq!(outcome.total.counts, expected.total.counts);
            assert_eq!(outcome.failed_resources, expected.failed_resources);
            assert!((outcome.total.compliance - expected.total.compliance).abs() < 0.001);
        }
    }
}

#[test]
fn an_object_that_is_put_again_unchanged_changes_nothing() {
    let mut world = World::new(plan());
    let mut texts = Vec::new();
    for (_, versions) in pool().into_iter().take(200) {
        texts.extend(versions.into_iter().next());
    }
    let put_all = |world: &mut World| {
        for text in &texts {
            let arena = Arena::new();
            let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
            world.put(object, &arena);
        }
        world.settle()
    };
    assert!(!put_all(&mut world).changed.is_empty());
    assert_eq!(put_all(&mut world), kubescape_engine::Changes::default());
}
