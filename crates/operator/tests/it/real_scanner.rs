//! The operator with the scanner of this repository: what one asks the other understands.

use std::path::Path;
use std::sync::Arc;

use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_operator::{Config, Embedded};
use kubescape_report::{ClusterFacts, Facts};
use kubescape_runtime::config::{ConfigFile, Env};
use kubescape_runtime::{Drain, Supervisor};
use kubescape_scan::{Cancel, Options, scan};
use kubescape_scanner::{Finished, ScanObject, ScanRequest, Work, WorkError};
use serde_json::{Value, json};

use crate::common::{Operator, config, until};

/// Scans example manifests as if they were a cluster, and has no result for the namespace
/// `away`.
struct Manifests;

impl Work for Manifests {
    fn full(
        &self,
        request: &ScanRequest,
        _: &Cancel,
        _: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        if request.include_namespaces.iter().any(|name| name == "away") {
            return Err(WorkError::Failed("the cluster is away".to_owned()));
        }
        let selection = Selection {
            frameworks: vec!["NSA".to_owned()],
            ..Selection::default()
        };
        let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs()).unwrap();
        let options = Options {
            keep_objects: true,
            ..Options::new(plan)
        };
        let shop = Path::new("../../examples/shop");
        Ok(Finished {
            scan: scan(find(&[shop]).sources, options, &mut |_| {}).unwrap(),
            facts: Facts {
                cluster: Some(ClusterFacts::default()),
                ..Facts::default()
            },
        })
    }

    fn object(
        &self,
        _: &ScanRequest,
        object: &ScanObject,
        _: bool,
        _: &Cancel,
    ) -> Result<Finished, WorkError> {
        let name = &object.name;
        Err(WorkError::Failed(format!("there is no {name}")))
    }
}

const TOKEN: &str = "hunter2";

/// A scanner that wants a token.
fn scanner(folder: &Path) -> kubescape_scanner::Config {
    let files = kubescape_scanner::Files {
        cluster: ConfigFile::empty("clusterData.json"),
        capabilities: ConfigFile::empty("capabilities.json"),
        credentials: folder.join("none"),
    };
    let flags = kubescape_scanner::Flags {
        data_dir: Some(folder.to_owned()),
        listen: Some("127.0.0.1:0".to_owned()),
        ..kubescape_scanner::Flags::default()
    };
    let env = Env::from_pairs([("KS_API_TOKEN", TOKEN), ("KS_SCAN_AT_START", "false")]);
    kubescape_scanner::Config::from_files(flags, &env, files).unwrap()
}

fn operator(folder: &Path, address: &str) -> Config {
    Config {
        scanner_token: Some(TOKEN.to_owned().into()),
        ..config(folder, &json!({ "kubescapeURL": address }))
    }
}

fn full(scan: &Value) -> Value {
    json!({"commandName": "kubescapeScan", "args": {"scanV1": scan}})
}

/// Scans that have a result, that have none, and that are refused.
async fn story(operator: &Operator) {
    let (status, message) = operator.command(full(&json!({}))).await;
    assert_eq!(status, "done", "{message}");
    assert!(message.ends_with(" is done"), "{message}");
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "none", "namespace": "shop"}});
    for (scan, reason) in [
        (
            json!({"includeNamespaces": ["away"]}),
            "the cluster is away",
        ),
        (json!({ "scanObject": object }), "there is no none"),
        (
            json!({"targetType": "Framework", "targetNames": ["nsaa"]}),
            "there is no framework",
        ),
    ] {
        let (status, message) = operator.command(full(&scan)).await;
        assert_eq!(status, "failure");
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scanner_is_understood_over_http() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let supervisor = Supervisor::new(Drain::default());
    let config = scanner(folders[0].path());
    let started =
        kubescape_scanner::start(&config, Arc::new(Manifests), Vec::new(), None, &supervisor);
    let url = started.await.unwrap().started.url;
    let operator = Operator::start(operator(folders[1].path(), &url)).await;
    story(&operator).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scanner_is_understood_within_the_process() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let supervisor = Supervisor::new(Drain::default());
    let config = scanner(folders[0].path());
    let work = Arc::new(Manifests);
    let role =
        kubescape_scanner::Role::assemble(&config, work, Vec::new(), None, &supervisor).unwrap();
    let server = role.server.clone();
    let embedded = Embedded {
        configurations: Some(Arc::new(move |request| {
            let server = server.clone();
            async move { server.answer(request).await }
        })),
        ..Embedded::default()
    };
    let config = operator(folders[1].path(), "");
    let operator = Operator::embedded(config.clone(), embedded.clone()).await;
    story(&operator).await;
    operator.stop().await;
    // Its metrics say that a full scan is fresh, though the operator's note is gone.
    std::fs::remove_file(folders[1].path().join("last-full-scan")).unwrap();
    let config = Config {
        startup_scan: Some(true),
        ..config
    };
    until(|| supervisor.health().is_ready()).await;
    let again = Operator::embedded(config.clone(), embedded.clone()).await;
    let mut decided = again.role.startup.clone().unwrap();
    decided.wait_for(|decided| *decided).await.unwrap();
    assert_eq!(again.role.jobs.count(), 0);
    again.stop().await;
}
