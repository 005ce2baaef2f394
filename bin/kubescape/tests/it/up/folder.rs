//! `kubescape up` on a folder that stands for a cluster.

use std::process::Command;
use std::time::Duration;

use super::process::{Folder, Process, ask};
use super::samples::{EXPOSED, PRIVILEGED, SERVICE, deployment};

#[test]
fn a_folder_is_scanned_as_its_files_change() {
    let folder = Folder::new();
    folder.write("manifests/cart.yaml", &deployment(true));
    let (process, reader) = folder.up();
    reader.wait("deployment-cart", PRIVILEGED, "failed");
    reader.wait("deployment-cart", EXPOSED, "passed");

    folder.write("manifests/cart.yaml", &deployment(false));
    reader.wait("deployment-cart", PRIVILEGED, "passed");

    folder.write("manifests/service.yaml", SERVICE);
    reader.wait("deployment-cart", EXPOSED, "failed");

    folder.write("manifests/cart.yaml", "spec: [");
    process.wait_for("manifests/cart.yaml");
    std::fs::remove_file(folder.path("manifests/cart.yaml")).unwrap();
    reader.wait_gone("deployment-cart");
    process.stop();
}

#[test]
fn a_second_start_writes_nothing_that_has_not_changed() {
    let folder = Folder::new();
    folder.write("manifests/cart.yaml", &deployment(true));
    folder.write(
        "manifests/gone.yaml",
        &deployment(true).replace("cart", "gone"),
    );
    let (process, reader) = folder.up();
    let before = reader.wait("deployment-cart", PRIVILEGED, "failed");
    reader.wait("deployment-gone", PRIVILEGED, "failed");
    process.stop();

    std::fs::remove_file(folder.path("manifests/gone.yaml")).unwrap();
    let (process, reader) = folder.up();
    reader.wait_gone("deployment-gone");
    process.wait_for("all results are stored");
    assert_eq!(reader.version("deployment-cart"), before);
}

#[test]
fn all_roles_run_in_one_process() {
    // Given a folder
    let folder = Folder::new();
    folder.write("manifests/cart.yaml", &deployment(true));
    let process = folder.start();
    let line: serde_json::Value =
        serde_json::from_str(&process.wait_for("\"msg\":\"up\"")).unwrap();
    let (scanner, operator) = (
        line["scanner"].as_str().unwrap(),
        line["operator"].as_str().unwrap(),
    );
    // When somebody asks the scanner for one object
    let body = r#"{"scanObject":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop"}}}"#;
    let answer = ask(scanner, "POST", "/v1/scan?wait=true&keep=true", body);
    // Then it judges the manifest
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("cart.yaml") && answer.contains("C-0057"),
        "{answer}"
    );
    // And its metrics are of all that is followed, though nobody scanned it
    let metrics = until(&process, || {
        let page = ask(scanner, "GET", "/v1/metrics", "");
        page.contains("kubescape_cluster_complianceScore")
            .then_some(page)
    });
    assert!(metrics.contains("kubescape_scan_objects 1"), "{metrics}");
    // When the operator is told to scan everything
    let body = r#"{"commands":[{"commandName":"kubescapeScan","args":{"scanV1":{"targetType":"framework","targetNames":["nsa"]}}}]}"#;
    let answer = ask(operator, "POST", "/v1/triggerAction", body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Then the scanner has it done
    process.wait_for("action done");
    process.stop();
}

/// Asks again while the answer is not there yet.
fn until<T>(process: &Process, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask() {
            return answer;
        }
        process.lines_within(Duration::from_millis(100));
    }
    panic!("it did not come");
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_helps() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new();
    let listen = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_kubescape"))
        .args(["up", "--manifests", "manifests", "--listen", "127.0.0.1:0"])
        .args([
            "--operator-listen",
            "127.0.0.1:0",
            "--scanner-listen",
            &listen,
        ])
        .current_dir(folder.root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(&listen), "{said}");
}

#[test]
fn what_there_is_to_look_at_has_to_be_there() {
    let folder = Folder::new();
    let output = Command::new(env!("CARGO_BIN_EXE_kubescape"))
        .args(["up", "--manifests", "missing", "--listen", "127.0.0.1:0"])
        .current_dir(folder.root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot read missing"), "{said}");
}
