//! A small HTTP/2 client that costs little beside the server it measures.

use std::collections::VecDeque;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;

use super::Fault;

/// JSON, as most requests want it.
pub(super) const JSON: &str = "application/json";
/// Objects without `spec`.
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// What kubectl asks for.
pub(super) const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// A server and how to be let in.
pub(super) struct Api {
    authority: String,
    token: Option<String>,
    tls: tokio_rustls::TlsConnector,
}

/// A connection; clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    sender: http2::SendRequest<Pieces>,
    base: String,
    token: Option<String>,
}

/// A body of shared pieces: twenty megabytes are made once and sent often.
#[derive(Default)]
pub(super) struct Pieces(pub(super) VecDeque<Bytes>);

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Self {
        Self(VecDeque::from([bytes]))
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

impl Api {
    /// The first cluster and user of a kubeconfig.
    pub(super) fn from_kubeconfig(path: &Path) -> Result<Self, Fault> {
        let config: serde_json::Value = serde_norway::from_slice(&std::fs::read(path)?)?;
        let cluster = &config["clusters"][0]["cluster"];
        let user = &config["users"][0]["user"];
        let server = cluster["server"].as_str().ok_or("no server")?;
        let mut roots = rustls::RootCertStore::empty();
        let ca = data(cluster, "certificate-authority")?.ok_or("no authority")?;
        for certificate in CertificateDer::pem_slice_iter(&ca) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut tls = match data(user, "client-certificate")? {
            Some(chain) => {
                let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
                let key = data(user, "client-key")?.ok_or("no key")?;
                tls.with_client_auth_cert(chain?, PrivateKeyDer::from_pem_slice(&key)?)?
            }
            None => tls.with_no_client_auth(),
        };
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self {
            authority: server.trim_start_matches("https://").to_owned(),
            token: user["token"].as_str().map(str::to_owned),
            tls: Arc::new(tls).into(),
        })
    }

    /// Sends everything to another address.
    pub(super) fn at(&mut self, authority: &str) {
        authority.clone_into(&mut self.authority);
    }

    pub(super) async fn connect(&self) -> Result<Connection, Fault> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1")?;
        let stream = self.tls.connect(name, stream).await?;
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .max_frame_size(64 << 10)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(connection);
        Ok(Connection {
            sender,
            base: format!("https://{}", self.authority),
            token: self.token.clone(),
        })
    }

    pub(super) async fn connections(&self, count: usize) -> Result<Vec<Connection>, Fault> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(self.connect().await?);
        }
        Ok(connections)
    }
}

/// A value of a kubeconfig: in place, or in a file.
fn data(of: &serde_json::Value, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    if let Some(text) = of[format!("{key}-data")].as_str() {
        let engine = base64::engine::general_purpose::STANDARD;
        return Ok(Some(engine.decode(text)?));
    }
    match of[key].as_str() {
        Some(path) => Ok(Some(std::fs::read(path)?)),
        None => Ok(None),
    }
}

impl Connection {
    /// Sends a request; an answer that is no success is a fault.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        content: Option<(&str, Pieces)>,
    ) -> Result<Response<Incoming>, Fault> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, accept);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match content {
            Some((kind, body)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                body
            }
            None => Pieces::default(),
        };
        let response = self
            .sender
            .clone()
            .send_request(request.body(body)?)
            .await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.into_body().collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&text[..text.len().min(500)]).into_owned();
        Err(format!("{method} {path}: {status}: {text}").into())
    }

    /// The body of an answer.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<Bytes, Fault> {
        let response = self.send(Method::GET, path, accept, None).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }

    /// How many bytes an answer has; they are not kept.
    pub(super) async fn count(&self, path: &str, accept: &str) -> Result<usize, Fault> {
        let response = self.send(Method::GET, path, accept, None).await?;
        drain(response).await
    }

    /// Writes; gives the answer's body.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: impl Into<Pieces>,
    ) -> Result<Bytes, Fault> {
        let content = Some((kind, body.into()));
        let response = self.send(method, path, JSON, content).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

/// Reads an answer to its end; gives its bytes.
pub(super) async fn drain(response: Response<Incoming>) -> Result<usize, Fault> {
    let mut body = response.into_body();
    let mut count = 0;
    while let Some(frame) = body.frame().await {
        count += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(count)
}
