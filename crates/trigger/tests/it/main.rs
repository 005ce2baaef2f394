//! A CronJob's request, as charts write it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

use std::time::Duration;

use kubescape_trigger::{Failed, Flags, FlagsError, Pace, send};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn flags(arguments: &[&str]) -> Result<Flags, FlagsError> {
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    Flags::parse(&arguments)
}

const QUICK: Pace = Pace {
    patience: Duration::from_secs(20),
    retries: 2,
    pause: Duration::from_millis(1),
};

/// Answers one request with a status, and gives back what it was.
async fn server(code: u16) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            let count = stream.read(&mut buffer).await.unwrap();
            heard.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&heard);
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            let wanted = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if head.len() < text.len() && body.len() >= wanted {
                break;
            }
        }
        let answer = format!("HTTP/1.1 {code} X\r\ncontent-length: 2\r\n\r\nok");
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(heard).unwrap()
    });
    (host, heard)
}

#[tokio::test]
async fn the_charts_own_arguments_post_the_body() {
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("request-body.json");
    std::fs::write(&body, r#"{"commands":[]}"#).unwrap();
    let (host, heard) = server(200).await;
    let flags = flags(&[
        "-method=post",
        "-scheme=http",
        &format!("-host={host}"),
        "-path=v1/triggerAction",
        "-headers=\"Content-Type:application/json\"",
        &format!("-path-body={}", body.display()),
    ])
    .unwrap();
    assert_eq!(send(&flags, QUICK).await.unwrap(), 200);
    let heard = heard.await.unwrap();
    assert!(
        heard.starts_with("POST /v1/triggerAction HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("content-type: application/json\r\n"),
        "{heard}"
    );
    assert!(heard.ends_with("\r\n\r\n{\"commands\":[]}"), "{heard}");
}

#[tokio::test]
async fn delete_is_delete_and_a_no_is_a_failure() {
    let (host, heard) = server(503).await;
    let flags = flags(&["--method", "Delete", "--host", &host]).unwrap();
    let failed = send(&flags, QUICK).await.unwrap_err();
    assert!(matches!(failed, Failed::Status { code: 503, .. }));
    assert!(heard.await.unwrap().starts_with("DELETE / HTTP/1.1\r\n"));
}

#[tokio::test]
async fn nobody_listening_is_tried_again_and_then_said() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = free.local_addr().unwrap().to_string();
    drop(free);
    let flags = flags(&["-method", "get", "-host", &host]).unwrap();
    let failed = send(&flags, QUICK).await.unwrap_err();
    assert_eq!(failed.to_string(), format!("connection refused by {host}"));
}

#[tokio::test]
async fn the_answer_goes_to_a_file_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("answer");
    let (host, _) = server(200).await;
    let flags = flags(&[
        "-method",
        "get",
        "-host",
        &host,
        "-path-output",
        output.to_str().unwrap(),
    ]);
    assert_eq!(send(&flags.unwrap(), QUICK).await.unwrap(), 200);
    assert_eq!(std::fs::read(&output).unwrap(), b"ok");
}

#[test]
fn flags_are_those_of_go() {
    let all = flags(&[
        "-method",
        "GET",
        "--scheme",
        "HTTPS",
        "-host",
        "a:1",
        "-path",
        "/b?c=d",
        "-headers",
        "X-One: 1 ;X-Two:a:b;",
        "-skip-ssl-verify",
        "legacy",
        "-x",
    ])
    .unwrap();
    assert_eq!(all.url, "https://a:1/b?c=d");
    assert_eq!(all.headers.len(), 2);
    assert_eq!(all.headers[1].1, "a:b");
    assert!(all.skip_ssl_verify);
    assert_eq!(flags(&["-host=a"]), Err(FlagsError::Missing("method")));
    assert_eq!(flags(&["-method=get"]), Err(FlagsError::Missing("host")));
    assert_eq!(
        flags(&["-method"]),
        Err(FlagsError::NoValue("method".to_owned()))
    );
    assert_eq!(
        flags(&["-methods=a"]),
        Err(FlagsError::Unknown("methods".to_owned()))
    );
    assert!(matches!(
        flags(&["-method=steal", "-host=a"]),
        Err(FlagsError::Method(_))
    ));
    assert!(matches!(
        flags(&["-method=get", "-host=a", "-scheme=ftp"]),
        Err(FlagsError::Scheme(_))
    ));
    let secret = flags(&["-method=get", "-host=a", "-headers=a:b;hunter2"]).unwrap_err();
    assert_eq!(secret, FlagsError::Header(2));
    assert!(!secret.to_string().contains("hunter2"));
}

proptest! {
    #[test]
    fn no_arguments_panic(arguments in proptest::collection::vec("[-a-z=:;\"]{0,20}", 0..6)) {
        let _ = Flags::parse(&arguments);
    }
}
