//! One HTTP request to another service, within limits; and connections for protocols
//! that begin as one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::serve::{BodyError, read_limited};
use crate::tls;

/// A connection, plain or encrypted.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A request to send; made anew for each try, so that its body is always whole.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// `http://…` or `https://…`.
    pub url: String,
    /// Beside `Host` and the like. Values are not shown in errors.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// For all of it, from connecting to the answer's last byte.
    pub patience: Duration,
    /// The most bytes of the answer's body.
    pub limit: u64,
}

impl Outgoing {
    /// A request without headers and body, with 30 s and 1 MiB.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            patience: Duration::from_secs(30),
            limit: 1 << 20,
        }
    }

    /// With this JSON as its body.
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        let json = HeaderValue::from_static("application/json");
        self.headers.push((hyper::header::CONTENT_TYPE, json));
        self.body = Bytes::from(body.to_string());
        self
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Its status.
    pub code: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// The URL is none.
    #[error("{0:?} is no URL of http or https with a host")]
    Url(String),
    /// Nobody listens there: trying again may help.
    #[error("connection refused by {0}")]
    Refused(String),
    /// There is no way there.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// Host and port.
        to: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It took too long.
    #[error("{to} did not answer within {patience:?}")]
    Late {
        /// Host and port.
        to: String,
        /// How long it had.
        patience: Duration,
    },
    /// The exchange broke.
    #[error("{to}: {problem}")]
    Broken {
        /// Host and port.
        to: String,
        /// How.
        problem: String,
    },
}

impl OutgoingError {
    /// Whether nobody listens there.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether another try could end otherwise: not with a URL that is none, nor with
    /// a certificate that is not believed.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Url(_) => false,
            Self::Connect { source, .. } => source.kind() != std::io::ErrorKind::InvalidData,
            _ => true,
        }
    }
}

/// Sends requests. Clones share the trusted roots.
#[derive(Clone)]
pub struct HttpClient {
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

/// Where a URL leads.
struct Place {
    tls: bool,
    host: String,
    port: u16,
    /// For the request's line.
    path: String,
}

impl Place {
    fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn place(url: &str) -> Option<Place> {
    let uri: Uri = url.parse().ok()?;
    let tls = match uri.scheme_str()? {
        "http" | "ws" => false,
        "https" | "wss" => true,
        _ => return None,
    };
    let host = uri.host()?.trim_matches(['[', ']']);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    (!host.is_empty()).then(|| Place {
        tls,
        host: host.to_owned(),
        port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        path: path.to_owned(),
    })
}

impl HttpClient {
    /// Trusts the system's roots.
    ///
    /// # Errors
    ///
    /// The settings of TLS are not usable.
    pub fn new() -> Result<Self, tls::TlsError> {
        let mut roots = rustls::RootCertStore::empty();
        // Systems without roots can still use plain HTTP.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: Arc::new(config),
        })
    }

    /// Believes every certificate; for those who ask for it by name.
    ///
    /// # Errors
    ///
    /// The settings of TLS are not usable.
    pub fn trusting() -> Result<Self, tls::TlsError> {
        let config = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        Ok(Self {
            tls: Arc::new(config),
        })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// There is no whole answer in time. Headers and bodies are not quoted.
    pub async fn send(&self, request: &Outgoing) -> Result<Incoming, OutgoingError> {
        let shown = || request.url.chars().take(200).collect();
        let place = place(&request.url).ok_or_else(|| OutgoingError::Url(shown()))?;
        let exchange = self.exchange(&place, request);
        tokio::time::timeout(request.patience, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(OutgoingError::Late {
                    to: place.authority(),
                    patience: request.patience,
                })
            })
    }

    async fn exchange(&self, place: &Place, request: &Outgoing) -> Result<Incoming, OutgoingError> {
        let broken = |problem: String| OutgoingError::Broken {
            to: place.authority(),
            problem,
        };
        let stream = TokioIo::new(self.open(place).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream)
            .await
            .map_err(|error| broken(error.to_string()))?;
        let exchange = async {
            let request = message(place, request).map_err(|error| broken(error.to_string()))?;
            let answer = sender.send_request(request).await;
            answer.map_err(|error| broken(error.to_string()))
        };
        let mut exchange = std::pin::pin!(exchange);
        let mut connection = std::pin::pin!(connection);
        // A connection may end in the same moment in which the answer comes.
        let mut open = true;
        let answer = loop {
            tokio::select! {
                answer = &mut exchange => break answer?,
                _ = &mut connection, if open => open = false,
            }
        };
        let code = answer.status().as_u16();
        let (parts, body) = answer.into_parts();
        let headers = parts.headers;
        let body = read_limited(body, request.limit, request.patience);
        let mut body = std::pin::pin!(body);
        let read = loop {
            tokio::select! {
                read = &mut body => break read,
                // The last bytes may still wait in the body.
                _ = &mut connection, if open => open = false,
            }
        };
        match read {
            Ok(body) => Ok(Incoming {
                code,
                headers,
                body,
            }),
            Err(error @ BodyError::TooLarge(_)) => Err(broken(format!("its answer: {error}"))),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// A connection to where a URL leads, encrypted when it says so; and what to ask
    /// for there. Time is the caller's to bound.
    ///
    /// # Errors
    ///
    /// There is no way there.
    pub async fn connect(&self, url: &str) -> Result<Box<dyn Stream>, OutgoingError> {
        let place =
            place(url).ok_or_else(|| OutgoingError::Url(url.chars().take(200).collect()))?;
        self.open(&place).await
    }

    async fn open(&self, place: &Place) -> Result<Box<dyn Stream>, OutgoingError> {
        let failed = |source: std::io::Error| {
            if source.kind() == std::io::ErrorKind::ConnectionRefused {
                return OutgoingError::Refused(place.authority());
            }
            OutgoingError::Connect {
                to: place.authority(),
                source,
            }
        };
        let stream = TcpStream::connect((place.host.as_str(), place.port))
            .await
            .map_err(failed)?;
        let _ = stream.set_nodelay(true);
        if !place.tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(place.host.clone())
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(failed)?;
        Ok(Box::new(stream))
    }
}

fn message(place: &Place, request: &Outgoing) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut message = Request::builder()
        .method(request.method.clone())
        .uri(place.path.as_str())
        .header(HOST, place.authority())
        .header(USER_AGENT, "kubescape")
        .header(CONNECTION, "close")
        .body(Full::new(request.body.clone()))?;
    for (name, value) in &request.headers {
        message.headers_mut().insert(name, value.clone());
    }
    Ok(message)
}

/// Believes every certificate, but checks that the peer has its key.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _own: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = tls::provider();
        let algorithms = &provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = tls::provider();
        let algorithms = &provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        tls::provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
