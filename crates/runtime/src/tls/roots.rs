//! Roots that client certificates are judged by, each with a name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::client::{ClientCertificate, VerifiedClient};
use super::{TlsError, pem, provider};
use crate::files;
use crate::shutdown::Shutdown;

/// Named roots, replaced while connections are open. Clones share them.
///
/// A front proxy's CA and the CA of client certificates are different things: a
/// certificate of the latter must not speak for other users. So each has a name,
/// and [`VerifiedClient::roots`] says which of them stand behind a certificate.
#[derive(Clone, Debug, Default)]
pub struct ClientRoots(Arc<RwLock<Roots>>);

#[derive(Debug, Default)]
struct Roots {
    generation: u64,
    by_name: BTreeMap<Arc<str>, Root>,
}

#[derive(Clone, Debug)]
struct Root {
    file: Option<PathBuf>,
    pem: Arc<[u8]>,
    anchors: Arc<[Anchor]>,
}

#[derive(Debug)]
struct Anchor {
    /// webpki takes no notice of a root's own dates; Go does, and so do we.
    valid: (SystemTime, SystemTime),
    verifier: Arc<dyn ClientCertVerifier>,
}

/// What is thought of a chain, and until when.
pub(crate) struct Verdict {
    pub(crate) client: ClientCertificate,
    pub(crate) generation: u64,
    pub(crate) until: SystemTime,
}

impl ClientRoots {
    /// None yet: no client certificate is worth anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets or replaces the root `name` by the certificates of `pem`. Returns
    /// whether that changed anything. Counts from the next request on.
    ///
    /// # Errors
    ///
    /// No usable certificate; what was there before stays.
    pub fn set(&self, name: &str, pem: &[u8]) -> Result<bool, TlsError> {
        self.put(name, None, pem)
    }

    /// As [`ClientRoots::set`], from a file that [`ClientRoots::refresh`] reads again.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no usable certificate.
    pub fn set_file(&self, name: &str, path: &Path) -> Result<bool, TlsError> {
        let pem = files::read_limited(path, pem::MAX_BYTES).map_err(TlsError::file(path))?;
        self.put(name, Some(path.to_owned()), &pem)
    }

    /// Takes a root away. Returns whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        let mut roots = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let removed = roots.by_name.remove(name).is_some();
        roots.generation += u64::from(removed);
        removed
    }

    /// Their names.
    pub fn names(&self) -> Vec<Arc<str>> {
        let roots = self.0.read().unwrap_or_else(PoisonError::into_inner);
        roots.by_name.keys().cloned().collect()
    }

    /// Reads all files again; true when a root changed. One bad file does not keep
    /// the others from being read.
    ///
    /// # Errors
    ///
    /// The first file that is bad; its root stays as it was.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let files: Vec<(Arc<str>, PathBuf)> = {
            let roots = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let named = roots.by_name.iter();
            named
                .filter_map(|(name, root)| Some((name.clone(), root.file.clone()?)))
                .collect()
        };
        let mut changed = false;
        let mut first = None;
        for (name, path) in files {
            match self.set_file(&name, &path) {
                Ok(new) => changed |= new,
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        first.map_or(Ok(changed), Err)
    }

    /// A task that refreshes `every` so often until the shutdown.
    pub async fn keep_fresh(self, every: Duration, shutdown: Shutdown) {
        super::identity::repeat("client roots", every, &shutdown, || self.refresh()).await;
    }

    fn put(&self, name: &str, file: Option<PathBuf>, pem: &[u8]) -> Result<bool, TlsError> {
        {
            let mut roots = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(old) = roots.by_name.get_mut(name)
                && *old.pem == *pem
            {
                old.file = file;
                return Ok(false);
            }
        }
        let root = Root {
            file,
            pem: pem.into(),
            anchors: anchors(name, pem)?.into(),
        };
        let mut roots = self.0.write().unwrap_or_else(PoisonError::into_inner);
        roots.by_name.insert(name.into(), root);
        roots.generation += 1;
        Ok(true)
    }

    /// Counts changes; a verdict of another generation is void.
    pub(crate) fn generation(&self) -> u64 {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .generation
    }

    /// What a certificate chain, the client's own first, is worth at `now`.
    pub(crate) fn judge(&self, chain: &[CertificateDer<'static>], now: SystemTime) -> Verdict {
        let (generation, by_name) = {
            let roots = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (roots.generation, roots.by_name.clone())
        };
        let mut until = latest();
        let client = match judge(chain, &by_name, now, &mut until) {
            Ok(client) => ClientCertificate::Verified(Arc::new(client)),
            Err(reason) => ClientCertificate::Unverified(reason.into()),
        };
        Verdict {
            client,
            generation,
            until,
        }
    }
}

fn latest() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 1000)
}

/// `until` becomes the next moment at which another answer is possible, or earlier.
fn judge(
    chain: &[CertificateDer<'static>],
    roots: &BTreeMap<Arc<str>, Root>,
    now: SystemTime,
    until: &mut SystemTime,
) -> Result<VerifiedClient, String> {
    let (own, intermediates) = chain.split_first().ok_or("sent no certificate")?;
    let parsed = pem::parse("the client certificate", own).map_err(|error| error.to_string())?;
    let time = UnixTime::since_unix_epoch(
        now.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    );
    let mut note = |moment: SystemTime| {
        if moment > now && moment < *until {
            *until = moment;
        }
    };
    for certificate in chain {
        if let Ok(parsed) = pem::parse("", certificate) {
            let (from, to) = pem::validity(&parsed);
            note(from);
            note(to);
        }
    }
    let mut verified = Vec::new();
    let mut reason = "no root is known to judge it by".to_owned();
    for (name, root) in roots {
        for anchor in root.anchors.iter() {
            note(anchor.valid.0);
            note(anchor.valid.1);
            if now < anchor.valid.0 || now > anchor.valid.1 {
                reason = format!("the CA of root {name} has expired or is not valid yet");
                continue;
            }
            match anchor.verifier.verify_client_cert(own, intermediates, time) {
                Ok(_) => {
                    verified.push(name.clone());
                    break;
                }
                Err(error) => reason = error.to_string(),
            }
        }
    }
    if verified.is_empty() {
        return Err(reason);
    }
    Ok(VerifiedClient::new(&parsed, verified))
}

fn anchors(name: &str, pem: &[u8]) -> Result<Vec<Anchor>, TlsError> {
    let what = format!("root {name}");
    let mut anchors = Vec::new();
    let mut problem = None;
    for certificate in pem::certificates(&what, pem)? {
        match anchor(&what, certificate) {
            Ok(anchor) => anchors.push(anchor),
            Err(error) => {
                // As Go does: the others still count.
                tracing::warn!(root = name, error = %error, "certificate of a root is skipped");
                problem = Some(error);
            }
        }
    }
    match problem {
        Some(error) if anchors.is_empty() => Err(error),
        _ => Ok(anchors),
    }
}

fn anchor(what: &str, certificate: CertificateDer<'static>) -> Result<Anchor, TlsError> {
    let valid = pem::validity(&pem::parse(what, &certificate)?);
    let mut store = RootCertStore::empty();
    store.add(certificate)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| TlsError::content(what, error.to_string()))?;
    Ok(Anchor { valid, verifier })
}
