//! What a client's certificate says and is worth.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::prelude::X509Certificate;

use super::roots::{ClientRoots, Verdict};

/// The certificate of a peer.
#[derive(Clone, Debug, Default)]
pub enum ClientCertificate {
    /// None was sent, none was asked for, or the connection is plain.
    #[default]
    None,
    /// A root stands behind it, and it is valid now.
    Verified(Arc<VerifiedClient>),
    /// One was sent that is worth nothing, and why: answer 401.
    Unverified(Arc<str>),
}

impl ClientCertificate {
    /// The subject, when some root verified it.
    pub fn verified(&self) -> Option<&VerifiedClient> {
        match self {
            ClientCertificate::Verified(client) => Some(client),
            _ => None,
        }
    }

    /// The subject, when the root of this name verified it.
    pub fn verified_by(&self, root: &str) -> Option<&VerifiedClient> {
        self.verified()
            .filter(|client| client.roots.iter().any(|name| **name == *root))
    }
}

/// A verified certificate's subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClient {
    /// The (last) common name: Kubernetes' user name. May be empty.
    pub common_name: String,
    /// The organisations, in order: Kubernetes' groups.
    pub organizations: Vec<String>,
    /// Names of all roots that verify it, sorted. Often one; more when roots share a CA.
    pub roots: Vec<Arc<str>>,
}

impl VerifiedClient {
    pub(super) fn new(certificate: &X509Certificate<'_>, roots: Vec<Arc<str>>) -> Self {
        let subject = certificate.subject();
        Self {
            // Go's pkix.Name keeps the last of several.
            common_name: subject
                .iter_common_name()
                .filter_map(|name| name.as_str().ok())
                .last()
                .unwrap_or_default()
                .to_owned(),
            organizations: subject
                .iter_organization()
                .filter_map(|name| name.as_str().ok())
                .map(str::to_owned)
                .collect(),
            roots,
        }
    }
}

/// The certificate of one connection, judged anew when roots or time changed.
pub(crate) struct ClientJudge {
    chain: Vec<CertificateDer<'static>>,
    roots: ClientRoots,
    last: Mutex<Option<Verdict>>,
}

impl ClientJudge {
    /// `chain` as the client sent it, its own first; not empty.
    pub(crate) fn new(chain: Vec<CertificateDer<'static>>, roots: ClientRoots) -> Self {
        Self {
            chain,
            roots,
            last: Mutex::new(None),
        }
    }

    /// What the certificate is worth at `now`.
    pub(crate) fn client(&self, now: SystemTime) -> ClientCertificate {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verdict) = &*last
            && verdict.generation == self.roots.generation()
            && now < verdict.until
        {
            return verdict.client.clone();
        }
        let verdict = self.roots.judge(&self.chain, now);
        let client = verdict.client.clone();
        *last = Some(verdict);
        client
    }
}

/// Asks for a certificate and proves that the client has its key; nothing more.
#[derive(Debug)]
pub(super) struct AskOnly {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AskOnly {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for AskOnly {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// Empty: any CA, since roots change while the server runs.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // `ClientJudge` decides, for each request.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
