//! The scan after the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use kubescape_operator::Config;
use serde_json::{Value, json};

use crate::common::{Heard, Operator, StandIn, config, until};

/// A scanner that is ready at the third look, then busy with somebody else's scan for
/// another look, and knows no metrics.
async fn scanner() -> StandIn {
    let looks = Arc::new(AtomicU32::new(0));
    let others = Arc::new(AtomicBool::new(true));
    StandIn::start(move |heard: &Heard| {
        let reply = |kind: &str| (200, json!({"id": "11111111-2222", "type": kind}));
        if heard.line.starts_with("HEAD /readyz") {
            let ready = looks.fetch_add(1, Ordering::SeqCst) >= 2;
            return (if ready { 200 } else { 500 }, Value::Null);
        }
        if heard.line == "GET /v1/status" {
            let busy = others.swap(false, Ordering::SeqCst);
            return reply(if busy { "busy" } else { "notBusy" });
        }
        if heard.line.starts_with("GET /v1/metrics") {
            return (404, Value::Null);
        }
        reply(if heard.line.starts_with("POST") {
            "busy"
        } else {
            "notBusy"
        })
    })
    .await
}

/// The lines that a scanner heard until now.
async fn heard(scanner: &StandIn) -> Vec<String> {
    let mut lines = Vec::new();
    while !scanner.is_silent() {
        lines.push(scanner.next().await.line);
    }
    lines
}

fn operator(folder: &std::path::Path, scanner: &StandIn) -> Config {
    Config {
        startup_scan: Some(true),
        ..config(folder, &json!({ "kubescapeURL": scanner.address }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_scanned_once_after_the_first_start() {
    let scanner = scanner().await;
    let folder = tempfile::tempdir().unwrap();
    let first = Operator::start(operator(folder.path(), &scanner)).await;
    let jobs = first.role.jobs.clone();
    until(|| jobs.newest(1).iter().any(|job| job.state.is_over())).await;
    let lines = heard(&scanner).await;
    // It waited until the scanner was ready and had nothing to do.
    let count = |what: &str| lines.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(
        (count("HEAD /readyz"), count("POST /v1/scan")),
        (4, 1),
        "{lines:?}"
    );
    first.stop().await;
    // Another start finds what is known fresh.
    let second = Operator::start(operator(folder.path(), &scanner)).await;
    let mut decided = second.role.startup.clone().unwrap();
    decided.wait_for(|decided| *decided).await.unwrap();
    second.stop().await;
    let lines = heard(&scanner).await;
    assert!(
        !lines.iter().any(|line| line.starts_with("POST")),
        "{lines:?}"
    );
    // When it is older than the daily schedule, not any more.
    let old = Timestamp::now() - SignedDuration::from_hours(25);
    std::fs::write(folder.path().join("last-full-scan"), old.to_string()).unwrap();
    let third = Operator::start(operator(folder.path(), &scanner)).await;
    let jobs = third.role.jobs.clone();
    until(|| jobs.newest(1).iter().any(|job| job.state.is_over())).await;
    third.stop().await;
    assert!(
        heard(&scanner)
            .await
            .iter()
            .any(|line| line.starts_with("POST"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_switch_there_is_none() {
    let scanner = scanner().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &json!({ "kubescapeURL": scanner.address }));
    assert!(!config.wants_startup_scan());
    let with_gateway = json!({"kubescapeURL": "x", "gatewayWebsocketURL": "gateway:8001"});
    assert!(crate::common::config(folder.path(), &with_gateway).wants_startup_scan());
    let operator = Operator::start(config).await;
    operator.command(json!({"commandName": "nonsense"})).await;
    operator.stop().await;
    assert!(scanner.is_silent());
}
