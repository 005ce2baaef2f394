//! Scans of configurations are handed over and followed to their end, and reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kubescape_operator::{Backend, Config};
use kubescape_runtime::Secret;
use serde_json::json;

use crate::common::{Heard, Operator, StandIn, config, golden};

/// Busy twice, and then as told.
async fn scanner(end: &'static str) -> StandIn {
    let asked = Arc::new(AtomicU32::new(0));
    StandIn::start(move |heard: &Heard| {
        if heard.line.starts_with("POST") {
            return (
                200,
                json!({"id": "11111111-2222", "type": "busy", "response": "scanning"}),
            );
        }
        let kind = if asked.fetch_add(1, Ordering::SeqCst) < 2 {
            "busy"
        } else {
            end
        };
        (
            200,
            json!({"id": "11111111-2222", "type": kind, "response": "out of luck"}),
        )
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_is_followed_to_its_end() {
    let scanner = scanner("notBusy").await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(
        folder.path(),
        &json!({ "kubescapeURL": scanner.address }),
    ))
    .await;
    let scan = json!({"CommandName": "kubescapeScan", "args": {"scanV1": {}}});
    let (status, message) = operator.command(scan).await;
    assert_eq!(
        (status.as_str(), message.as_str()),
        ("done", "scan 11111111-2222 is done")
    );
    let posted = scanner.next().await;
    assert_eq!(posted.line, "POST /v1/scan?keep=false");
    golden("scan-request.json", &posted.body);
    for _ in 0..3 {
        let asked = scanner.next().await;
        assert_eq!(asked.line, "GET /v1/status?ID=11111111-2222");
    }
    // And whether it has a result.
    let asked = scanner.next().await;
    assert_eq!(asked.line, "HEAD /v1/results?id=11111111-2222&keep=true");
    assert!(scanner.is_silent());
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_without_a_result_is_a_failure_though_it_is_not_busy() {
    let scanner = StandIn::start(|heard: &Heard| {
        let reply = |kind: &str| json!({"id": "11111111-2222", "type": kind, "response": "the cluster is away"});
        match heard.line.split_once(' ').unwrap() {
            ("POST", _) => (200, reply("busy")),
            (_, path) if path.starts_with("/v1/results") => (500, reply("error")),
            _ => (200, reply("notBusy")),
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &json!({ "kubescapeURL": scanner.address }));
    let operator = Operator::start(config).await;
    let scan = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
    let failed = operator.command(scan).await;
    let message = "scan 11111111-2222: the cluster is away".to_owned();
    assert_eq!(failed, ("failure".to_owned(), message));
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_fails_is_a_failure() {
    let scanner = scanner("error").await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(
        folder.path(),
        &json!({ "kubescapeURL": scanner.address }),
    ))
    .await;
    let scan = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
    let (status, message) = operator.command(scan).await;
    assert_eq!(
        (status.as_str(), message.as_str()),
        ("failure", "scan 11111111-2222: out of luck")
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_is_not_there_is_tried_again_and_then_said() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let folder = tempfile::tempdir().unwrap();
    let operator =
        Operator::start(config(folder.path(), &json!({ "kubescapeURL": address }))).await;
    let scan = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
    let (status, message) = operator.command(scan).await;
    assert_eq!(status, "failure");
    assert_eq!(message, format!("connection refused by {address}"));
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_reported_to_the_backend_beside_the_work() {
    // Given a backend whose first answer is a failure.
    let asked = Arc::new(AtomicU32::new(0));
    let backend = StandIn::start(move |_| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        (if first { 500 } else { 200 }, json!("ok"))
    })
    .await;
    let scanner = scanner("notBusy").await;
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        backend: Some(Backend {
            event_receiver: format!("http://{}", backend.address),
            account: "a1".to_owned(),
            access_key: Secret::new("hunter2".to_owned()),
        }),
        ..config(
            folder.path(),
            &json!({"kubescapeURL": scanner.address, "clusterName": "prod"}),
        )
    };
    let operator = Operator::start(config).await;
    let scan = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
    assert_eq!(operator.command(scan).await.0, "done");
    operator.command(json!({"commandName": "nonsense"})).await;
    // Then each report arrives in order, the first a second time, with the key.
    let mut reports = Vec::new();
    for _ in 0..5 {
        let heard = backend.next().await;
        assert_eq!(heard.line, "POST /k8s/sysreport");
        assert_eq!(heard.api_key.as_deref(), Some("hunter2"));
        reports.push(heard.body);
    }
    assert_eq!(reports.remove(0), reports[0]);
    golden("reports.json", &json!(reports));
    operator.stop().await;
}
