//! Stories of kinds that were not read.

use kubescape_engine::{Gap, Lack, Outcome, Status};

use crate::library::scan_with_gaps;

const HOST_POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x"},"spec":{"hostNetwork":true}}"#;
const GOOD_POD: &str =
    r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"x"},"spec":{}}"#;
const SERVICE: &str =
    r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"y"},"spec":{}}"#;
const ROLE: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
    "metadata":{"name":"r","namespace":"x"},"rules":[{"verbs":["*"]}]}"#;
const BINDING: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
    "metadata":{"name":"rb","namespace":"x"},"roleRef":{"kind":"Role","name":"r"},
    "subjects":[{"kind":"User","name":"jane"}]}"#;

fn gap(group: &str, kind: &str, lack: Lack) -> Gap {
    Gap {
        group: group.into(),
        kind: kind.into(),
        lack,
        reason: format!("{kind}: why").into(),
    }
}

fn result(outcome: &Outcome, id: &str) -> (Status, String) {
    let controls = &outcome.plan.controls;
    let number = controls
        .iter()
        .position(|control| control.id == id)
        .unwrap();
    let result = &outcome.controls[number];
    (result.status, result.info.clone())
}

fn deployments() -> Vec<Gap> {
    vec![gap("apps", "Deployment", Lack::Unread)]
}

#[test]
fn given_unread_deployments_then_what_passed_is_skipped_and_what_failed_is_failed() {
    let outcome = scan_with_gaps(&[GOOD_POD], deployments());
    let why = "Deployment: why".to_owned();
    assert_eq!(result(&outcome, "C-0001"), (Status::Skipped, why.clone()));
    let outcome = scan_with_gaps(&[GOOD_POD, HOST_POD], deployments());
    assert_eq!(result(&outcome, "C-0001"), (Status::Failed, why.clone()));
    let outcome = scan_with_gaps(&[], deployments());
    assert_eq!(result(&outcome, "C-0001"), (Status::Skipped, why));
}

#[test]
fn given_unread_deployments_then_no_service_is_said_to_be_without() {
    let outcome = scan_with_gaps(&[SERVICE], deployments());
    assert_eq!(result(&outcome, "C-0002").0, Status::Skipped);
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.faults.is_empty())
    );
}

#[test]
fn given_unread_bindings_then_roles_that_are_there_say_nothing() {
    let bindings = gap("rbac.authorization.k8s.io", "RoleBinding", Lack::Unread);
    let outcome = scan_with_gaps(&[ROLE, BINDING], vec![bindings]);
    assert_eq!(result(&outcome, "C-0006").0, Status::Skipped);
    let outcome = scan_with_gaps(&[ROLE, BINDING], deployments());
    assert_eq!(result(&outcome, "C-0006").0, Status::Failed);
}

#[test]
fn given_absent_kinds_then_only_what_reads_nothing_else_is_skipped() {
    let absent = |kind| gap("rbac.authorization.k8s.io", kind, Lack::Absent);
    let outcome = scan_with_gaps(&[], vec![absent("Role")]);
    assert_eq!(result(&outcome, "C-0006").0, Status::Passed);
    let outcome = scan_with_gaps(&[], vec![absent("Role"), absent("RoleBinding")]);
    let why = "Role: why; RoleBinding: why".to_owned();
    assert_eq!(result(&outcome, "C-0006"), (Status::Skipped, why));
}

#[test]
fn given_gaps_then_the_coverage_counts_what_had_all_that_it_reads() {
    let before = scan_with_gaps(&[GOOD_POD], Vec::new()).coverage();
    let after = scan_with_gaps(&[GOOD_POD], deployments()).coverage();
    // C-0001 and C-0002 read Deployments.
    assert_eq!(before.judged - after.judged, 2);
    assert_eq!(before.all, after.all);
}
