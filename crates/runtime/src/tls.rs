//! TLS 1.2 and 1.3 with rustls on ring: serving certificates that renew
//! themselves, client certificates judged against named roots, and our own CA.

mod ca;
mod client;
mod identity;
mod pem;
mod roots;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;

pub use ca::{CaRotation, Issued, OwnCa};
pub(crate) use client::ClientJudge;
pub use client::{ClientCertificate, VerifiedClient};
pub use identity::Identity;
pub use roots::ClientRoots;

/// What is wrong with a key, a certificate or a bundle of them. No key is shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content is not what it should be.
    #[error("{what}: {problem}")]
    Content {
        /// Where it comes from: a path, or the name of a root.
        what: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The library refused; a bug or exotic key material.
    #[error("cannot make a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// rustls refused the key or its settings.
    #[error("TLS settings: {0}")]
    Rustls(#[from] rustls::Error),
}

impl TlsError {
    pub(crate) fn content(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Content {
            what: what.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// The one crypto provider, given explicitly so that no process-wide default is needed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A server's settings: ALPN `h2` and `http/1.1`; TLS 1.2 and later.
///
/// With `roots`, clients are asked for a certificate and may send none, as
/// Kubernetes' API servers do. Any certificate whose key the client has passes the
/// handshake; what it is worth is said per request by [`ClientCertificate`], so
/// that a bad one gets a proper `Status` and a changed CA counts at once, on open
/// connections and resumed sessions, too.
///
/// # Errors
///
/// rustls refuses the settings; not expected.
pub fn server_config(
    identity: &Identity,
    roots: Option<&ClientRoots>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match roots {
        Some(_) => builder.with_client_cert_verifier(Arc::new(client::AskOnly::new(&provider))),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(identity.resolver());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
