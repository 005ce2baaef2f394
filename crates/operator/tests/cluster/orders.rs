//! Commands as objects.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Operator, StandIn, until};
use crate::world::World;

pub(crate) fn order(name: &str, kind: &str, body: &str) -> Value {
    json!({"apiVersion": "kubescape.io/v1alpha1", "kind": "OperatorCommand",
        "metadata": {"name": name, "namespace": "kubescape"},
        "spec": {"commandType": kind, "body": body}})
}

/// base64 of {"commandName":"kubescapeScan","args":{"scanV1":{}}}
pub(crate) const SCAN: &str =
    "eyJjb21tYW5kTmFtZSI6Imt1YmVzY2FwZVNjYW4iLCJhcmdzIjp7InNjYW5WMSI6e319fQ==";

/// Installs the kind.
pub(crate) fn install(world: &World) {
    let crd = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds/operatorcommands.yaml");
    world.kubectl(&["apply", "-f", crd.to_str().unwrap()]);
    world.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd/operatorcommands.kubescape.io",
    ]);
}

/// The status of an object.
pub(crate) fn status(world: &World, name: &str) -> Value {
    world.get(&["opcmd", name, "-n", "kubescape"])["status"].clone()
}

pub(crate) fn orphaned(world: &World) {
    install(world);
    world.runtime.block_on(async {
        // Given an object that somebody began, and who is not there any more.
        world.apply(&order("orphan", "OperatorAPI", SCAN));
        let begun = json!({"status": {"started": true, "startedAt": "2026-01-01T00:00:00Z"}});
        let begun = begun.to_string();
        let object = ["patch", "opcmd", "orphan", "-n", "kubescape"];
        let how = ["--subresource=status", "--type=merge", "-p", &begun];
        world.kubectl(&[&object[..], &how].concat());
        let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
        let operator = Operator::start(world.config(&scanner)).await;
        // Then it ends with a failure that says what to do, and is not run twice.
        until(|| status(world, "orphan")["completed"] == json!(true)).await;
        let error = status(world, "orphan")["error"]["message"].clone();
        assert!(error.as_str().unwrap().contains("make it anew"), "{error}");
        assert!(scanner.is_silent());
        operator.stop().await;
    });
    world.kubectl(&["delete", "opcmd", "--all", "-n", "kubescape"]);
}

pub(crate) fn carried_out(world: &World) {
    install(world);
    world.runtime.block_on(async {
        let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
        let operator = Operator::start(world.config(&scanner)).await;
        let scan = SCAN;
        world.apply(&order("good", "OperatorAPI", scan));
        world.apply(&order("other", "CreateRegistry", "e30="));
        let status = |name: &str| status(world, name);
        for name in ["good", "other"] {
            until(|| status(name)["completed"] == json!(true)).await;
        }
        assert_eq!(scanner.next().await.line, "POST /v1/scan?keep=false");
        let good = status("good");
        assert_eq!(
            (&good["executer"], &good["error"]),
            (&json!("operator"), &Value::Null)
        );
        let error = status("other")["error"]["message"].clone();
        assert!(
            error.as_str().unwrap().contains("CreateRegistry"),
            "{error}"
        );
        operator.stop().await;
        // Another operator does not carry them out again.
        let again = Operator::start(world.config(&scanner)).await;
        until(|| *again.role.leading.borrow()).await;
        world.apply(&order("later", "OperatorAPI", scan));
        until(|| status("later")["completed"] == json!(true)).await;
        while !scanner.is_silent() {
            scanner.next().await;
        }
        assert_eq!(again.role.jobs.count(), 1);
        again.stop().await;
    });
    world.kubectl(&["delete", "opcmd", "--all", "-n", "kubescape"]);
}
