//! Answers, drains and ends.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::serve::{Body, Bound, BoxError, Peer, ServeOptions, full, page, text};
use kubescape_runtime::{Health, Phase, Scope, Shutdown};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::support::{
    Authority, BOTH, Server, client, frames, get, http1, http2, request, soon, tls,
};

async fn hello(request: Request<Incoming>, peer: Peer) -> Response<Body> {
    let text = format!(
        "{:?} {} tls={}",
        request.version(),
        request.uri().path(),
        peer.tls
    );
    Response::new(full(text))
}

#[tokio::test]
async fn both_protocols_are_served_plain_and_over_tls() {
    let plain = Server::start(ServeOptions::default(), |_| hello).await;
    let mut one = http1(TcpStream::connect(plain.address).await.unwrap()).await;
    assert_eq!(
        get(&mut one, "/a").await,
        (200, "HTTP/1.1 /a tls=false".to_owned())
    );
    let mut two = http2(TcpStream::connect(plain.address).await.unwrap()).await;
    let response = soon(two.send_request(request("http://localhost/b")))
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "HTTP/2.0 /b tls=false");
    plain.end().await;

    let ours = Authority::new();
    let secure = Server::start(ours.server(None), |_| hello).await;
    for (offered, wanted) in [("h2", Some("h2")), ("http/1.1", Some("http/1.1"))] {
        let config = client(&ours.ca.bundle_pem(), None, &[offered], BOTH);
        let stream = tls(secure.address, config).await.unwrap();
        let chosen = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        assert_eq!(chosen.as_deref(), wanted.map(str::as_bytes));
        if offered == "h2" {
            let mut sender = http2(stream).await;
            let response = soon(sender.send_request(request("https://localhost/c")))
                .await
                .unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "HTTP/2.0 /c tls=true");
        } else {
            let mut sender = http1(stream).await;
            assert_eq!(get(&mut sender, "/d").await.1, "HTTP/1.1 /d tls=true");
        }
    }
    secure.end().await;
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let server = Server::start(ServeOptions::default(), |_| {
        async |request: Request<Incoming>, _peer: Peer| {
            assert_ne!(request.uri().path(), "/panic");
            if request.uri().path() == "/panic-later" {
                return Response::new(frames(|| panic!("in the body")));
            }
            Response::new(full("fine"))
        }
    })
    .await;
    let mut sender = http1(TcpStream::connect(server.address).await.unwrap()).await;
    let (code, text) = get(&mut sender, "/panic").await;
    assert_eq!(code, 500);
    let status: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&status["kind"], &status["code"]),
        (&"Status".into(), &500.into())
    );
    assert_eq!(get(&mut sender, "/").await.1, "fine");
    let response = soon(sender.send_request(request("/panic-later"))).await;
    if let Ok(response) = response {
        assert!(soon(response.into_body().collect()).await.is_err());
    }
    let mut another = http1(TcpStream::connect(server.address).await.unwrap()).await;
    assert_eq!(get(&mut another, "/").await.1, "fine");
    server.end().await;
}

/// Frames that a task sends.
fn channel() -> (tokio::sync::mpsc::Sender<Bytes>, Body) {
    struct Received(tokio::sync::mpsc::Receiver<Bytes>);
    impl hyper::body::Body for Received {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.0
                .poll_recv(context)
                .map(|data| Some(Ok(Frame::data(data?))))
        }
    }
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    (sender, Received(receiver).boxed_unsync())
}

/// `/slow` answers when told; `/watch` ends when asked to; `/deaf` never ends.
fn lasting(
    shutdown: Shutdown,
    entered: Arc<Notify>,
    release: Arc<Notify>,
) -> impl Fn(Request<Incoming>, Peer) -> std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>>
+ Send
+ Sync
+ 'static {
    move |request, _peer| {
        let (shutdown, entered, release) = (shutdown.clone(), entered.clone(), release.clone());
        Box::pin(async move {
            entered.notify_one();
            match request.uri().path() {
                "/slow" => {
                    release.notified().await;
                    Response::new(full("done"))
                }
                path => {
                    let deaf = path == "/deaf";
                    let (sender, body) = channel();
                    tokio::spawn(async move {
                        let _ = sender.send(Bytes::from_static(b"event\n")).await;
                        if deaf {
                            sender.closed().await;
                        } else {
                            shutdown.requested().await;
                            let _ = sender.send(Bytes::from_static(b"bye\n")).await;
                        }
                    });
                    Response::new(body)
                }
            }
        })
    }
}

#[tokio::test]
async fn a_drain_answers_what_is_under_way_and_lets_watches_end_themselves() {
    // Given a request under way, a watch, and an idle connection, over both protocols
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = Server::start(ServeOptions::default(), |shutdown| {
        lasting(shutdown, entered.clone(), release.clone())
    })
    .await;
    let connect = || async { TcpStream::connect(server.address).await.unwrap() };
    let mut slow = http1(connect().await).await;
    let slow = tokio::spawn(async move { get(&mut slow, "/slow").await });
    soon(entered.notified()).await;
    let mut watch = http2(connect().await).await;
    let response = soon(watch.send_request(request("http://localhost/watch")))
        .await
        .unwrap();
    let mut body = response.into_body();
    let first = soon(body.frame())
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap();
    assert_eq!(first, "event\n");
    let mut idle = http1(connect().await).await;

    // When the end is asked for
    server.trigger.advance(Phase::Draining);

    // Then the watch says goodbye, the idle connection closes, nobody new comes in,
    // and the request is answered
    assert_eq!(soon(body.collect()).await.unwrap().to_bytes(), "bye\n");
    while soon(idle.ready()).await.is_ok() {
        if idle.send_request(request("/")).await.is_err() {
            break;
        }
    }
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.done.is_finished());
    release.notify_one();
    assert_eq!(soon(slow).await.unwrap(), (200, "done".to_owned()));
    soon(server.done).await.unwrap();
    assert_eq!(server.connections.open(), 0);
}

#[tokio::test]
async fn at_the_deadline_what_is_still_open_is_cut_and_seen_to_be_cut() {
    for two in [false, true] {
        let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let server = Server::start(ServeOptions::default(), |shutdown| {
            lasting(shutdown, entered.clone(), release.clone())
        })
        .await;
        let stream = TcpStream::connect(server.address).await.unwrap();
        let response = if two {
            soon(
                http2(stream)
                    .await
                    .send_request(request("http://localhost/deaf")),
            )
            .await
        } else {
            soon(http1(stream).await.send_request(request("/deaf"))).await
        };
        let mut body = response.unwrap().into_body();
        assert!(soon(body.frame()).await.unwrap().is_ok());
        server.trigger.advance(Phase::Draining);
        tokio::task::yield_now().await;
        assert!(!server.done.is_finished());
        server.trigger.advance(Phase::Forced);
        soon(server.done).await.unwrap();
        // Not a clean end: the client must not take it for one.
        assert!(soon(body.collect()).await.is_err());
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let first = Bound::bind("127.0.0.1:0", ServeOptions::default())
        .await
        .unwrap();
    let address = first.local_addr().to_string();
    let error = Bound::bind(&address, ServeOptions::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(&address), "{error}");
    let error = Bound::bind("nonsense", ServeOptions::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("nonsense"), "{error}");
    let any = Bound::bind("[::]:0", ServeOptions::default())
        .await
        .unwrap();
    assert_ne!(any.local_addr().port(), 0);
}

#[tokio::test]
async fn every_role_has_its_pages() {
    let server = Server::start(ServeOptions::default(), |shutdown| {
        let health = Health::new(shutdown);
        health.register("first-data", Scope::Ready);
        let metrics = Metrics::new();
        move |request: Request<Incoming>, _peer: Peer| {
            let answer = page(&request, &health, Some(&metrics));
            async move { answer.unwrap_or_else(|| text(404, "text/plain", "")) }
        }
    })
    .await;
    let mut sender = http1(TcpStream::connect(server.address).await.unwrap()).await;
    assert_eq!(get(&mut sender, "/livez").await, (200, "ok".to_owned()));
    assert_eq!(get(&mut sender, "/readyz?verbose").await.0, 500);
    let (code, metrics) = get(&mut sender, "/metrics").await;
    assert!(
        code == 200 && metrics.contains("process_open_fds"),
        "{metrics}"
    );
    assert_eq!(get(&mut sender, "/apis").await.0, 404);
    server.end().await;
}
