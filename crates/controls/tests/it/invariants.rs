//! What holds for the library as a whole.

use std::collections::BTreeSet;
use std::path::Path;

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{About, ActionRequired, Arena, Check, Corpus, Object, judge};
use kubescape_rulecases::{find, inputs, objects};

fn own_cases() -> Vec<kubescape_rulecases::Case> {
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).unwrap()
}

#[test]
fn every_control_has_rules_or_is_for_people() {
    for control in LIBRARY.controls {
        let manual = control.action_required == Some(ActionRequired::ManualReview);
        assert!(
            manual || !control.rules.is_empty(),
            "{} has no rule",
            control.id
        );
        assert!((0.0..=10.0).contains(&control.base_score), "{}", control.id);
    }
}

#[test]
fn every_control_is_explained_with_a_remedy() {
    for control in LIBRARY.controls {
        assert!(
            control.description.len() > 40,
            "{} is not described",
            control.id
        );
        assert!(
            control.remediation.contains("```"),
            "{} shows no remedy",
            control.id
        );
    }
}

#[test]
fn ids_and_names_are_unique_and_in_order() {
    let ids: Vec<_> = LIBRARY.controls.iter().map(|control| control.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    let names: Vec<_> = LIBRARY.rules.iter().map(|rule| rule.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b));
}

#[test]
fn every_input_that_a_rule_reads_has_a_default() {
    let inputs = default_inputs();
    let known: BTreeSet<_> = inputs.iter().map(|(name, _)| name.to_owned()).collect();
    for rule in LIBRARY.rules {
        for name in rule.inputs {
            assert!(
                known.contains(*name),
                "{} reads the unknown input {name}",
                rule.name
            );
        }
    }
}

#[test]
fn every_rule_that_can_run_has_a_failing_case_of_our_own() {
    let arena = Arena::new();
    let mut failing = BTreeSet::new();
    for case in own_cases() {
        let Some(rule) = LIBRARY.rule(&case.rule) else {
            panic!("no rule {}", case.rule)
        };
        let values = objects(&case.folder, &arena).unwrap();
        let inputs = inputs(&case.folder, &default_inputs()).unwrap();
        let corpus = Corpus::of_values(&values, &arena);
        if judge(rule, &corpus, &inputs).is_ok_and(|findings| !findings.is_empty()) {
            failing.insert(case.rule);
        }
    }
    for rule in LIBRARY
        .rules
        .iter()
        .filter(|rule| !matches!(rule.check, Check::Unavailable(_)))
    {
        assert!(
            failing.contains(rule.name),
            "{} has no failing case",
            rule.name
        );
    }
}

/// A rule that finds something in a kind that it does not declare would never
/// find it in a scan.
#[test]
fn rules_find_faults_only_in_kinds_that_they_declare() {
    let arena = Arena::new();
    for case in own_cases() {
        let Some(rule) = LIBRARY.rule(&case.rule) else {
            continue;
        };
        let values = objects(&case.folder, &arena).unwrap();
        let inputs = inputs(&case.folder, &default_inputs()).unwrap();
        let corpus = Corpus::of_values(&values, &arena);
        let Ok(findings) = judge(rule, &corpus, &inputs) else {
            continue;
        };
        let abouts = findings.iter().flat_map(|finding| &finding.about);
        for about in abouts {
            if let About::Object(Object {
                group, kind, name, ..
            }) = about
            {
                assert!(
                    rule.reads(group, kind),
                    "{}/{}: {group}/{kind} {name}",
                    case.rule,
                    case.name
                );
            }
        }
    }
}
