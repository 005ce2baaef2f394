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

/// Rules that show every object of their kind to a person: none passes.
const FOR_PEOPLE: [&str; 12] = [
    "ensure-aws-policies-are-present",
    "ensure-that-the-api-server-audit-log-maxbackup-argument-is-set-to-10-or-as-appropriate",
    "ensure-that-the-api-server-audit-log-maxsize-argument-is-set-to-100-or-as-appropriate",
    "ensure-that-the-controller-manager-terminated-pod-gc-threshold-argument-is-set-as-appropriate",
    "list-all-mutating-webhooks",
    "list-all-namespaces",
    "list-all-validating-webhooks",
    "list-iam-policies-in-gcp",
    "list-role-definitions-in-acr",
    "review-roles-with-aws-iam-authenticator",
    "rule-hostile-multitenant-workloads",
    "rule-manual",
];

#[test]
fn every_rule_that_can_run_has_a_failing_and_a_passing_case_of_our_own() {
    let (mut failing, mut passing) = (BTreeSet::new(), BTreeSet::from(FOR_PEOPLE));
    for case in own_cases() {
        let Some(rule) = LIBRARY.rule(&case.rule) else {
            panic!("no rule {}", case.rule)
        };
        let arena = Arena::new();
        let values = objects(&case.folder, &arena).unwrap();
        let inputs = inputs(&case.folder, &default_inputs()).unwrap();
        let corpus = Corpus::of_values(&values, &arena);
        match judge(rule, &corpus, &inputs) {
            Ok(findings) if findings.is_empty() => passing.insert(rule.name),
            Ok(_) => failing.insert(rule.name),
            Err(_) => false,
        };
    }
    for rule in LIBRARY.rules {
        if matches!(rule.check, Check::Unavailable(_)) {
            continue;
        }
        let name = rule.name;
        assert!(failing.contains(name), "{name} has no failing case");
        assert!(passing.contains(name), "{name} has no passing case");
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

/// How many controls upstream's frameworks have, today and in the library of
/// chart 1.16.7. We may add controls of our own to those that no benchmark and
/// no past defines.
#[test]
fn frameworks_have_all_their_controls() {
    let expected = [
        ("AllControls", 281),
        ("AllControls@seed", 61),
        ("ArmoBest", 40),
        ("ArmoBest@seed", 38),
        ("ClusterScan", 23),
        ("ClusterScan@seed", 22),
        ("DevOpsBest", 25),
        ("DevOpsBest@seed", 12),
        ("MITRE", 27),
        ("MITRE@seed", 27),
        ("NSA", 26),
        ("NSA@seed", 24),
        ("SOC2", 7),
        ("SOC2@seed", 7),
        ("WorkloadScan", 19),
        ("WorkloadScan@seed", 21),
        ("cis-aks-t1.2.0", 52),
        ("cis-aks-t1.2.0@seed", 52),
        ("cis-aks-t1.8.0", 56),
        ("cis-eks-t1.2.0", 54),
        ("cis-eks-t1.7.0", 45),
        ("cis-eks-t1.8.0", 49),
        ("cis-gke-v1.9.0", 40),
        ("cis-v1.10.0", 129),
        ("cis-v1.12.0", 131),
        ("cis-v1.23-t1.0.1", 121),
        ("security", 37),
        ("security@seed", 16),
    ];
    let actual: Vec<_> = LIBRARY
        .frameworks
        .iter()
        .map(|framework| (framework.name, framework.controls.len()))
        .collect();
    for ((name, count), (expected, least)) in actual.iter().zip(expected) {
        assert_eq!(*name, expected);
        let is_closed = name.starts_with("cis-") || name.ends_with("@seed");
        let fits = *count == least || !is_closed && *count > least;
        assert!(fits, "{name} has {count} controls, not {least}");
    }
    assert_eq!(actual.len(), expected.len());
}
