use kubescape_engine::{Outcome, Status, SubStatus};

use crate::library::scan;

const HOST_POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x"},"spec":{"hostNetwork":true}}"#;
const GOOD_DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"b","namespace":"x"},
    "spec":{"replicas":10,"template":{"spec":{}}}}"#;
const SERVICE: &str =
    r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"y"},"spec":{}}"#;
const ROLE: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
    "metadata":{"name":"r","namespace":"x"},"rules":[{"verbs":["*"]}]}"#;
const BINDING: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
    "metadata":{"name":"rb","namespace":"x"},"roleRef":{"kind":"Role","name":"r"},
    "subjects":[{"kind":"User","name":"jane"},{"kind":"Group","name":"ops"}]}"#;

fn status(outcome: &Outcome, id: &str) -> (Status, SubStatus) {
    let number = outcome
        .plan
        .controls
        .iter()
        .position(|control| control.id == id)
        .unwrap();
    (
        outcome.controls[number].status,
        outcome.controls[number].sub_status,
    )
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() < 0.001
}

#[test]
fn given_a_failed_and_a_passed_object_then_compliance_is_half_and_risk_follows_replicas() {
    let outcome = scan(&[HOST_POD, GOOD_DEPLOYMENT]);
    let control = &outcome.controls[0];
    assert_eq!((control.counts.failed, control.counts.passed), (1, 1));
    assert!(near(control.compliance, 50.0), "{}", control.compliance);
    // The Pod weighs 1, the Deployment 10 · 1.1.
    assert!(near(control.risk, 100.0 / 12.0), "{}", control.risk);
}

#[test]
fn given_nothing_to_judge_then_a_control_passes_as_irrelevant() {
    let outcome = scan(&[]);
    assert_eq!(
        status(&outcome, "C-0001"),
        (Status::Passed, SubStatus::Irrelevant)
    );
    assert_eq!(
        status(&outcome, "C-0002"),
        (Status::Passed, SubStatus::Irrelevant)
    );
}

#[test]
fn given_no_node_data_then_its_control_is_skipped_and_says_what_it_needs() {
    let outcome = scan(&[HOST_POD]);
    assert_eq!(
        status(&outcome, "C-0003"),
        (Status::Skipped, SubStatus::Integration)
    );
    assert!(
        outcome.controls[2].info.contains("KubeletInfo"),
        "{}",
        outcome.controls[2].info
    );
}

#[test]
fn given_a_check_that_cannot_run_then_its_objects_are_skipped_and_not_passed() {
    let outcome = scan(&[HOST_POD]);
    assert_eq!(
        status(&outcome, "C-0004"),
        (Status::Skipped, SubStatus::Integration)
    );
    assert_eq!(outcome.controls[3].counts.skipped, 1);
    assert_eq!(outcome.controls[3].info, "asks the registry");
}

#[test]
fn given_empty_configuration_then_even_a_failure_is_skipped() {
    let outcome = scan(&[r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"#]);
    assert_eq!(
        status(&outcome, "C-0005"),
        (Status::Skipped, SubStatus::Configuration)
    );
    assert_eq!(outcome.controls[4].counts.skipped, 1);
}

#[test]
fn given_a_manual_control_then_it_is_skipped_for_review_and_counts_nothing() {
    let outcome = scan(&[HOST_POD]);
    assert_eq!(
        status(&outcome, "C-0007"),
        (Status::Skipped, SubStatus::ManualReview)
    );
    assert_eq!(outcome.controls[6].counts.all(), 0);
    assert!(near(outcome.controls[6].compliance, 0.0));
}

#[test]
fn given_a_service_without_workload_then_the_join_finds_it_after_the_last_object() {
    let outcome = scan(&[SERVICE, GOOD_DEPLOYMENT]);
    assert_eq!(status(&outcome, "C-0002").0, Status::Failed);
    let failed: Vec<_> = outcome
        .records
        .iter()
        .filter(|record| !record.faults.is_empty())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(&*failed[0].id, "/v1/y/Service/s");
}

#[test]
fn given_a_binding_with_two_subjects_then_each_is_a_resource() {
    let outcome = scan(&[ROLE, BINDING]);
    let ids: Vec<_> = outcome
        .records
        .iter()
        .filter(|record| !record.faults.is_empty())
        .map(|r| &*r.id)
        .collect();
    assert_eq!(
        ids,
        [
            "//User/jane/rbac.authorization.k8s.io/v1/x/Role/r/rbac.authorization.k8s.io/v1/x/RoleBinding/rb",
            "//Group/ops/rbac.authorization.k8s.io/v1/x/Role/r/rbac.authorization.k8s.io/v1/x/RoleBinding/rb",
        ]
    );
}

#[test]
fn given_a_role_of_the_same_name_elsewhere_then_the_binding_does_not_find_it() {
    let elsewhere = ROLE.replace(r#""namespace":"x""#, r#""namespace":"z""#);
    let outcome = scan(&[&elsewhere, BINDING]);
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.faults.is_empty())
    );
}

#[test]
fn given_several_controls_then_the_framework_averages_compliance_and_counts_resources_once() {
    let outcome = scan(&[HOST_POD, GOOD_DEPLOYMENT, SERVICE]);
    let framework = &outcome.frameworks[0];
    // 50 + 50 + 0 (skipped) + 0 (skipped) + 0 (configuration) + 100 + 0 (manual), over 7.
    let expected = (50.0 + 50.0 + 100.0) / 7.0;
    assert!(
        near(framework.compliance, expected),
        "{} {expected}",
        framework.compliance
    );
    assert_eq!((framework.counts.failed, framework.counts.passed), (2, 1));
    assert_eq!(framework.status, Status::Failed);
}

#[test]
fn given_no_weight_at_all_then_risk_is_zero_and_compliance_is_still_computed() {
    let outcome = scan(&[]);
    assert!(near(outcome.total.risk, 0.0));
    assert!(outcome.total.compliance > 0.0);
}
