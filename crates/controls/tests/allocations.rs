//! Heap allocations of judging: what the hot path may cost. When a number here
//! has to rise, say why in the commit; when it falls, lower it.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

use allocation_counter::measure;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Arena, Judge, Object, Plan, Scope, Selection, from_json_str};

/// Little is wrong with it.
const CLEAN: &str = include_str!("data/clean-deployment.json");

fn plan() -> Plan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    Plan::new(&LIBRARY, &selection, Some(Scope::File), default_inputs()).unwrap()
}

/// Allocations and findings of judging one object, everything warmed up.
fn cost(text: &str) -> (u64, usize) {
    let plan = plan();
    let mut judge = Judge::new(&plan);
    let mut arena = Arena::new();
    for _ in 0..3 {
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        judge.judge("id".to_owned(), object, &arena).unwrap();
        arena.reset();
    }
    let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
    let id = "id".to_owned();
    let mut findings = 0;
    let allocated = measure(|| {
        let judged = judge.judge(id, object, &arena).unwrap();
        findings = judged.record.faults.len();
    });
    (allocated.count_total, findings)
}

#[test]
fn a_clean_object_costs_its_record_and_its_projection_only() {
    let (allocations, findings) = cost(CLEAN);
    println!("{allocations} allocations, {findings} findings");
    assert!(findings <= 8, "{findings} findings");
    assert!(
        allocations <= 80,
        "{allocations} allocations for {findings} findings"
    );
}

#[test]
fn a_finding_costs_a_handful() {
    let bare = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"b"},
        "spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}}}}"#;
    let (base, few) = cost(CLEAN);
    let (allocations, many) = cost(bare);
    let each = allocations.saturating_sub(base) as f64 / many.saturating_sub(few).max(1) as f64;
    println!("{allocations} allocations, {many} findings, {each:.1} each");
    assert!(many > 25, "{many} findings");
    assert!(each <= 7.0, "{each:.1} allocations a finding");
}
