//! The certificate and key that a server shows, replaced while it runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::ca::OwnCa;
use super::{TlsError, pem, provider};
use crate::files;
use crate::secret::Secret;
use crate::shutdown::Shutdown;

/// A serving certificate with its key. Clones share it; new handshakes see a new one.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    current: RwLock<Current>,
    source: Source,
}

struct Current {
    key: Arc<CertifiedKey>,
    valid: (SystemTime, SystemTime),
}

enum Source {
    Fixed,
    Files {
        certificate: PathBuf,
        key: PathBuf,
        seen: Mutex<(Vec<u8>, Secret<Vec<u8>>)>,
    },
    Own {
        ca: OwnCa,
        names: Vec<String>,
    },
}

impl Identity {
    /// From PEM texts: the chain, own certificate first, and the private key.
    ///
    /// # Errors
    ///
    /// Not PEM, no certificate, no key, or a key of another certificate.
    pub fn from_pem(chain: &[u8], key: &Secret<Vec<u8>>) -> Result<Self, TlsError> {
        let current = load("the certificate", chain, "the key", key.reveal())?;
        Ok(Self::new(current, Source::Fixed))
    }

    /// From PEM files, which [`Identity::refresh`] reads again.
    ///
    /// # Errors
    ///
    /// As [`Identity::from_pem`], or a file cannot be read; the path is named.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let seen = read(certificate, key)?;
        let current = load(
            &certificate.display().to_string(),
            &seen.0,
            &key.display().to_string(),
            seen.1.reveal(),
        )?;
        Ok(Self::new(
            current,
            Source::Files {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                seen: Mutex::new(seen),
            },
        ))
    }

    /// Issued by our own CA for DNS names and IP addresses; renewed by
    /// [`Identity::refresh`] when a third of its life is left, or when the CA changed.
    ///
    /// # Errors
    ///
    /// A name that cannot stand in a certificate.
    pub fn from_own_ca(ca: &OwnCa, names: &[String], now: SystemTime) -> Result<Self, TlsError> {
        let current = issue(ca, names, now)?;
        Ok(Self::new(
            current,
            Source::Own {
                ca: ca.clone(),
                names: names.to_vec(),
            },
        ))
    }

    fn new(current: Current, source: Source) -> Self {
        Self(Arc::new(Inner {
            current: RwLock::new(current),
            source,
        }))
    }

    /// Reads changed files, or renews what nears its end; true when replaced.
    ///
    /// # Errors
    ///
    /// The new material is bad, for example half written: what is there stays, and
    /// the next refresh tries again.
    pub fn refresh(&self, now: SystemTime) -> Result<bool, TlsError> {
        let new = match &self.0.source {
            Source::Fixed => return Ok(false),
            Source::Files {
                certificate,
                key,
                seen,
            } => {
                let new = read(certificate, key)?;
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if *seen == new {
                    return Ok(false);
                }
                let current = load(
                    &certificate.display().to_string(),
                    &new.0,
                    &key.display().to_string(),
                    new.1.reveal(),
                )?;
                *seen = new;
                current
            }
            Source::Own { ca, names } => {
                let rotated = ca.rotate_if_due(now)? != super::CaRotation::NotDue;
                if !rotated && !self.is_due(now) {
                    return Ok(false);
                }
                issue(ca, names, now)?
            }
        };
        *self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }

    /// A task that refreshes `every` so often until the shutdown; 10 s suits files,
    /// which are compared by content, and an hour our own CA.
    pub async fn keep_fresh(self, every: Duration, shutdown: Shutdown) {
        repeat("serving certificate", every, &shutdown, || {
            self.refresh(SystemTime::now())
        })
        .await;
    }

    /// When the present certificate stops being valid.
    pub fn not_after(&self) -> SystemTime {
        self.valid().1
    }

    fn valid(&self) -> (SystemTime, SystemTime) {
        let current = self.0.current.read();
        current.unwrap_or_else(PoisonError::into_inner).valid
    }

    fn is_due(&self, now: SystemTime) -> bool {
        super::ca::is_due(self.valid(), now)
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::new(Resolver(self.clone()))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(until {:?})", self.not_after())
    }
}

#[derive(Debug)]
struct Resolver(Identity);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.0.current.read();
        Some(current.unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

fn issue(ca: &OwnCa, names: &[String], now: SystemTime) -> Result<Current, TlsError> {
    let issued = ca.issue_server(names, now)?;
    load(
        "the issued certificate",
        issued.chain_pem.as_bytes(),
        "its key",
        issued.key_pem.reveal().as_bytes(),
    )
}

fn read(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Secret<Vec<u8>>), TlsError> {
    let read =
        |path: &Path| files::read_limited(path, pem::MAX_BYTES).map_err(TlsError::file(path));
    Ok((read(certificate)?, Secret::new(read(key)?)))
}

fn load(what: &str, chain: &[u8], key_what: &str, key: &[u8]) -> Result<Current, TlsError> {
    let chain = pem::certificates(what, chain)?;
    let valid = match chain.first() {
        Some(own) => pem::validity(&pem::parse(what, own)?),
        None => return Err(TlsError::content(what, "has no certificate")),
    };
    let key = pem::private_key(key_what, key)?;
    let key = CertifiedKey::from_der(chain, key, &provider())
        .map_err(|error| TlsError::content(key_what, format!("does not fit {what}: {error}")))?;
    Ok(Current {
        key: Arc::new(key),
        valid,
    })
}

/// Refreshes until the shutdown; a fault is told once, not at every turn.
pub(super) async fn repeat(
    what: &'static str,
    every: Duration,
    shutdown: &Shutdown,
    refresh: impl Fn() -> Result<bool, TlsError>,
) {
    let mut told = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = shutdown.requested() => return,
        }
        match refresh() {
            Ok(true) => tracing::info!(what, "replaced"),
            Ok(false) => {}
            Err(error) => {
                let text = error.to_string();
                if text != told {
                    tracing::warn!(what, error = %text, "cannot be refreshed, the old one stays");
                    told = text;
                }
                continue;
            }
        }
        told.clear();
    }
}
