//! A real control plane: the same objects judged as files and as a cluster.
//!
//! Runs when the programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kubescape_collect::find;
use kubescape_controls::LIBRARY;
use kubescape_engine::{Inputs, Plan, Scope, Selection, Status};
use kubescape_live::{Access, Cluster, Namespaces, Patience};
use kubescape_scan::{Filter, Options, Scan, scan};
use kubescape_testcluster::Cluster as ControlPlane;
use serde_json::{Value, json};

use crate::scanning::run;

pub(crate) fn control_plane() -> Option<ControlPlane> {
    let asked = |name| std::env::var_os(name).is_some();
    if asked("KUBESCAPE_TEST_CLUSTER") || asked("KUBESCAPE_TEST_BINARIES") {
        return Some(ControlPlane::start().unwrap());
    }
    println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
    None
}

fn connect(kubeconfig: PathBuf) -> Cluster {
    let access = Access {
        kubeconfig: Some(kubeconfig),
        context: None,
    };
    Cluster::connect(&access, Patience::default()).unwrap()
}

/// All frameworks, for clusters.
fn everything() -> Plan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    Plan::new(
        &LIBRARY,
        &selection,
        Some(Scope::Cluster),
        Inputs::default(),
    )
    .unwrap()
}

fn only(namespaces: &[&str]) -> Filter {
    Filter {
        include_namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
        skip_owned: true,
        ..Filter::default()
    }
}

fn scan_cluster(cluster: &Cluster, namespaces: &[&str]) -> Scan {
    let plan = everything();
    let filter = only(namespaces);
    let wanted = Namespaces {
        include: filter.include_namespaces.clone(),
        exclude: Vec::new(),
    };
    let survey = cluster.survey(&plan, &wanted, None).unwrap();
    run(&survey, plan, filter)
}

fn scan_files(path: &Path, namespaces: &[&str]) -> Scan {
    let options = Options {
        filter: only(namespaces),
        threads: 2,
        ..Options::new(everything())
    };
    scan(find(&[path]).sources, options, &mut |_| {}).unwrap()
}

/// What fails of objects of these namespaces: object → controls.
fn failures(scan: &Scan, namespaces: &[&str]) -> BTreeMap<String, Vec<&'static str>> {
    let outcome = &scan.outcome;
    let mut failures = BTreeMap::new();
    for record in outcome.records.iter().filter(|record| !record.hidden) {
        if !namespaces.contains(&&*record.namespace)
            || made_by_controllers(&record.kind, &record.name)
        {
            continue;
        }
        let failed = outcome
            .verdicts(record)
            .into_iter()
            .filter(|verdict| verdict.status.status == Status::Failed)
            .map(|verdict| outcome.plan.controls[verdict.control].id)
            .collect();
        let name = format!("{} {}/{}", record.kind, record.namespace, record.name);
        failures.insert(name, failed);
    }
    failures
}

/// Objects that no file has: those that a namespace or a Service comes with.
fn made_by_controllers(kind: &str, name: &str) -> bool {
    matches!(kind, "Endpoints" | "EndpointSlice" | "ControllerRevision")
        || kind == "ConfigMap" && name == "kube-root-ca.crt"
        || kind == "ServiceAccount" && name == "default"
}

fn apply(plane: &ControlPlane, path: &Path) {
    plane
        .kubectl(&["apply", "--server-side", "-f", path.to_str().unwrap()])
        .unwrap();
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop")
}

/// Sample objects in a folder, namespaces in a file of their own; their names.
fn samples(folder: &Path) -> Vec<String> {
    let objects = kubescape_samples::acceptable(kubescape_samples::generate(150, 1));
    let (namespaces, others): (Vec<_>, Vec<_>) = objects
        .into_iter()
        .partition(|object| object["kind"] == "Namespace");
    let names = namespaces
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    write(&folder.join("0.json"), &namespaces);
    write(&folder.join("1.json"), &others);
    names
}

fn write(path: &Path, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    fs::write(path, list.to_string()).unwrap();
}

/// Controllers take a moment; the last thing they make for a namespace is its account.
fn wait_for(plane: &ControlPlane, arguments: &[&str]) {
    let start = Instant::now();
    while let Err(error) = plane.kubectl(arguments) {
        assert!(start.elapsed() < Duration::from_mins(1), "{error}");
    }
}

#[test]
fn a_cluster_is_judged_as_its_manifests_are() {
    let Some(plane) = control_plane() else { return };
    the_shop(&plane);
    the_samples(&plane);
    a_user_who_may_see_little(&plane);
}

fn the_shop(plane: &ControlPlane) {
    // Given the example in a cluster, with what its controllers made of it
    apply(plane, &examples().join("namespace.yaml"));
    apply(plane, &examples());
    wait_for(plane, &["-n", "shop", "get", "serviceaccount", "default"]);
    // When files and cluster are scanned
    let from_files = scan_files(&examples(), &["shop"]);
    let cluster = connect(plane.kubeconfig());
    let from_cluster = scan_cluster(&cluster, &["shop"]);
    // Then the findings are the same
    assert_same(
        &failures(&from_files, &["shop"]),
        &failures(&from_cluster, &["shop"]),
    );
    assert!(!from_cluster.is_partial(), "{:?}", from_cluster.problems);
    assert_eq!(cluster.about().git_version(), "v1.34.4");
    assert!(
        from_cluster
            .outcome
            .records
            .iter()
            .any(|record| record.id.starts_with("apps/v1/shop/Deployment/"))
    );
}

fn the_samples(plane: &ControlPlane) {
    let folder = tempfile::tempdir().unwrap();
    let namespaces = samples(folder.path());
    apply(plane, folder.path());
    let names: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    for name in &names {
        wait_for(plane, &["-n", name, "get", "serviceaccount", "default"]);
    }
    let from_files = scan_files(folder.path(), &names);
    let from_cluster = scan_cluster(&connect(plane.kubeconfig()), &names);
    assert_same(
        &failures(&from_files, &names),
        &failures(&from_cluster, &names),
    );
    assert!(!from_cluster.is_partial(), "{:?}", from_cluster.problems);
}

/// With the host's network, the server makes each port one of the host: that a
/// manifest does not say so is no difference.
fn assert_same(files: &BTreeMap<String, Vec<&str>>, cluster: &BTreeMap<String, Vec<&str>>) {
    const HOST_NETWORK: &str = "C-0041";
    const HOST_PORT: &str = "C-0044";
    assert!(!files.is_empty());
    for (object, controls) in files {
        let mut found = cluster.get(object).cloned().unwrap_or_default();
        if controls.contains(&HOST_NETWORK) && !controls.contains(&HOST_PORT) {
            found.retain(|id| *id != HOST_PORT);
        }
        assert_eq!(&found, controls, "{object}");
    }
    let more: Vec<_> = cluster
        .keys()
        .filter(|object| !files.contains_key(*object))
        .collect();
    assert!(more.is_empty(), "only in the cluster: {more:?}");
}

fn a_user_who_may_see_little(plane: &ControlPlane) {
    // Given an account that may list Pods and Deployments only
    for arguments in [
        &["create", "serviceaccount", "viewer", "-n", "shop"][..],
        &[
            "create",
            "clusterrole",
            "few",
            "--verb=list",
            "--resource=pods,deployments.apps",
        ],
        &[
            "create",
            "clusterrolebinding",
            "few",
            "--clusterrole=few",
            "--serviceaccount=shop:viewer",
        ],
    ] {
        plane.kubectl(arguments).unwrap();
    }
    let token = plane
        .kubectl(&["create", "token", "viewer", "-n", "shop"])
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("viewer.kubeconfig");
    let admin = fs::read_to_string(plane.kubeconfig()).unwrap();
    let (start, _) = admin.split_once("user: {token:").unwrap();
    fs::write(&path, format!("{start}user: {{token: {}}}\n", token.trim())).unwrap();
    // When it scans
    let scan = scan_cluster(&connect(path), &[]);
    // Then what it may not see is skipped with the server's words
    assert!(scan.is_partial());
    let outcome = &scan.outcome;
    let number = |id: &str| {
        outcome
            .plan
            .controls
            .iter()
            .position(|control| control.id == id)
            .unwrap()
    };
    let no_policy = &outcome.controls[number("C-0260")];
    assert_eq!(no_policy.status, Status::Skipped);
    assert!(
        no_policy.info.contains("system:serviceaccount:shop:viewer"),
        "{}",
        no_policy.info
    );
    // And what it may see is judged
    let privileged = &outcome.controls[number("C-0057")];
    assert_eq!(privileged.status, Status::Failed, "{}", privileged.info);
    assert!(outcome.coverage().judged < outcome.coverage().all);
    let passed = (0..outcome.controls.len())
        .filter(|number| outcome.controls[*number].status == Status::Passed);
    for number in passed {
        assert!(
            !outcome.has_gap(number),
            "{}",
            outcome.plan.controls[number].id
        );
    }
}
