//! What one check costs on one object, and all of them together:
//! `cargo bench -p kubescape-controls`. Prints against the bars, asserts nothing.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark talks to people"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{
    Arena, Check, Inputs, Judge, Object, Out, Plan, Rule, Scope, Selection, Workload, from_json_str,
};
use kubescape_rulecases::find;

const ROUNDS: u32 = 2_000;
const SLOWEST: usize = 15;
const MEDIAN_BAR: f64 = 5.0;
const OBJECT_BAR: f64 = 150.0;

fn main() {
    // `cargo test --benches` and `--no-run` should not spend time here.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    let arena = Arena::new();
    let objects: Vec<&Object<'_>> = kubescape_samples::generate(200, 1)
        .iter()
        .filter(|object| object["kind"] == "Deployment")
        .map(|object| {
            let text = arena.str(&object.to_string());
            let value = from_json_str(text, &arena).expect("a generated object is JSON");
            arena.alloc(Object::new(value, 0))
        })
        .collect();
    each_check(&objects);
    all_checks(&objects);
}

/// Every rule that judges one object: on generated Deployments when it reads
/// these, else on the first object of its own cases that it finds something in.
fn each_check(deployments: &[&Object<'_>]) {
    let inputs = default_inputs();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut costs: Vec<(f64, &str)> = Vec::new();
    for rule in LIBRARY.rules {
        if !matches!(rule.check, Check::Object(_) | Check::Workload(_)) {
            continue;
        }
        let cost = if rule.reads("apps", "Deployment") {
            micros(rule, deployments, &inputs)
        } else {
            let arena = Arena::new();
            let cases = find(&cases.join(rule.name)).expect("the rule has cases");
            let own = cases
                .iter()
                .flat_map(|case| kubescape_rulecases::objects(&case.folder, &arena).expect("YAML"))
                .map(|value| Object::new(value, 0))
                .find(|object| findings(rule, object, &inputs) > 0);
            let Some(own) = own else { continue };
            micros(rule, &[&own], &inputs)
        };
        costs.push((cost, rule.name));
    }
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("slowest checks on one object, its view and memory included");
    for (cost, name) in costs.iter().take(SLOWEST) {
        println!("  {cost:>7.2} µs  {name}");
    }
    let median = costs[costs.len() / 2].0;
    println!(
        "median of {} checks: {median:.2} µs, {:.2} of the bar of {MEDIAN_BAR} µs",
        costs.len(),
        median / MEDIAN_BAR
    );
}

/// Microseconds a call.
fn micros(rule: &Rule, objects: &[&Object<'_>], inputs: &Inputs) -> f64 {
    let mut object = objects.iter().cycle();
    let mut run = || {
        object
            .next()
            .map(|object| findings(rule, black_box(object), inputs))
    };
    // What is built once, regular expressions for one, is no cost of a call.
    for _ in objects {
        black_box(run());
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(run());
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
}

/// Runs the check once, with memory of its own.
fn findings(rule: &Rule, object: &Object<'_>, inputs: &Inputs) -> usize {
    let arena = Arena::new();
    let mut out = Out::new(&arena, inputs);
    match rule.check {
        Check::Object(check) => check(object, &mut out),
        Check::Workload(check) => {
            if let Some(workload) = Workload::of(object, &arena) {
                check(&workload, &mut out);
            }
        }
        _ => {}
    }
    out.findings().len()
}

/// Everything that is judged of one object on its own, as a scan does it.
fn all_checks(objects: &[&Object<'_>]) {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs())
        .expect("known names");
    let mut judge = Judge::new(&plan);
    let mut arena = Arena::new();
    let start = Instant::now();
    for round in 0..ROUNDS {
        {
            let text = serde_json::to_string(&objects[round as usize % objects.len()].value)
                .expect("JSON");
            let value = from_json_str(arena.str(&text), &arena).expect("JSON");
            let object = arena.alloc(Object::new(value, 0));
            let judging = Instant::now();
            black_box(judge.judge("id".to_owned(), object, &arena));
            black_box(judging.elapsed());
        }
        arena.reset();
    }
    let parsed_and_judged = start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    let parse = parse_only(objects);
    let cost = parsed_and_judged - parse;
    println!(
        "all per-object checks of a Deployment: {cost:.1} µs, {:.2} of the bar of {OBJECT_BAR} µs (writing and parsing it: {parse:.1} µs)",
        cost / OBJECT_BAR
    );
}

fn parse_only(objects: &[&Object<'_>]) -> f64 {
    let mut arena = Arena::new();
    let start = Instant::now();
    for round in 0..ROUNDS {
        {
            let text = serde_json::to_string(&objects[round as usize % objects.len()].value)
                .expect("JSON");
            black_box(from_json_str(arena.str(&text), &arena).expect("JSON"));
        }
        arena.reset();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
}
