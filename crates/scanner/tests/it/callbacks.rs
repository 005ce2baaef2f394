//! Callbacks: to whom, and what they say.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::work::Fate;
use crate::world::{World, object, world, world_with};

fn allowing(networks: &str, fates: impl IntoIterator<Item = Fate>) -> World {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let env = [
        ("KS_CALLBACK_ENABLED", "true"),
        ("KS_CALLBACK_ALLOWED_CIDRS", networks),
    ];
    world_with(fates, &env, Vec::new(), folder)
}

/// Takes one request, and answers it with that status.
async fn take(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut text = String::new();
    let mut piece = [0; 4096];
    while !text.ends_with('}') {
        let count = stream.read(&mut piece).await.unwrap();
        assert!(count > 0, "the request ended early: {text}");
        text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    let answer =
        format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    text
}

#[tokio::test]
async fn callbacks_are_off_until_they_are_switched_on() {
    let world = world([]);
    let answer = world
        .post("/v1/scan?callback=https://example.com/", "{}")
        .await;
    assert_eq!(answer.code, 400);
    assert!(answer.said().contains("KS_CALLBACK_ENABLED"));
    assert!(world.work.scanned().is_empty());
}

#[tokio::test]
async fn addresses_inside_are_refused_at_once() {
    let world = allowing("10.1.0.0/16", []);
    for (url, said) in [
        ("http://127.0.0.1:8080/v1/scan", "127.0.0.1 is not public"),
        ("http://[::1]/", "::1 is not public"),
        ("http://169.254.169.254/latest/meta-data", "is not public"),
        ("http://10.2.0.1/", "is not public"),
        ("http://[::ffff:192.168.0.1]/", "is not public"),
        ("ftp://example.com/", "give a URL such as"),
        ("example.com", "give a URL such as"),
        ("http://me:pw@example.com/", "must not have a user"),
    ] {
        let answer = world.post(&format!("/v1/scan?callback={url}"), "{}").await;
        assert_eq!(answer.code, 400, "{url}");
        assert!(answer.said().contains(said), "{url}: {}", answer.said());
    }
    assert!(world.work.scanned().is_empty());
}

#[tokio::test]
async fn the_end_of_a_scan_is_told_with_its_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = allowing("127.0.0.0/8", [Fate::Done, Fate::Failed("no cluster")]);
    let path = format!("/v1/scan?callback=http://127.0.0.1:{port}/done%3Fa=b");
    let id = world.post(&path, "{}").await.id();
    let request = take(&listener, "204 No Content").await;
    assert!(
        request.starts_with("POST /done?a=b HTTP/1.1\r\n"),
        "{request}"
    );
    let body = format!(r#"{{"error":"","id":"{id}","status":"done"}}"#);
    assert!(request.ends_with(&body), "{request}");
    // A redirect is no success and is not followed: it is tried again.
    let id = world.post(&path, &object("a")).await.id();
    take(&listener, "302 Found").await;
    let request = take(&listener, "200 OK").await;
    let body = format!(r#"{{"error":"no cluster","id":"{id}","status":"failed"}}"#);
    assert!(request.ends_with(&body), "{request}");
}

#[tokio::test]
async fn a_name_is_judged_by_the_address_that_it_has_when_it_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = allowing("10.1.0.0/16", []);
    let path = format!("/v1/scan?callback=http://localhost:{port}/");
    assert_eq!(world.post(&path, "{}").await.code, 200);
    // All tries are refused before anything is dialled.
    tokio::time::pause();
    loop {
        let page = world.get("/v1/metrics").await.text;
        if page.contains("kubescape_scanner_callbacks_total{outcome=\"failed\"} 1") {
            break;
        }
        tokio::time::advance(std::time::Duration::from_millis(100)).await;
    }
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(1), listener.accept());
    assert!(nobody.await.is_err());
}
