//! The REST API takes what it should, and says why not.

use kubescape_operator::Config;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::common::{Operator, StandIn, config};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(folder.path(), &json!({}))).await;
    for (method, path, body, code) in [
        ("GET", "/v1/triggerAction", "", 405),
        ("POST", "/v1/triggerAction", "{", 400),
        ("POST", "/v1/triggerAction", "[]", 400),
        (
            "POST",
            "/v1/triggerAction",
            r#"{"commands":[{"commandName":1}]}"#,
            400,
        ),
        ("POST", "/v1/jobs", "", 405),
        ("GET", "/v1/jobs?limit=x", "", 400),
        ("GET", "/v1/jobs/none", "", 404),
        ("GET", "/else", "", 404),
        ("DELETE", "/v1/liveness", "", 405),
    ] {
        let answer = operator.call(method, path, body).await;
        assert_eq!(answer.0, code, "{method} {path}: {}", answer.1);
    }
    assert_eq!(
        announced(&operator, 5 << 20).await,
        "HTTP/1.1 413 Payload Too Large"
    );
    // Commands without a name are left out.
    let nameless = operator
        .call("POST", "/v1/triggerAction", r#"{"commands":[{}]}"#)
        .await;
    assert_eq!(nameless, (200, "ok".to_owned()));
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_metrics_and_descriptions_answer() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(folder.path(), &json!({}))).await;
    assert_eq!(operator.call("GET", "/v1/liveness", "").await.0, 200);
    assert_eq!(operator.call("GET", "/v1/readiness", "").await.0, 200);
    operator.command(json!({"commandName": "nonsense"})).await;
    let (_, metrics) = operator.call("GET", "/metrics", "").await;
    let line = r#"kubescape_operator_commands_total{command="unknown",outcome="failure"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
    for path in ["/openapi/v3", "/openapi/v2/swagger.yaml"] {
        let (code, text) = operator.call("GET", path, "").await;
        assert_eq!(code, 200);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value["paths"]["/v1/triggerAction"]["post"].is_object());
    }
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_told_with_their_parents_and_never_with_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(folder.path(), &json!({}))).await;
    let command = json!({"commandName": "testRegistryConnectivity", "wlid": "w",
        "args": {"registryInfo-v1": {"authMethod": {"password": "hunter2"}}}});
    let (status, message) = operator.command(command).await;
    assert_eq!(status, "failure");
    assert_eq!(
        message,
        "kubevuln is not enabled: clusterData.json has no kubevulnURL"
    );
    let (_, list) = operator.call("GET", "/v1/jobs?limit=5", "").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let job = &list["jobs"][0];
    assert_eq!(
        (&job["jobID"], &job["parentID"]),
        (&json!("job-0"), &json!("outer"))
    );
    assert!(!list.to_string().contains("hunter2"));
    let (_, one) = operator.call("GET", "/v1/jobs/job-0", "").await;
    assert_eq!(serde_json::from_str::<Value>(&one).unwrap(), *job);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_takes_more_later() {
    // Given one worker, kept busy by a scanner that waits for a word, and room for one.
    static WORD: Semaphore = Semaphore::const_new(0);
    let scanner = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = scanner.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        workers: 1,
        queue: 1,
        ..config(folder.path(), &json!({ "kubescapeURL": address }))
    };
    let operator = Operator::start(config).await;
    let scan = r#"{"commands":[{"commandName":"kubescapeScan","args":{"scanV1":{}}}]}"#;
    let accepted = tokio::spawn(async move {
        let mut open = Vec::new();
        let (first, _) = scanner.accept().await.unwrap();
        open.push(first);
        WORD.add_permits(1);
        open
    });
    assert_eq!(
        operator.call("POST", "/v1/triggerAction", scan).await.0,
        200
    );
    let _busy = WORD.acquire().await.unwrap();
    // When the room is taken, too, then more is refused, and more than fits ever.
    assert_eq!(
        operator.call("POST", "/v1/triggerAction", scan).await.0,
        200
    );
    assert_eq!(
        operator.call("POST", "/v1/triggerAction", scan).await.0,
        429
    );
    let two = json!({"commands": [{"commandName": "scan"}, {"commandName": "scan"}]});
    assert_eq!(
        operator
            .call("POST", "/v1/triggerAction", &two.to_string())
            .await
            .0,
        413
    );
    drop(accepted.await.unwrap());
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_commands_and_missing_parts_are_failures() {
    let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubescapeURL": scanner.address, "kubevulnURL": scanner.address});
    let operator = Operator::start(config(folder.path(), &cluster)).await;
    let (status, message) = operator
        .command(json!({"commandName": "execPostureScan"}))
        .await;
    assert_eq!(status, "failure");
    assert!(
        message.starts_with("\"execPostureScan\" is not a command"),
        "{message}"
    );
    for name in ["scanRegistry", "testRegistryConnectivity"] {
        let (status, message) = operator.command(json!({"commandName": name})).await;
        assert_eq!(status, "failure");
        assert_eq!(message, "image scanning is not part of this build yet");
    }
    let scan = json!({"commandName": "scan", "wlid": "wlid://cluster-a/namespace-b/deployment-c"});
    let (status, message) = operator.command(scan).await;
    assert_eq!(
        (status.as_str(), message.as_str()),
        (
            "failure",
            "this needs a cluster, and there is none: start the operator in one, or with --kubeconfig"
        )
    );
    assert!(scanner.is_silent());
    operator.stop().await;
}

/// The first line of the answer to a body that is announced and not sent.
async fn announced(operator: &Operator, bytes: usize) -> String {
    let address = operator.role.started.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /v1/triggerAction HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line.trim().to_owned()
}
