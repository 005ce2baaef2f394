//! Sending, to receivers of all kinds.

use std::time::Duration;

use kubescape_report::{Facts, Parts};
use kubescape_runtime::Secret;
use kubescape_runtime::outgoing::HttpClient;
use kubescape_scan::Scan;
use kubescape_submit::{
    Account, Backend, Chunks, Destination, Patience, Progress, Sent, SubmitError, send,
};
use serde_json::Value;

use crate::receiver::{Receiver, Reply, TAKEN};
use crate::scans::{ACCOUNT, cluster_facts, crowd, report};
use crate::whole::joined;

const KEY: &str = "k3y-of-the-account";

/// Makes some messages of the crowd.
const LIMIT: usize = 12_000;

/// No test should wait for people.
const QUICK: Patience = Patience {
    attempt: Duration::from_secs(20),
    tries: 3,
    first_pause: Duration::from_millis(2),
    longest_pause: Duration::from_secs(2),
    whole: Duration::from_mins(1),
};

fn to(backend: Backend) -> Destination {
    let account = Account::new(ACCOUNT, &Secret::new(KEY.to_owned())).unwrap();
    Destination { backend, account }
}

fn scan() -> Scan {
    crowd(&["C-0016", "C-0041"])
}

async fn send_to(
    to: &Destination,
    patience: &Patience,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sent, SubmitError> {
    let (scan, facts) = (scan(), cluster_facts());
    let chunks = Chunks::new(Parts::for_backend(&scan, &facts), LIMIT).unwrap();
    let http = HttpClient::new().unwrap();
    send(&http, to, patience, chunks, &facts, progress).await
}

async fn submit(replies: impl IntoIterator<Item = Reply>) -> (Receiver, Result<Sent, SubmitError>) {
    let receiver = Receiver::start(replies).await;
    let to = to(Backend::receiver(&receiver.url).unwrap());
    let sent = send_to(&to, &QUICK, &mut |_| {}).await;
    (receiver, sent)
}

fn bodies(receiver: &Receiver) -> Vec<Value> {
    let got = receiver.got().into_iter();
    got.map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect()
}

fn numbers(receiver: &Receiver) -> Vec<u64> {
    let bodies = bodies(receiver).into_iter();
    bodies
        .map(|body| body["paginationInfo"]["chunkNumber"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_report_arrives_whole_and_in_order() {
    let receiver = Receiver::start([]).await;
    let to = to(Backend::receiver(&receiver.url).unwrap());
    let mut heard = Vec::new();
    let sent = send_to(&to, &QUICK, &mut |progress| heard.push(progress))
        .await
        .unwrap();

    let got = receiver.got();
    assert!(got.len() > 2, "{}", got.len());
    let report_id = &sent.report;
    let line = format!(
        "POST /k8s/v2/postureReport?customerGUID={ACCOUNT}&contextName=kind%2Fprod&clusterName=kind-prod&reportGUID={report_id}"
    );
    for request in &got {
        assert_eq!(request.line, line);
        assert_eq!(request.headers["x-api-key"], KEY);
        assert_eq!(request.headers["content-type"], "application/json");
    }
    let whole = joined(&bodies(&receiver));
    let wanted = report(&scan(), &cluster_facts());
    assert_eq!(whole["resources"], wanted["resources"]);
    assert_eq!(whole["summaryDetails"], wanted["summaryDetails"]);
    assert_eq!(whole["customerGUID"], ACCOUNT);
    assert_eq!(whole["reportGUID"], report_id.as_str());

    assert_eq!(sent.chunks, got.len());
    let bytes: usize = got.iter().map(|request| request.body.len()).sum();
    assert_eq!(sent.bytes, bytes as u64);
    assert_eq!((sent.message.as_str(), sent.omitted), ("taken", 0));
    assert_eq!(heard.len(), got.len());
    let (done, all) = heard.last().unwrap().items;
    assert_eq!(done, all);
    assert!(heard[0].items.0 < all);
}

#[tokio::test]
async fn failures_that_pass_are_tried_again_with_the_same_bytes() {
    let (receiver, sent) = submit([
        Reply::Answer(503, "", "busy"),
        Reply::Cut,
        TAKEN,
        Reply::CutEarly,
        Reply::Answer(429, "retry-after: 0\r\n", ""),
    ])
    .await;
    let sent = sent.unwrap();
    let numbers = numbers(&receiver);
    assert_eq!(numbers[..4], [0, 0, 0, 1]);
    assert_eq!(numbers[4], 1);
    let got = receiver.got();
    assert_eq!(got[0].body, got[1].body);
    assert_eq!(got[0].body, got[2].body);
    // Beside what was taken there were two refused, and one that was cut.
    assert_eq!(got.len(), sent.chunks + 3);
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_tried_again_and_not_shown() {
    let refusal = r#"{"message":"who is k3y-of-the-account?"}"#;
    let (receiver, sent) = submit([TAKEN, Reply::Answer(401, "", refusal)]).await;
    let error = sent.unwrap_err();
    assert_eq!(numbers(&receiver), [0, 1]);
    let host = receiver.url.trim_start_matches("http://");
    assert_eq!(
        error.to_string(),
        format!(
            "backend {host} refused chunk 1 of the report with 401 (\"who is ***?\"): check account and access key (KS_ACCOUNT_ID, KS_ACCESS_KEY)"
        )
    );
    assert!(!format!("{error:?}").contains(KEY));
}

#[tokio::test]
async fn other_refusals_are_not_tried_again_and_say_what_to_do() {
    for (reply, said) in [
        (
            Reply::Answer(404, "", ""),
            "no event receiver at this address",
        ),
        (Reply::Answer(413, "", ""), "bodies of 2 MiB"),
        (
            Reply::Answer(400, "", "no account"),
            "(\"no account\"): see what it says",
        ),
        (
            Reply::Answer(302, "location: http://127.0.0.1:1/\r\n", ""),
            "it is elsewhere",
        ),
    ] {
        let (receiver, sent) = submit([reply]).await;
        let error = sent.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(receiver.got().len(), 1);
    }
}

#[tokio::test]
async fn a_receiver_in_trouble_is_given_up_after_some_tries() {
    let down = || Reply::Answer(500, "", "");
    let (receiver, sent) = submit([down(), down(), down(), TAKEN]).await;
    let error = sent.unwrap_err();
    assert!(matches!(
        error,
        SubmitError::Refused {
            code: 500,
            chunk: 0,
            ..
        }
    ));
    assert!(error.to_string().contains("submit again later"), "{error}");
    assert_eq!(receiver.got().len(), 3);
}

#[tokio::test]
async fn a_pause_that_is_too_long_is_not_waited_for() {
    let (receiver, sent) = submit([Reply::Answer(429, "retry-after: 3600\r\n", "")]).await;
    let error = sent.unwrap_err().to_string();
    assert!(error.contains("asks for a pause of 3600s"), "{error}");
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_after_the_patience_for_it() {
    let receiver = Receiver::start([Reply::Hang, Reply::Hang]).await;
    let to = to(Backend::receiver(&receiver.url).unwrap());
    let patience = Patience {
        attempt: Duration::from_millis(300),
        tries: 2,
        ..QUICK
    };
    let error = send_to(&to, &patience, &mut |_| {}).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("(2 times tried)"), "{said}");
    assert!(said.contains("did not answer within 300ms"), "{said}");
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn the_whole_has_an_end_too() {
    let receiver = Receiver::start([TAKEN, Reply::Hang]).await;
    let to = to(Backend::receiver(&receiver.url).unwrap());
    let patience = Patience {
        whole: Duration::from_millis(500),
        ..QUICK
    };
    let error = send_to(&to, &patience, &mut |_| {}).await.unwrap_err();
    assert!(
        matches!(error, SubmitError::Late { chunk: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_there_is_said_with_its_address() {
    // Given a port that nobody listens at any more
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let to = to(Backend::receiver(&format!("http://{host}")).unwrap());
    let error = send_to(&to, &QUICK, &mut |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!(
            "chunk 0 of the report does not reach backend {host} (3 times tried): connection refused"
        )),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_tells_where_its_event_receiver_is() {
    let receiver = Receiver::start([]).await;
    let reply = format!(
        r#"{{"version":"v2","response":{{"event-receiver-http":"{}/base/"}}}}"#,
        receiver.url
    );
    let server = Receiver::start([Reply::Answer(200, "", reply.leak())]).await;
    let to = to(Backend::server(&server.url).unwrap());
    let sent = send_to(&to, &QUICK, &mut |_| {}).await.unwrap();
    let asked = server.got();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "GET /api/v2/servicediscovery");
    // The key is for the event receiver alone.
    assert!(!asked[0].headers.contains_key("x-api-key"));
    assert_eq!(receiver.got().len(), sent.chunks);
    assert!(
        receiver.got()[0]
            .line
            .starts_with("POST /base/k8s/v2/postureReport?")
    );
}

#[tokio::test]
async fn a_server_without_service_discovery_is_the_event_receiver() {
    let server = Receiver::start([Reply::Answer(404, "", "")]).await;
    let to = to(Backend::server(&server.url).unwrap());
    let sent = send_to(&to, &QUICK, &mut |_| {}).await.unwrap();
    assert_eq!(server.got().len(), 1 + sent.chunks);
}

#[tokio::test]
async fn a_server_that_says_something_else_is_not_guessed_at() {
    for (reply, said) in [
        (Reply::Answer(200, "", "<html>"), "is not JSON"),
        (Reply::Answer(200, "", "{}"), "names no event-receiver-http"),
        (Reply::Answer(403, "", ""), "it answered 403"),
    ] {
        let server = Receiver::start([reply]).await;
        let to = to(Backend::server(&server.url).unwrap());
        let error = send_to(&to, &QUICK, &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, SubmitError::Discovery { .. }));
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(server.got().len(), 1);
    }
}

#[tokio::test]
async fn without_account_and_key_none_is_made_up() {
    let receiver = Receiver::start([]).await;
    let to = Destination {
        backend: Backend::receiver(&receiver.url).unwrap(),
        account: Account::default(),
    };
    let (scan, facts) = (
        scan(),
        Facts {
            submission: Some(kubescape_report::Submission::default()),
            ..cluster_facts()
        },
    );
    let chunks = Chunks::of(&scan, &facts).unwrap();
    let http = HttpClient::new().unwrap();
    send(&http, &to, &QUICK, chunks, &facts, &mut |_| {})
        .await
        .unwrap();
    let got = receiver.got();
    assert!(got[0].line.contains("?customerGUID=&"), "{}", got[0].line);
    assert!(!got[0].headers.contains_key("x-api-key"));
    let body = &bodies(&receiver)[0];
    assert_eq!(body["customerGUID"], "");
    assert_eq!(body["customerGUIDGenerated"], false);
}
