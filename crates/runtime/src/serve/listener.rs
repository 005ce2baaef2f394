//! Accepts connections.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::connection::Connector;
use super::{Handler, ServeError, ServeOptions};
use crate::shutdown::Shutdown;
use crate::tls;

/// How long to wait when the system has no descriptors or memory for a connection.
const BREATH: Duration = Duration::from_millis(100);

/// Numbers of a listener, for metrics. Clones share them.
#[derive(Clone, Debug)]
pub struct Connections {
    room: Arc<Semaphore>,
    most: usize,
    refused: Arc<AtomicU64>,
}

impl Connections {
    /// Connections open now.
    pub fn open(&self) -> usize {
        self.most.saturating_sub(self.room.available_permits())
    }

    /// Connections closed at once because too many were open, ever.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// A bound listener: connections queue in the system until [`Bound::serve`].
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    options: ServeOptions,
    connections: Connections,
}

impl Bound {
    /// Binds `HOST:PORT` (`[::]:8443`, `localhost:0`). `[::]` takes IPv4, too, and
    /// falls back to `0.0.0.0` where the system has no IPv6. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// The address cannot be had, or the TLS side is not usable.
    pub async fn bind(address: &str, options: ServeOptions) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Bind {
            address: address.to_owned(),
            source,
        };
        let acceptor = match &options.tls {
            Some(tls) => Some(TlsAcceptor::from(tls::server_config(
                &tls.identity,
                tls.client_roots.as_ref(),
            )?)),
            None => None,
        };
        let listener = match TcpListener::bind(address).await {
            Err(error) => match fallback(address) {
                Some(other) if error.kind() != std::io::ErrorKind::AddrInUse => {
                    TcpListener::bind(other).await
                }
                _ => Err(error),
            },
            bound => bound,
        }
        .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // Semaphores have a greatest size; nobody has that many connections.
        let most = options.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            listener,
            address,
            acceptor,
            options,
            connections: Connections {
                room: Arc::new(Semaphore::new(most)),
                most,
                refused: Arc::default(),
            },
        })
    }

    /// The address with the port that was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its numbers; stay valid while it serves.
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Serves until `shutdown` is requested and every connection has ended. Then
    /// the listener is closed first, idle connections next, busy ones when their
    /// requests are answered; at [`crate::Phase::Forced`] the rest is cut. Dropping
    /// the future cuts everything at once.
    ///
    /// # Errors
    ///
    /// None at present; made for [`crate::Tasks::essential`].
    pub async fn serve<H: Handler>(self, handler: H, shutdown: Shutdown) -> Result<(), ServeError> {
        let limits = &self.options.limits;
        let roots = self.options.tls.as_ref();
        let connector = Arc::new(Connector::new(
            handler,
            self.acceptor,
            roots.and_then(|tls| tls.client_roots.clone()),
            limits.clone(),
            shutdown.clone(),
        ));
        // Dropped with this future: aborts what it holds.
        let mut open = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                Some(_) = open.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, remote)) => {
                        if let Some(permit) = self.connections.admit() {
                            open.spawn(connector.clone().run(stream, remote, permit));
                        }
                    }
                    Err(error) => {
                        tracing::warn!(error = %error, "cannot accept a connection");
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
        drop(self.listener);
        while open.join_next().await.is_some() {}
        Ok(())
    }
}

impl Connections {
    fn admit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = self.room.clone().try_acquire_owned().ok();
        if permit.is_none() {
            // A flood must not flood the log: tell at 1, 2, 4, 8 …
            let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
            if refused.is_power_of_two() {
                tracing::warn!(
                    refused,
                    most = self.most,
                    "too many connections: closing new ones"
                );
            }
        }
        permit
    }
}

/// IPv4's form of "any address" for IPv6's.
fn fallback(address: &str) -> Option<SocketAddr> {
    let address: SocketAddr = address.parse().ok()?;
    (address.ip() == Ipv6Addr::UNSPECIFIED).then(|| ([0, 0, 0, 0], address.port()).into())
}

/// Ends of a connection.
pub(super) fn ends(stream: &TcpStream, remote: SocketAddr) -> (SocketAddr, SocketAddr) {
    (remote, stream.local_addr().unwrap_or(remote))
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Bound({}, tls: {})",
            self.address,
            self.acceptor.is_some()
        )
    }
}
