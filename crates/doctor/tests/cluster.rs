//! A real control plane without the platform, and with parts of it that are broken.
//!
//! Runs when the programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and say what they skip"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kubescape_doctor::{Api, Finding, Options, State, examine, look};
use kubescape_explain::{ObjectRef, Verdict};
use kubescape_live::Access;
use kubescape_runtime::tls::OwnCa;
use kubescape_testcluster::{Cluster, Part, storage_at};

const PATIENCE: Duration = Duration::from_secs(10);
const API_SERVICE: &str = "v1beta1.spdx.softwarecomposition.kubescape.io";

struct World {
    plane: Cluster,
    folder: tempfile::TempDir,
}

fn world() -> Option<World> {
    let asked = |name| std::env::var_os(name).is_some();
    if asked("KUBESCAPE_TEST_CLUSTER") || asked("KUBESCAPE_TEST_BINARIES") {
        return Some(World {
            plane: Cluster::start().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        });
    }
    println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
    None
}

fn access(kubeconfig: PathBuf) -> Access {
    Access {
        kubeconfig: Some(kubeconfig),
        context: None,
    }
}

async fn examined(kubeconfig: PathBuf, account: Option<(&str, &str)>) -> Vec<Finding> {
    let own = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
    examine(Options {
        access: access(kubeconfig),
        namespace: "kubescape".to_owned(),
        service_account: account.map(own),
        data_dir: None,
        patience: PATIENCE,
    })
    .await
}

#[track_caller]
fn assert_finds(findings: &[Finding], check: &str, state: State, text: &str) {
    let mut all = findings.iter();
    let finding = all.find(|finding| finding.check == check).unwrap();
    assert_eq!(finding.state, state, "{findings:#?}");
    assert!(finding.found.contains(text), "{text}: {finding:#?}");
    assert!(
        state != State::Fail || !finding.remedy.is_empty(),
        "{finding:#?}"
    );
}

impl World {
    /// An APIService that leads to a port where nobody listens.
    fn api_service(&self, authority: Option<&str>) {
        let bundle = authority.map(|pem| BASE64_STANDARD.encode(pem));
        let manifests = storage_at(1, bundle.as_deref());
        self.plane.apply(&manifests).unwrap();
        self.plane.wait_for_storage("Available=false").unwrap();
    }
}

/// An authority that was made a hundred years before this test and is long gone.
fn expired(folder: &Path) -> String {
    let then = SystemTime::now() - Duration::from_hours(24 * 365 * 40);
    let ca = OwnCa::open_or_create(&folder.join("old.pem"), then).unwrap();
    ca.bundle_pem()
}

/// One control plane for all, as it takes long to start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_found_and_said() {
    let Some(world) = world() else { return };
    let plane = &world.plane;
    plane
        .kubectl(&["create", "namespace", "kubescape"])
        .unwrap();

    // Given no APIService
    let found = examined(plane.kubeconfig(), None).await;
    assert_finds(&found, "connection", State::Ok, "Kubernetes v1.");
    assert_finds(&found, "clock", State::Ok, "agrees");
    assert_finds(&found, "api-service", State::Fail, "no APIService");
    assert_finds(&found, "storage", State::Fail, "nobody serves results");
    assert_finds(&found, "rights", State::Ok, "this user has all");
    assert_finds(
        &found,
        "workloads",
        State::Skipped,
        "no part of the platform",
    );
    assert_finds(
        &found,
        "scanner",
        State::Skipped,
        "no service of the scanner",
    );

    // Given one whose storage is not there
    world.api_service(None);
    let found = examined(plane.kubeconfig(), None).await;
    assert_finds(&found, "api-service", State::Fail, "not available");
    assert_finds(&found, "endpoints", State::Ok, "leads to localhost");
    assert_finds(&found, "certificate", State::Skipped, "does not verify");
    assert_finds(&found, "served-kinds", State::Fail, "serves no spdx");
    assert_finds(&found, "storage", State::Fail, "503");

    // Given an authority that has expired
    plane
        .kubectl(&["delete", "apiservice", API_SERVICE])
        .unwrap();
    world.api_service(Some(&expired(world.folder.path())));
    let found = examined(plane.kubeconfig(), None).await;
    assert_finds(&found, "certificate", State::Fail, "expired");

    // Given a user without rights, and a service account that somebody else asks about
    let nobody = plane.account_kubeconfig("default", "nobody").unwrap();
    let found = examined(nobody, None).await;
    assert_finds(&found, "rights", State::Fail, "this user lacks");
    assert_finds(&found, "api-service", State::Skipped, "may not be read");
    let found = examined(plane.kubeconfig(), Some(("default", "nobody"))).await;
    assert_finds(
        &found,
        "rights",
        State::Fail,
        "service account default/nobody lacks",
    );

    the_cluster_alone_explains(&world).await;

    // Given no API server any more
    plane.stop(Part::ApiServer);
    let found = examined(plane.kubeconfig(), None).await;
    assert_finds(&found, "connection", State::Fail, "no answer");
    let others = found.iter().filter(|finding| finding.check != "connection");
    for finding in others {
        assert_eq!(finding.state, State::Skipped, "{finding:?}");
    }
}

async fn the_cluster_alone_explains(world: &World) {
    let plane = &world.plane;
    world
        .plane
        .apply(
            "apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: default}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: main, image: registry.example.com/cart:1}]}
",
        )
        .unwrap();
    plane
        .kubectl(&[
            "wait",
            "deployment",
            "cart",
            "--for=condition=Progressing",
            "--timeout=60s",
        ])
        .unwrap();
    let pods = [
        "get",
        "replicasets",
        "-o",
        "jsonpath={.items[0].metadata.name}",
    ];
    let replica_set = plane.kubectl(&pods).unwrap();
    let access = access(plane.kubeconfig());
    let api = Api::open(&access, PATIENCE).await.unwrap();
    let ask = async |kind: &str, name: &str| {
        let object = ObjectRef {
            kind: kind.to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
            ..ObjectRef::default()
        };
        look(&api, &access, object, "kubescape", PATIENCE)
            .await
            .unwrap()
    };
    // Nobody can say what is stored.
    let said = ask("deploy", "cart").await;
    assert_eq!(said.verdict, Verdict::Unknown, "{said:?}");
    assert_eq!(said.object.api_version, "apps/v1");
    assert!(said.present_digest.is_some() && !said.unknown.is_empty());
    let said = ask("rs", &replica_set).await;
    assert!(
        matches!(&said.verdict, Verdict::OwnedByParent { owner } if owner.name == "cart"),
        "{said:?}"
    );
    assert_eq!(
        ask("Deployment", "crat").await.verdict,
        Verdict::NoSuchObject
    );
    // A server of a group that does not answer may have it.
    assert_eq!(ask("Widget", "a").await.verdict, Verdict::Unreadable);
    assert_eq!(ask("Lease", "none").await.verdict, Verdict::NoSuchObject);
}

#[tokio::test]
async fn without_a_kubeconfig_the_first_check_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let found = examined(folder.path().join("none"), None).await;
    assert_finds(
        &found,
        "connection",
        State::Fail,
        "cannot read the kubeconfig",
    );
    assert_finds(&found, "scanner", State::Skipped, "no connection");
    assert_finds(&found, "data-dir", State::Skipped, "--data-dir");
}
