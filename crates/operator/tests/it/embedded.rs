//! The operator as one of several roles of a process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use kubescape_operator::{Config, Embedded, ScannerCalls};
use kubescape_runtime::outgoing::{HttpClient, Outgoing};
use kubescape_runtime::serve::{Body, Bound, Peer, ServeOptions, text};
use kubescape_runtime::{Drain, Phase, Scope, Supervisor};
use serde_json::{Value, json};

use crate::common::{Operator, config, until};

/// What a scanner heard: lines, headers that matter, bodies.
type Heard = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A scanner behind a function, which panics when it is asked for a framework `panic`.
fn scanner(heard: &Heard) -> Arc<dyn ScannerCalls> {
    let heard = Arc::clone(heard);
    Arc::new(move |request: Request<Full<Bytes>>| {
        let heard = Arc::clone(&heard);
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let token = request.headers().get("authorization");
            let token = token.map_or("", |token| token.to_str().unwrap()).to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            assert_ne!(body["targetNames"], json!(["panic"]), "on purpose");
            let busy = line.starts_with("POST");
            heard.lock().unwrap().push((line, token, body));
            let kind = if busy { "busy" } else { "notBusy" };
            let reply = json!({"id": "11111111-2222", "type": kind, "response": ""});
            text(200, "application/json", reply.to_string())
        }
    })
}

fn scan(framework: &str) -> Value {
    json!({"commandName": "kubescapeScan",
        "args": {"scanV1": {"targetType": "Framework", "targetNames": [framework]}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_of_the_process_hears_what_one_elsewhere_would() {
    // Given no address of a scanner, but a scanner in the process.
    let heard = Heard::default();
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        scanner_token: Some("hunter2".to_owned().into()),
        probes: None,
        ..config(folder.path(), &json!({}))
    };
    let embedded = Embedded {
        configurations: Some(scanner(&heard)),
        ..Embedded::default()
    };
    let operator = Operator::embedded(config, embedded).await;
    assert_eq!(operator.role.started.probes, "");
    // When it is told to scan, it calls, and follows the scan to its end.
    let done = operator.command(scan("nsa")).await;
    assert_eq!(
        done,
        ("done".to_owned(), "scan 11111111-2222 is done".to_owned())
    );
    let told = heard.lock().unwrap().clone();
    let lines: Vec<_> = told.iter().map(|(line, ..)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/scan?keep=false",
            "GET /v1/status?ID=11111111-2222",
            "HEAD /v1/results?id=11111111-2222&keep=true"
        ]
    );
    assert_eq!(told[0].2["targetNames"], json!(["nsa"]));
    assert!(told.iter().all(|(_, token, _)| token == "Bearer hunter2"));
    // A panic there is the failure of one action.
    let (status, message) = operator.command(scan("panic")).await;
    assert_eq!(status, "failure");
    assert_eq!(
        message,
        "the scanner of this process: panicked: this is a bug of the scanner"
    );
    assert_eq!(operator.command(scan("mitre")).await.0, "done");
    // Recurring scans of configurations are on with it; images stay away.
    let set = json!({"commandName": "setKubescapeCronJob", "args": {
        "jobParams": {"cronTabSchedule": "0 3 * * *"}, "scanV1": {}}});
    assert_eq!(operator.command(set).await.0, "done");
    let (_, message) = operator
        .command(json!({"commandName": "scan", "wlid": "w"}))
        .await;
    assert!(message.starts_with("kubevuln is not enabled"), "{message}");
    operator.stop().await;
}

/// Another role: it listens, has a health check of its own and essential work.
async fn other(supervisor: &Supervisor) -> String {
    let ready = supervisor.health().register("store", Scope::Ready);
    let bound = Bound::bind("127.0.0.1:0", ServeOptions::default())
        .await
        .unwrap();
    let url = format!("http://{}/", bound.local_addr());
    let handler = |_: Request<hyper::body::Incoming>, _: Peer| async {
        let answer: Response<Body> = text(200, "text/plain", "the other role");
        answer
    };
    let served = bound.serve(handler, supervisor.shutdown());
    supervisor.tasks().essential("http", served);
    ready.ok();
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_live_and_end_together() {
    let supervisor = Supervisor::new(Drain {
        delay: Duration::ZERO,
        deadline: Duration::from_secs(5),
    });
    let url = other(&supervisor).await;
    // Two operators, even: nothing of theirs is shared.
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let heard = Heard::default();
    let mut roles = Vec::new();
    for folder in &folders {
        let embedded = Embedded {
            configurations: Some(scanner(&heard)),
            ..Embedded::default()
        };
        let config = config(folder.path(), &json!({}));
        let role = kubescape_operator::start(config, embedded, &supervisor).await;
        roles.push(role.unwrap());
    }
    assert!(supervisor.health().is_ready());
    let trigger = supervisor.trigger();
    let ended = tokio::spawn(supervisor.run());
    let http = HttpClient::new().unwrap();
    let mut request = Outgoing::new(
        "POST".parse().unwrap(),
        format!("{}/v1/triggerAction", roles[0].started.url),
    );
    request.body = json!({ "commands": [scan("nsa")] }).to_string().into();
    assert_eq!(http.send(&request).await.unwrap().code, 200);
    until(|| {
        roles[0]
            .jobs
            .newest(1)
            .iter()
            .any(|job| job.state.is_over())
    })
    .await;
    assert_eq!(roles[1].jobs.count(), 0);
    for (role, count) in roles.iter().zip([1, 0]) {
        let line =
            "kubescape_operator_commands_total{command=\"kubescapeScan\",outcome=\"done\"} 1";
        let text = role.metrics.text();
        assert_eq!(text.matches(line).count(), count, "{text}");
    }
    let answer = http.send(&Outgoing::new("GET".parse().unwrap(), url)).await;
    assert_eq!(answer.unwrap().body.as_ref(), b"the other role");
    trigger.advance(Phase::Leaving);
    ended.await.unwrap().unwrap();
}
