//! Commands as objects.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Operator, StandIn, until};
use crate::world::World;

fn order(name: &str, kind: &str, body: &str) -> Value {
    json!({"apiVersion": "kubescape.io/v1alpha1", "kind": "OperatorCommand",
        "metadata": {"name": name, "namespace": "kubescape"},
        "spec": {"commandType": kind, "body": body}})
}

pub(crate) fn carried_out(world: &World) {
    let crd = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds/operatorcommands.yaml");
    world.kubectl(&["apply", "-f", crd.to_str().unwrap()]);
    world.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd/operatorcommands.kubescape.io",
    ]);
    world.runtime.block_on(async {
        let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
        let operator = Operator::start(world.config(&scanner)).await;
        // base64 of {"commandName":"kubescapeScan","args":{"scanV1":{}}}
        let scan = "eyJjb21tYW5kTmFtZSI6Imt1YmVzY2FwZVNjYW4iLCJhcmdzIjp7InNjYW5WMSI6e319fQ==";
        world.apply(&order("good", "OperatorAPI", scan));
        world.apply(&order("other", "CreateRegistry", "e30="));
        let status = |name: &str| world.get(&["opcmd", name, "-n", "kubescape"])["status"].clone();
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
}
