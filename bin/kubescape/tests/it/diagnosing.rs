//! `explain OBJECT` and `doctor` as a user meets them.

use std::path::Path;
use std::process::{Command, Output};

use kubescape_testcluster::{Cluster, storage_at};
use serde_json::Value as Json;

use crate::up::{Process, control_plane};

fn run(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_kubescape"))
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("KUBECONFIG")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    (output.clone(), format!("{text}{said}"))
}

#[test]
fn what_is_neither_control_nor_object_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = run(folder.path(), &["explain", "C-9999"]);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("an object is KIND/NAME"), "{said}");
}

#[test]
fn without_a_cluster_it_is_said_what_to_name() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = run(folder.path(), &["explain", "deploy/cart"]);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("--kubeconfig") && said.contains("--server"),
        "{said}"
    );
    let (output, said) = run(folder.path(), &["doctor", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found[0]["check"], "connection");
    assert_eq!(found[0]["state"], "fail");
    // A server that is not there is named.
    let asked = ["explain", "pod/a", "--server", "http://127.0.0.1:1"];
    let (output, said) = run(folder.path(), &asked);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("--server: connection refused"), "{said}");
}

const CART: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: main, image: registry.example.com/cart:1}]}
";

struct World {
    plane: Cluster,
    folder: tempfile::TempDir,
    kubeconfig: String,
}

impl World {
    fn start(&self, role: &str, tells: &str) -> (Process, String) {
        let arguments = [
            role,
            "--kubeconfig",
            &self.kubeconfig,
            "--data-dir",
            role,
            "--listen",
            "127.0.0.1:0",
        ];
        let process = Process::start(&arguments, self.folder.path());
        let line = process.wait_for(tells);
        let port = line.split("127.0.0.1:").nth(1).unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        (process, port)
    }

    /// Results are at that port from now on.
    fn register(&self, port: &str) {
        self.plane.apply(&storage_at(port, None)).unwrap();
        self.plane.wait_for_storage("Available").unwrap();
    }

    /// The verdict that is printed, and all of it.
    fn explain(&self, arguments: &[&str]) -> (String, Json) {
        let mut all = vec!["explain", "-n", "shop", "-o", "json"];
        all.extend(["--kubeconfig", &self.kubeconfig]);
        all.extend(arguments);
        let (output, said) = run(self.folder.path(), &all);
        let json: Json =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        (json["verdict"].as_str().unwrap().to_owned(), json)
    }
}

#[test]
fn a_real_cluster_is_explained_by_its_scanner_and_without_it() {
    let Some(plane) = control_plane() else { return };
    let world = World {
        kubeconfig: plane.kubeconfig().to_str().unwrap().to_owned(),
        plane,
        folder: tempfile::tempdir().unwrap(),
    };
    // Given a storage behind the API server, a scanner that follows, and a workload
    for namespace in ["shop", "kubescape"] {
        world
            .plane
            .kubectl(&["create", "namespace", namespace])
            .unwrap();
    }
    std::fs::create_dir(world.folder.path().join("config")).unwrap();
    let config = r#"{"namespace":"kubescape","clusterName":"prod","continuousPostureScan":true}"#;
    std::fs::write(world.folder.path().join("config/clusterData.json"), config).unwrap();
    let (storage, port) = world.start("storage", "the storage serves");
    world.register(&port);
    world.plane.apply(CART).unwrap();
    // Its controller notes the revision in it: from then on it stays as it is.
    let revision = r"--for=jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=1";
    let wait = [
        "wait",
        "deployment",
        "cart",
        "-n",
        "shop",
        revision,
        "--timeout=60s",
    ];
    world.plane.kubectl(&wait).unwrap();
    let (scanner, port) = world.start("scanner", "the scanner serves");
    scanner.wait_for("the first lap is done");

    // Then the scanner explains
    let server = format!("http://127.0.0.1:{port}");
    let by_scanner = ["deploy/cart", "--server", &server];
    let (verdict, said) = world.explain(&by_scanner);
    assert!(matches!(&*verdict, "current" | "partial"), "{said:#}");
    assert_eq!(said["result"], "shop/deployment-cart");
    assert_eq!(said["object"]["apiVersion"], "apps/v1");
    let missing = ["deploy/crat", "--server", &server];
    assert_eq!(world.explain(&missing).0, "noSuchObject");

    // And without it the cluster does, which says what it does not know
    let (alone, said_alone) = world.explain(&["deploy/cart"]);
    assert_eq!(alone, verdict, "{said_alone:#}");
    assert_eq!(said_alone["inputDigest"], said["inputDigest"]);
    assert_eq!(said_alone["presentDigest"], said["inputDigest"]);
    assert_eq!(said_alone["controls"]["failed"], said["controls"]["failed"]);
    assert!(
        said_alone["unknown"][0]
            .as_str()
            .unwrap()
            .contains("only the scanner")
    );

    // And of what changes while nobody follows it is stale
    scanner.stop();
    world
        .plane
        .apply(&CART.replace("cart:1", "cart:2"))
        .unwrap();
    let (stale, said) = world.explain(&["deploy/cart"]);
    assert_eq!(stale, "stale", "{said:#}");
    assert!(
        said["reasons"][0]
            .as_str()
            .unwrap()
            .contains("the object has changed")
    );

    the_doctor_finds_what_is_well(&world);
    storage.stop();
}

fn the_doctor_finds_what_is_well(world: &World) {
    let found = [
        "doctor",
        "-o",
        "json",
        "--kubeconfig",
        &world.kubeconfig,
        "--data-dir",
        "storage",
    ];
    let (output, said) = run(world.folder.path(), &found);
    let found: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let state = |check: &str| {
        let found = found.as_array().unwrap().iter();
        let mut found = found.filter(|finding| finding["check"] == check);
        found.next().unwrap()["state"].as_str().unwrap().to_owned()
    };
    for check in [
        "connection",
        "clock",
        "endpoints",
        "served-kinds",
        "storage",
        "rights",
    ] {
        assert_eq!(state(check), "ok", "{check}: {said}");
    }
    assert_eq!(state("api-service"), "warn", "{said}");
    assert_ne!(state("data-dir"), "fail", "{said}");
}
