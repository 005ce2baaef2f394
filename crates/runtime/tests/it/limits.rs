//! Clients that want too much, or too little.

use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Request, Response};
use kubescape_runtime::serve::{
    Body, BodyError, Limits, Peer, ServeOptions, full, read_limited, text,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Authority, Server, frames, get, http1, soon};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_hours(1);

fn limits() -> Limits {
    Limits {
        handshake: LONG,
        head: LONG,
        idle: LONG,
        stalled_write: LONG,
        ping: LONG,
        ..Limits::default()
    }
}

async fn fine(_request: Request<Incoming>, _peer: Peer) -> Response<Body> {
    Response::new(full("fine"))
}

/// Whether the server closes the connection, whatever it says before.
async fn closes(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = soon(stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn silence_and_half_a_head_do_not_keep_a_connection() {
    for start in [
        "",
        "G",
        "GET / HTTP/1.1\r\nhost: a\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let limits = Limits {
            head: SHORT,
            ..limits()
        };
        let options = ServeOptions { limits, tls: None };
        let server = Server::start(options, |_| fine).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        closes(stream).await;
        server.end().await;
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_ended() {
    let mut options = Authority::new().server(None);
    options.limits = Limits {
        handshake: SHORT,
        ..limits()
    };
    let server = Server::start(options, |_| fine).await;
    for start in [b"".as_slice(), b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start).await.unwrap();
        closes(stream).await;
    }
    server.end().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_pause() {
    let limits = Limits {
        idle: SHORT,
        ..limits()
    };
    let server = Server::start(ServeOptions { limits, tls: None }, |_| fine).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.ends_with(b"fine"));
    server.end().await;
}

#[tokio::test]
async fn above_the_limit_new_connections_are_closed_and_old_ones_live() {
    let limits = Limits {
        connections: 2,
        ..limits()
    };
    let server = Server::start(ServeOptions { limits, tls: None }, |_| fine).await;
    let mut first = http1(TcpStream::connect(server.address).await.unwrap()).await;
    let mut second = http1(TcpStream::connect(server.address).await.unwrap()).await;
    assert_eq!(get(&mut first, "/").await.0, 200);
    assert_eq!(get(&mut second, "/").await.0, 200);
    assert_eq!(server.connections.open(), 2);
    closes(TcpStream::connect(server.address).await.unwrap()).await;
    assert_eq!(server.connections.refused(), 1);
    assert_eq!(get(&mut first, "/").await.0, 200);
    server.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    // Given a client that asks for an endless answer and reads nothing of it
    let (dropped, mut was_dropped) = tokio::sync::mpsc::channel::<()>(1);
    let limits = Limits {
        stalled_write: SHORT,
        ..limits()
    };
    let server = Server::start(ServeOptions { limits, tls: None }, |_| {
        move |_request: Request<Incoming>, _peer: Peer| {
            let dropped = dropped.clone();
            async move {
                let block = Bytes::from(vec![b'x'; 1 << 16]);
                Response::new(frames(move || {
                    let _held = &dropped;
                    block.clone()
                }))
            }
        }
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    // When nothing moves for long enough, then its answer is dropped
    while server.connections.open() == 0 {
        tokio::task::yield_now().await;
    }
    soon(async {
        while server.connections.open() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    drop(stream);
    server.end().await;
    assert!(soon(was_dropped.recv()).await.is_none());
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let server = Server::start(
        ServeOptions {
            limits: limits(),
            tls: None,
        },
        |_| fine,
    )
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert!(!answer.ends_with(b"fine"));
    server.end().await;
}

#[tokio::test]
async fn bodies_are_read_up_to_a_limit_and_not_for_ever() {
    let server = Server::start(
        ServeOptions {
            limits: limits(),
            tls: None,
        },
        |_| {
            async |request: Request<Incoming>, _peer: Peer| match read_limited(
                request.into_body(),
                10,
                SHORT,
            )
            .await
            {
                Ok(body) => text(200, "text/plain", body),
                Err(BodyError::TooLarge(limit)) => text(413, "text/plain", limit.to_string()),
                Err(BodyError::TooSlow(_)) => text(408, "text/plain", "slow"),
                Err(error) => text(400, "text/plain", error.to_string()),
            }
        },
    )
    .await;
    for (body, code, said) in [
        ("content-length: 10\r\n\r\n0123456789", "200", "0123456789"),
        ("content-length: 11\r\n\r\n", "413", "10"),
        (
            "transfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n",
            "200",
            "abcdefghij",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nghijk\r\n0\r\n\r\n",
            "413",
            "10",
        ),
        ("content-length: 10\r\n\r\nabc", "408", "slow"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = soon(stream.read_to_string(&mut answer)).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {code}")),
            "{body}: {answer}"
        );
        assert!(answer.ends_with(said), "{body}: {answer}");
    }
    server.end().await;
}
