//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;

use super::activity::{Activity, Counted};
use super::body::{self, Body};
use super::stall::Patient;
use super::{Handler, Limits, Peer, listener};
use crate::panics;
use crate::shutdown::Shutdown;
use crate::tls::ClientJudge;
use crate::tls::{ClientCertificate, ClientRoots};

/// For which a client may leave a closing connection open.
const GOODBYE: Duration = Duration::from_secs(1);

/// What all connections of a listener share.
pub(super) struct Connector<H> {
    handler: H,
    acceptor: Option<TlsAcceptor>,
    roots: Option<ClientRoots>,
    limits: Limits,
    shutdown: Shutdown,
    builder: auto::Builder<TokioExecutor>,
}

/// What all requests of a connection share.
struct Origin {
    remote: SocketAddr,
    local: SocketAddr,
    tls: bool,
    judge: Option<ClientJudge>,
}

impl Origin {
    fn peer(&self) -> Peer {
        Peer {
            remote: self.remote,
            local: self.local,
            tls: self.tls,
            client: self
                .judge
                .as_ref()
                .map_or(ClientCertificate::None, |judge| {
                    judge.client(SystemTime::now())
                }),
        }
    }
}

impl<H: Handler> Connector<H> {
    pub(super) fn new(
        handler: H,
        acceptor: Option<TlsAcceptor>,
        roots: Option<ClientRoots>,
        limits: Limits,
        shutdown: Shutdown,
    ) -> Self {
        let builder = builder(&limits);
        Self {
            handler,
            acceptor,
            roots,
            limits,
            shutdown,
            builder,
        }
    }

    /// Serves a connection to its end; `permit` is its place among the others.
    pub(super) async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let forced = self.shutdown.clone();
        tokio::select! {
            () = forced.forced() => {}
            () = self.serve(stream, remote) => {}
        }
        drop(permit);
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, remote: SocketAddr) {
        let (remote, local) = listener::ends(&stream, remote);
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.limits.stalled_write);
        let mut origin = Origin {
            remote,
            local,
            tls: self.acceptor.is_some(),
            judge: None,
        };
        let Some(acceptor) = self.acceptor.clone() else {
            return self.talk(stream, origin).await;
        };
        let handshake = tokio::time::timeout(self.limits.handshake, acceptor.accept(stream));
        let stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%remote, error = %error, "TLS handshake failed");
                return;
            }
            Err(_) => {
                tracing::debug!(%remote, "TLS handshake took too long");
                return;
            }
        };
        if let Some(roots) = &self.roots
            && let Some(chain) = stream.get_ref().1.peer_certificates()
            && !chain.is_empty()
        {
            let chain = chain.iter().map(|one| one.clone().into_owned()).collect();
            origin.judge = Some(ClientJudge::new(chain, roots.clone()));
        }
        self.talk(stream, origin).await;
    }

    async fn talk<S>(self: Arc<Self>, stream: S, origin: Origin)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let remote = origin.remote;
        let idle = activity.idle(self.limits.head, self.limits.idle);
        let connector = self.clone();
        let origin = Arc::new(origin);
        let service = service_fn(move |request: Request<Incoming>| {
            let (connector, origin) = (connector.clone(), origin.clone());
            let guard = activity.begin();
            async move {
                let response = connector.answer(request, origin.peer()).await;
                Ok::<_, Infallible>(response.map(|body| Counted::new(body, guard)))
            }
        });
        let mut connection = pin!(
            self.builder
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            result = connection.as_mut() => Some(result),
            () = self.shutdown.requested() => None,
            () = idle => {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(GOODBYE, connection.as_mut()).await;
                return;
            }
        };
        let result = if let Some(result) = ended {
            result
        } else {
            connection.as_mut().graceful_shutdown();
            connection.await
        };
        if let Err(error) = result {
            tracing::debug!(%remote, error = %error, "connection ended");
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let line = format!("{} {}", request.method(), request.uri().path());
        match panics::caught(async { self.handler.call(request, peer).await }).await {
            Ok(response) => response,
            Err(panic) => {
                tracing::error!(request = %line, panic = %panic, "a request panicked");
                body::text(500, "application/json", INTERNAL)
            }
        }
    }
}

/// A `Status`, as every failed answer of an API is one.
const INTERNAL: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"an error on the server has prevented the request from succeeding","reason":"InternalError","code":500}"#;

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let head = usize::try_from(limits.head_bytes).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        // hyper panics below 8 KiB.
        .max_buf_size(head.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.head_bytes)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping);
    builder
}
