//! What the input is: a set of manifests or the dump of a cluster.

use kubescape_engine::{Outcome, Scope, Selection, SelectionError, Status};

use crate::library::{LIBRARY, scan_by};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}"#;
const NODE: &str = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"spec":{"providerID":"aws:///x/i-1"}}"#;

fn by_controls(documents: &[&str], target: Option<Scope>) -> Outcome {
    let controls = ["C-0001", "C-0008"].map(str::to_owned).to_vec();
    scan_by(
        &Selection {
            controls,
            ..Selection::default()
        },
        target,
        documents,
    )
}

fn ids(outcome: &Outcome) -> Vec<&str> {
    outcome
        .plan
        .controls
        .iter()
        .map(|control| control.id)
        .collect()
}

#[test]
fn given_only_manifests_then_controls_of_clusters_are_left_out_and_named() {
    let outcome = by_controls(&[POD], None);
    assert_eq!(outcome.plan.target, Scope::File);
    assert_eq!(ids(&outcome), ["C-0001"]);
    assert_eq!(outcome.plan.left_out[0].id, "C-0008");
}

#[test]
fn given_a_node_then_it_is_a_cluster_and_the_node_tells_the_cloud() {
    let outcome = by_controls(&[POD, NODE], None);
    assert_eq!(outcome.plan.target, Scope::Eks);
    assert_eq!(outcome.plan.inputs.cloud_provider, "eks");
    assert_eq!(ids(&outcome), ["C-0001", "C-0008"]);
}

#[test]
fn given_a_target_then_the_input_does_not_overrule_it() {
    let outcome = by_controls(&[POD, NODE], Some(Scope::File));
    assert_eq!(ids(&outcome), ["C-0001"]);
    // Nothing that is left judges the Node, so it is no part of the result.
    let shown: Vec<_> = outcome
        .records
        .iter()
        .filter(|record| !record.hidden)
        .map(|record| &*record.kind)
        .collect();
    assert_eq!(shown, ["Pod"]);
}

#[test]
fn given_a_finding_about_a_made_up_object_then_the_object_it_stands_for_fails() {
    let outcome = by_controls(&[NODE], None);
    let failed: Vec<_> = outcome
        .records
        .iter()
        .filter(|record| !record.faults.is_empty())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(&*failed[0].id, "/v1//Node/n");
    assert_eq!(outcome.controls[1].status, Status::Failed);
    assert_eq!(outcome.controls[1].counts.all(), 1);
}

#[test]
fn names_that_do_not_exist_are_all_reported_with_the_nearest() {
    let selection = Selection {
        frameworks: vec!["smal".to_owned()],
        controls: vec!["C-001".to_owned()],
        ..Selection::default()
    };
    let plan = kubescape_engine::Plan::new(
        &LIBRARY,
        &selection,
        None,
        kubescape_engine::Inputs::default(),
    );
    let Err(errors) = plan else {
        panic!("the names do not exist")
    };
    assert_eq!(
        errors,
        [
            SelectionError::NoSuchFramework("smal".to_owned(), Some("Small")),
            SelectionError::NoSuchControl("C-001".to_owned(), Some("C-0001")),
        ]
    );
}
