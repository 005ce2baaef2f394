//! Scans of the scripted server.

use serde_json::{Value, json};

use kubescape_controls::LIBRARY;
use kubescape_engine::{Inputs, Plan, Selection, Status};
use kubescape_live::{Cluster, Namespaces, Survey, Target};
use kubescape_scan::{Filter, Options, Scan, scan_feed};

/// A plan for clusters with these controls.
pub(crate) fn plan(controls: &[&str]) -> Plan {
    let selection = Selection {
        controls: controls.iter().map(|id| (*id).to_owned()).collect(),
        ..Selection::default()
    };
    let scope = kubescape_engine::Scope::Cluster;
    Plan::new(&LIBRARY, &selection, Some(scope), Inputs::default()).unwrap()
}

pub(crate) fn survey<'c>(cluster: &'c Cluster, plan: &Plan) -> Survey<'c> {
    cluster.survey(plan, &Namespaces::default(), None).unwrap()
}

/// Scans all namespaces by these controls.
pub(crate) fn scan(cluster: &Cluster, controls: &[&str]) -> Scan {
    let plan = plan(controls);
    let survey = survey(cluster, &plan);
    run(
        &survey,
        plan,
        Filter {
            skip_owned: true,
            ..Filter::default()
        },
    )
}

pub(crate) fn run(survey: &Survey<'_>, plan: Plan, filter: Filter) -> Scan {
    let options = Options {
        filter,
        threads: 2,
        keep_objects: true,
        ..Options::new(plan)
    };
    scan_feed(survey, survey.sources(), options, &mut |_| {}).unwrap()
}

/// A Pod with a privileged container.
pub(crate) fn bad_pod(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "managedFields": [{"manager": "x"}]},
        "spec": {"containers": [{"name": "app", "image": "a:1", "securityContext": {"privileged": true}}]},
    })
}

/// Status of a control of the result, and what it says.
pub(crate) fn verdict(scan: &Scan, id: &str) -> (Status, String) {
    let controls = &scan.outcome.plan.controls;
    let number = controls
        .iter()
        .position(|control| control.id == id)
        .unwrap();
    let result = &scan.outcome.controls[number];
    (result.status, result.info.clone())
}

/// Names of the judged objects, in the order of the result.
pub(crate) fn names(scan: &Scan) -> Vec<String> {
    let records = scan.outcome.records.iter().filter(|record| !record.hidden);
    records.map(|record| record.name.to_string()).collect()
}

/// C-0057 looks for privileged containers of workloads.
pub(crate) const PRIVILEGED: &str = "C-0057";

/// C-0260 looks for workloads without a network policy.
pub(crate) const NO_POLICY: &str = "C-0260";

pub(crate) fn target(kind: &str, name: &str) -> Target {
    Target {
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: Some("shop".to_owned()),
    }
}
