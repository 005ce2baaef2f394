//! Results on their way to a backend.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::work::Fate;
use crate::world::{World, object, world_with};

const ACCOUNT: &str = "5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a";
const KEY: &str = "k3y-of-the-account";

/// A service whose service-discovery file names this listener.
fn submitting(listener: &TcpListener, env: &[(&str, &str)]) -> World {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let services = folder.path().join("services.json");
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reply = format!(r#"{{"response":{{"event-receiver-http":"{url}"}}}}"#);
    std::fs::write(&services, reply).unwrap();
    let services = services.display().to_string();
    let mut all = vec![
        ("KS_SERVICE_DISCOVERY_FILE_PATH", services.as_str()),
        ("KS_ACCOUNT_ID", ACCOUNT),
        ("KS_ACCESS_KEY", KEY),
    ];
    all.extend_from_slice(env);
    world_with([], &all, Vec::new(), folder)
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Takes one request whole: its head and its body.
async fn take(listener: &TcpListener) -> (TcpStream, String, Value) {
    let taken = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.to_lowercase();
        let length = length.split_once("content-length: ").unwrap().1;
        let length: usize = length.split_once("\r\n").unwrap().0.parse().unwrap();
        while bytes.len() < end + length {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        }
        let body = serde_json::from_slice(&bytes[end..]).unwrap();
        (stream, head, body)
    };
    tokio::time::timeout(Duration::from_mins(1), taken)
        .await
        .unwrap()
}

async fn answer(mut stream: TcpStream, code: u16) {
    let text = format!("HTTP/1.1 {code} X\r\ncontent-length: 2\r\n\r\nok");
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Waits until so many submissions have ended so.
async fn ended(world: &World, outcome: &str, count: usize) {
    let line = format!("kubescape_scanner_submissions_total{{outcome=\"{outcome}\"}} {count}\n");
    let ended = async {
        while !world.get("/v1/metrics").await.text.contains(&line) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), ended)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_result_is_sent_under_the_account_of_the_configuration() {
    let listener = listen().await;
    let world = submitting(&listener, &[]);
    let id = world
        .start(r#"{"submit":true,"account":"11111111-1111-1111-1111-111111111111","accessKey":"theirs"}"#)
        .await;
    // The scan is done before anybody has answered.
    let kept = world.end_of(&id).await.json();
    assert_eq!(kept["response"]["customerGUID"], ACCOUNT);
    let (stream, head, body) = take(&listener).await;
    let line = format!(
        "POST /k8s/v2/postureReport?customerGUID={ACCOUNT}&contextName=test&clusterName=test&reportGUID="
    );
    assert!(head.starts_with(&line), "{head}");
    assert!(head.contains(&format!("x-api-key: {KEY}\r\n")), "{head}");
    assert_eq!(body["reportGUID"], kept["response"]["reportGUID"]);
    assert_eq!(body["resources"], kept["response"]["resources"]);
    assert_eq!(body["paginationInfo"]["isLastChunk"], true);
    answer(stream, 200).await;
    ended(&world, "sent", 1).await;
    let status = world.get(&format!("/v1/status?id={id}")).await;
    assert!(!status.headers.contains_key("warning"));
}

#[tokio::test]
async fn nothing_is_sent_that_nobody_wants_sent() {
    let listener = listen().await;
    let world = submitting(
        &listener,
        &[("KS_SUBMIT", "true"), ("KS_KEEP_LOCAL", "false")],
    );
    let by_control = r#"{"targetType":"control","targetNames":["C-0016"]}"#;
    world
        .post("/v1/scan?wait=true", r#"{"keepLocal":true}"#)
        .await;
    world
        .post("/v1/scan?wait=true", r#"{"submit":false}"#)
        .await;
    world
        .post("/v1/scan?wait=true&skipPersistence=true", "{}")
        .await;
    world.post("/v1/scan?wait=true", &object("a")).await;
    world.post("/v1/scan?wait=true", by_control).await;
    let asked = object("a").replacen('{', r#"{"submit":true,"#, 1);
    let told = world.post("/v1/scan?wait=true", &asked).await;
    let warning = told.headers["warning"].to_str().unwrap();
    assert!(
        warning.contains("single objects and of controls are not sent"),
        "{warning}"
    );
    // The first that arrives is that of the last scan, which is wanted.
    let id = world.start("{}").await;
    let (stream, _, body) = take(&listener).await;
    answer(stream, 200).await;
    let kept = world.end_of(&id).await.json();
    assert_eq!(body["reportGUID"], kept["response"]["reportGUID"]);
    ended(&world, "sent", 1).await;
}

#[tokio::test]
async fn a_result_that_is_refused_is_there_and_the_refusal_is_seen() {
    let listener = listen().await;
    let world = submitting(&listener, &[("KS_SUBMIT", "true")]);
    let id = world.start("{}").await;
    let (stream, _, _) = take(&listener).await;
    answer(stream, 403).await;
    ended(&world, "failed", 1).await;
    for path in [format!("/v1/status?id={id}"), "/v1/status".to_owned()] {
        let status = world.get(&path).await;
        assert_eq!(status.json()["type"], "notBusy");
        let warning = status.headers["warning"].to_str().unwrap();
        assert!(
            warning.contains("submit: the result was not sent"),
            "{warning}"
        );
        assert!(
            warning.contains("refused chunk 0 of the report with 403"),
            "{warning}"
        );
    }
    assert_eq!(world.end_of(&id).await.code, 200);
}

#[tokio::test]
async fn while_a_backend_hangs_scans_go_on_and_only_the_newest_result_waits() {
    let listener = listen().await;
    let world = submitting(&listener, &[("KS_SUBMIT", "true")]);
    let first = world.start("{}").await;
    let (stream, _, sent) = take(&listener).await;
    world.end_of(&first).await;
    // Given three more results while the first is not answered
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = world.start("{}").await;
        assert_eq!(world.end_of(&id).await.code, 200);
        ids.push(id);
    }
    ended(&world, "dropped", 2).await;
    let status = world.get(&format!("/v1/status?id={}", ids[0])).await;
    let warning = status.headers["warning"].to_str().unwrap();
    assert!(warning.contains("a newer result was there"), "{warning}");
    // When it is answered
    answer(stream, 200).await;
    // Then the last comes
    let (stream, _, next) = take(&listener).await;
    assert_eq!(next["customerGUID"], sent["customerGUID"]);
    answer(stream, 200).await;
    ended(&world, "sent", 2).await;
}

#[tokio::test]
async fn the_end_of_the_service_does_not_wait_for_a_backend() {
    let listener = listen().await;
    let world = submitting(&listener, &[("KS_SUBMIT", "true")]);
    world.start("{}").await;
    let (_stream, _, _) = take(&listener).await;
    let stopped = tokio::time::timeout(Duration::from_secs(30), world.stop());
    stopped.await.unwrap();
}

#[tokio::test]
async fn who_wants_a_result_sent_is_told_that_there_is_no_backend() {
    let world = crate::world::world([Fate::Done]);
    let told = world.post("/v1/scan?wait=true", r#"{"submit":true}"#).await;
    assert_eq!(told.code, 200);
    let warning = told.headers["warning"].to_str().unwrap();
    assert!(
        warning.contains("there is no backend to send results to"),
        "{warning}"
    );
}

#[tokio::test]
async fn what_a_full_scan_saw_of_the_cluster_is_counted() {
    let world = crate::world::world([]);
    world.post("/v1/scan?wait=true", "{}").await;
    let page = world.get("/v1/metrics").await.text;
    let value = |name: &str| {
        let mut lines = page.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse::<u64>().unwrap()
    };
    assert!(value("kubescape_kubernetes_resources_count") > 5);
    assert_eq!(value("kubescape_worker_nodes_count"), 0);
}
