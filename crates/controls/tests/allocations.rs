//! Heap allocations of judging: what the hot path may cost. When a number here
//! has to rise, say why in the commit; when it falls, lower it.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

use allocation_counter::measure;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{
    Arena, Check, Judge, Object, Out, Plan, Scope, Selection, Workload, from_json_str,
};

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
    assert!(findings <= 20, "{findings} findings: it is clean no more");
    let bar = 36 + 7 * findings as u64;
    assert!(
        allocations <= bar,
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
    assert!(each <= 6.5, "{each:.1} allocations a finding");
}

#[test]
fn a_check_that_finds_nothing_costs_nothing() {
    let inputs = default_inputs();
    let mut arena = Arena::new();
    // Whatever a check borrows from the arena comes out of a chunk that is there.
    arena.slice(&vec![0_u8; 1 << 20]);
    arena.reset();
    let object = arena.alloc(Object::new(from_json_str(CLEAN, &arena).unwrap(), 0));
    let workload = Workload::of(object, &arena).unwrap();
    let mut out = Out::new(&arena, &inputs);
    let mut passed = 0;
    for rule in LIBRARY.rules {
        let mut run = || match rule.check {
            Check::Object(check) => check(object, &mut out),
            Check::Workload(check) => check(&workload, &mut out),
            _ => {}
        };
        // Once before, for what is built once: regular expressions.
        run();
        let allocated = measure(run).count_total;
        if out.drain().next().is_none() {
            passed += 1;
            assert_eq!(allocated, 0, "{}", rule.name);
        }
    }
    assert!(passed > 200, "{passed} rules passed");
}
