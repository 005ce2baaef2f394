//! Scans of manifests by the built-in library.

use std::path::Path;

use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_report::{ClusterFacts, Facts, Format, Style, Submission, write};
use kubescape_scan::{Options, Scan, scan};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a";

/// The manifests in `data/shop`, by a few controls.
pub(crate) fn shop(controls: &[&str]) -> Scan {
    in_data("shop", controls)
}

/// Ten Deployments, for several messages.
pub(crate) fn crowd(controls: &[&str]) -> Scan {
    in_data("crowd", controls)
}

fn in_data(folder: &str, controls: &[&str]) -> Scan {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data");
    static ONCE: std::sync::Once = std::sync::Once::new();
    // Makes the paths in reports the same on every machine.
    ONCE.call_once(|| std::env::set_current_dir(data).unwrap());
    let selection = Selection {
        controls: controls.iter().map(|id| (*id).to_owned()).collect(),
        ..Selection::default()
    };
    scan_of(folder, &selection)
}

/// A folder or file, by all frameworks.
pub(crate) fn by_all(path: &str) -> Scan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    scan_of(path, &selection)
}

fn scan_of(path: &str, selection: &Selection) -> Scan {
    let found = find(&[path]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let plan = Plan::new(&LIBRARY, selection, Some(Scope::File), default_inputs()).unwrap();
    let options = Options {
        threads: 2,
        keep_objects: true,
        ..Options::new(plan)
    };
    scan(found.sources, options, &mut |_| {}).unwrap()
}

/// Facts that are the same every day.
pub(crate) fn facts() -> Facts {
    Facts {
        generated: "2026-01-02T03:04:05Z".to_owned(),
        version: "1.2.3".to_owned(),
        targets: vec!["shop".to_owned()],
        submission: Some(Submission {
            account: ACCOUNT.to_owned(),
        }),
        ..Facts::default()
    }
}

/// The same of a cluster.
pub(crate) fn cluster_facts() -> Facts {
    Facts {
        targets: Vec::new(),
        cluster: Some(ClusterFacts {
            context: "kind/prod".to_owned(),
            git_version: "v1.34.4".to_owned(),
            version: json!({"major": "1", "minor": "34"}),
            worker_nodes: Some(3),
            ..ClusterFacts::default()
        }),
        ..facts()
    }
}

/// The report on disk.
pub(crate) fn report(scan: &Scan, facts: &Facts) -> Value {
    let mut out = Vec::new();
    write(Format::Json, scan, facts, &Style::default(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}
