//! Serving HTTP/1.1 and HTTP/2, plain or over TLS, within limits, until told to stop.

mod activity;
mod body;
mod connection;
mod listener;
mod pages;
mod stall;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::tls::{ClientCertificate, ClientRoots, Identity, TlsError};

pub use body::{Body, BodyError, BoxError, Gathered, empty, full, next_piece, read_limited, text};
pub use listener::{Bound, Connections};
pub use pages::page;

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The other end of the connection; a proxy, perhaps.
    pub remote: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The client's certificate, judged at the moment of this request.
    pub client: ClientCertificate,
}

/// Answers requests. Implemented by every fitting closure.
///
/// A panic answers 500 with a `Status` and ends the request alone. A request whose
/// answer lasts (a watch) should hold a [`crate::Shutdown`] and end its body by
/// itself once that is requested: at the deadline, connections are cut.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request. Dropped when the client goes away.
    fn call(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send;
}

impl<F, R> Handler for F
where
    F: Fn(Request<Incoming>, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send,
{
    fn call(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send {
        self(request, peer)
    }
}

/// How a listener serves.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// TLS, or none: plain HTTP.
    pub tls: Option<TlsOptions>,
    /// Bounds on what clients may take.
    pub limits: Limits,
}

/// The TLS side of a listener.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// The certificate to show.
    pub identity: Identity,
    /// Roots for client certificates; `None`: clients are not asked for one.
    pub client_roots: Option<ClientRoots>,
}

/// Bounds on what clients may take of a listener.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; more are closed as they come, and counted.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of a request's head.
    pub head_bytes: u32,
    /// From accepting to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the connection to its first request, and for the head of each request
    /// on HTTP/1.1, where it also bounds the pause between requests.
    pub head: Duration,
    /// Pause between requests on HTTP/2.
    pub idle: Duration,
    /// For which a client may take none of what is written to it.
    pub stalled_write: Duration,
    /// Between pings on HTTP/2; a client that does not answer one as long is gone.
    pub ping: Duration,
}

impl Default for Limits {
    /// Those of Go's API servers where they have one.
    fn default() -> Self {
        Self {
            connections: 4096,
            streams: 250,
            head_bytes: 64 * 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(32),
            idle: Duration::from_secs(90),
            stalled_write: Duration::from_mins(1),
            ping: Duration::from_secs(30),
        }
    }
}

/// Why a listener does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}: give another address, or stop what has it")]
    Bind {
        /// As it was asked for.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The TLS side is not usable.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
