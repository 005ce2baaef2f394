//! A server and its clients on loopback.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Frame;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubescape_runtime::serve::{Body, Bound, BoxError, Handler, ServeOptions, TlsOptions};
use kubescape_runtime::tls::{ClientRoots, Identity, Issued, OwnCa};
use kubescape_runtime::{Phase, Shutdown, ShutdownTrigger};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Nothing in these tests takes nearly as long; a wait that does has no end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The value of a future that has to end.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("takes too long")
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) done: tokio::task::JoinHandle<()>,
    pub(crate) connections: kubescape_runtime::serve::Connections,
}

impl Server {
    /// A server with a handler made from its shutdown token.
    pub(crate) async fn start<H: Handler>(
        options: ServeOptions,
        make: impl FnOnce(Shutdown) -> H,
    ) -> Self {
        let bound = Bound::bind("127.0.0.1:0", options).await.unwrap();
        let (trigger, shutdown) = Shutdown::new();
        let handler = make(shutdown.clone());
        let address = bound.local_addr();
        let connections = bound.connections();
        let done = tokio::spawn(async move { bound.serve(handler, shutdown).await.unwrap() });
        Self {
            address,
            trigger,
            done,
            connections,
        }
    }

    pub(crate) async fn end(self) {
        self.trigger.advance(Phase::Forced);
        soon(self.done).await.unwrap();
    }
}

/// Our own CA in a folder of its own.
pub(crate) struct Authority {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ca: OwnCa,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::at(SystemTime::now())
    }

    pub(crate) fn at(now: SystemTime) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = OwnCa::open_or_create(&folder.path().join("ca.pem"), now).unwrap();
        Self { folder, ca }
    }

    pub(crate) fn client(&self, name: &str, group: Option<&str>) -> Issued {
        self.ca
            .issue_client(name, group, SystemTime::now())
            .unwrap()
    }

    pub(crate) fn server(&self, roots: Option<ClientRoots>) -> ServeOptions {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        ServeOptions {
            tls: Some(TlsOptions {
                identity: Identity::from_own_ca(&self.ca, &names, SystemTime::now()).unwrap(),
                client_roots: roots,
            }),
            ..ServeOptions::default()
        }
    }
}

/// The settings of a TLS client.
pub(crate) fn client(
    bundle: &str,
    certificate: Option<&Issued>,
    protocols: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(one.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(issued) => builder
            .with_client_auth_cert(
                CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes())
                    .map(Result::unwrap)
                    .collect(),
                PrivateKeyDer::from_pem_slice(issued.key_pem.reveal().as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Arc::new(config)
}

pub(crate) async fn tls(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    soon(TlsConnector::from(config).connect(name, stream)).await
}

pub(crate) type Sender = http1::SendRequest<Empty<Bytes>>;

pub(crate) async fn http1<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> Sender {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) async fn http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> http2::SendRequest<Empty<Bytes>> {
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) fn request(path: &str) -> hyper::Request<Empty<Bytes>> {
    hyper::Request::get(path)
        .header("host", "localhost")
        .body(Empty::new())
        .unwrap()
}

/// Code and text of an answer.
pub(crate) async fn get(sender: &mut Sender, path: &str) -> (u16, String) {
    soon(sender.ready()).await.unwrap();
    let response = soon(sender.send_request(request(path))).await.unwrap();
    let code = response.status().as_u16();
    let body = soon(response.into_body().collect())
        .await
        .unwrap()
        .to_bytes();
    (code, String::from_utf8(body.to_vec()).unwrap())
}

pub(crate) const BOTH: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

/// An endless body of what `make` gives.
pub(crate) fn frames(make: impl FnMut() -> Bytes + Send + Unpin + 'static) -> Body {
    struct Frames<F>(F);
    impl<F: FnMut() -> Bytes + Unpin> hyper::body::Body for Frames<F> {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            std::task::Poll::Ready(Some(Ok(Frame::data((self.0)()))))
        }
    }
    Frames(make).boxed_unsync()
}
