//! Our own certificate authority, for where nobody brings one.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;

use super::{TlsError, pem};
use crate::files;
use crate::secret::Secret;

/// Life of the CA; a third before its end, the next one is made.
const CA_LIFE: Duration = Duration::from_hours(24 * 3650);
/// Life of serving certificates; renewed after 60 days.
const SERVER_LIFE: Duration = Duration::from_hours(24 * 90);
/// Life of client certificates, those of kubeconfigs.
const CLIENT_LIFE: Duration = Duration::from_hours(24 * 365);
/// Clocks of clients may be behind by this much.
const SKEW: Duration = Duration::from_hours(1);
/// Earlier CAs kept in the bundle; more cannot be alive at these lives.
const MAX_EARLIER: usize = 4;

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, then what links it to an earlier CA, if any.
    pub chain_pem: String,
    /// The private key, PKCS#8.
    pub key_pem: Secret<String>,
}

/// What [`OwnCa::rotate_if_due`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaRotation {
    /// Nothing: the CA is young.
    NotDue,
    /// A new CA signs. Clients with the earlier bundle still verify what it signs.
    Rotated,
}

/// A CA in one file of mode 0600. Clones share it.
///
/// Every certificate authority of ours has a name of its own. A new one is also
/// signed by its predecessor, and that link is sent with each certificate, so that
/// clients that know the earlier CA alone need nothing new until that one expires.
#[derive(Clone)]
pub struct OwnCa(Arc<Inner>);

struct Inner {
    path: PathBuf,
    material: Mutex<Material>,
}

struct Material {
    key: KeyPair,
    /// Self-signed, of `key`.
    own: CertificateDer<'static>,
    /// The same name and key, signed by the predecessor.
    link: Option<CertificateDer<'static>>,
    /// Self-signed predecessors, newest first.
    earlier: Vec<CertificateDer<'static>>,
}

/// Whether less than a third of a life is left.
pub(super) fn is_due((from, to): (SystemTime, SystemTime), now: SystemTime) -> bool {
    let life = to.duration_since(from).unwrap_or_default();
    to.duration_since(now).is_ok_and(|left| left <= life / 3) || now >= to
}

impl OwnCa {
    /// The CA of the file `path`, or a new one in it. The folder has to exist.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or is damaged: it is never replaced by
    /// a new CA silently, as clients would stop trusting us.
    pub fn open_or_create(path: &Path, now: SystemTime) -> Result<Self, TlsError> {
        let material = match files::read_limited(path, pem::MAX_BYTES) {
            Ok(content) => {
                // Whoever restored it from a backup may have opened it to all.
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))
                    .map_err(TlsError::file(path))?;
                Material::parse(&path.display().to_string(), &content)?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let material = Material::generate(now)?;
                material.write(path)?;
                material
            }
            Err(error) => return Err(TlsError::file(path)(error)),
        };
        let ca = Self(Arc::new(Inner {
            path: path.to_owned(),
            material: Mutex::new(material),
        }));
        ca.rotate_if_due(now)?;
        Ok(ca)
    }

    /// What clients have to trust, as PEM: the CA and its living predecessors.
    pub fn bundle_pem(&self) -> String {
        let material = self.lock();
        let all = std::iter::once(&material.own).chain(&material.earlier);
        all.map(certificate_pem).collect()
    }

    /// A serving certificate for DNS names and IP addresses, 90 days from `now`.
    ///
    /// # Errors
    ///
    /// No name, or one that cannot stand in a certificate.
    pub fn issue_server(&self, names: &[String], now: SystemTime) -> Result<Issued, TlsError> {
        let mut params = CertificateParams::default();
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into()?),
            });
        }
        let Some(first) = names.first() else {
            return Err(TlsError::content(
                "a serving certificate",
                "needs at least one DNS name or IP address",
            ));
        };
        // 64 characters is X.509's limit of a common name; clients read the others.
        let common: String = first.chars().take(64).collect();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, SERVER_LIFE, now)
    }

    /// A client certificate for a user and, with an organisation, a group of
    /// Kubernetes (`system:masters`); a year from `now`.
    ///
    /// # Errors
    ///
    /// Key generation failed.
    pub fn issue_client(
        &self,
        common_name: &str,
        organization: Option<&str>,
        now: SystemTime,
    ) -> Result<Issued, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(organization) = organization {
            params
                .distinguished_name
                .push(DnType::OrganizationName, organization);
        }
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, CLIENT_LIFE, now)
    }

    /// Makes the next CA when less than a third of this one's life is left.
    ///
    /// # Errors
    ///
    /// The file cannot be written: the present CA goes on.
    pub fn rotate_if_due(&self, now: SystemTime) -> Result<CaRotation, TlsError> {
        let mut material = self.lock();
        let valid = material.valid()?;
        if !is_due(valid, now) {
            return Ok(CaRotation::NotDue);
        }
        let new = material.successor(now)?;
        new.write(&self.0.path)?;
        *material = new;
        tracing::info!(file = %self.0.path.display(), "a new CA signs from now on");
        Ok(CaRotation::Rotated)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        life: Duration,
        now: SystemTime,
    ) -> Result<Issued, TlsError> {
        let material = self.lock();
        let (_, ca_end) = material.valid()?;
        params.not_before = (now - SKEW).into();
        params.not_after = (now + life).min(ca_end).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &material.issuer()?)?;
        let mut chain_pem = certificate.pem();
        if let Some(link) = &material.link {
            chain_pem.push_str(&certificate_pem(link));
        }
        Ok(Issued {
            chain_pem,
            key_pem: Secret::new(key.serialize_pem()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Material> {
        let material = self.0.material.lock();
        material.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OwnCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnCa({})", self.0.path.display())
    }
}

impl Material {
    fn generate(now: SystemTime) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let own = params(&key, now, now + CA_LIFE).self_signed(&key)?;
        Ok(Self {
            key,
            own: own.der().clone(),
            link: None,
            earlier: Vec::new(),
        })
    }

    fn successor(&self, now: SystemTime) -> Result<Self, TlsError> {
        let mut new = Self::generate(now)?;
        let (_, end) = self.valid()?;
        if now < end {
            let mut params = params(&new.key, now, end);
            // OpenSSL's strict mode, Python's default, wants it of all but roots.
            params.use_authority_key_identifier_extension = true;
            let link = params.signed_by(&new.key, &self.issuer()?)?;
            new.link = Some(link.der().clone());
        }
        let alive = |certificate: &&CertificateDer<'static>| {
            pem::parse("", certificate).is_ok_and(|parsed| now < pem::validity(&parsed).1)
        };
        let earlier = std::iter::once(&self.own).chain(&self.earlier);
        new.earlier = earlier.filter(alive).take(MAX_EARLIER).cloned().collect();
        Ok(new)
    }

    fn issuer(&self) -> Result<Issuer<'_, &KeyPair>, TlsError> {
        Ok(Issuer::from_ca_cert_der(&self.own, &self.key)?)
    }

    fn valid(&self) -> Result<(SystemTime, SystemTime), TlsError> {
        Ok(pem::validity(&pem::parse("our CA", &self.own)?))
    }

    /// The key, our certificate, the link if any, then the predecessors.
    fn write(&self, path: &Path) -> Result<(), TlsError> {
        let mut text = self.key.serialize_pem();
        let certificates = std::iter::once(&self.own).chain(&self.link);
        text.extend(certificates.chain(&self.earlier).map(certificate_pem));
        files::write_whole(path, text.as_bytes(), 0o600).map_err(TlsError::file(path))
    }

    fn parse(what: &str, content: &[u8]) -> Result<Self, TlsError> {
        let damaged = |problem: &str| {
            TlsError::content(
                what,
                format!(
                    "{problem}: restore it from a backup, or remove it and hand the new CA to all clients"
                ),
            )
        };
        let text = std::str::from_utf8(content).map_err(|_| damaged("is not text"))?;
        let key = KeyPair::from_pem(text).map_err(|_| damaged("has no usable private key"))?;
        let mut all = pem::certificates(what, content)?.into_iter();
        let own = all.next().ok_or_else(|| damaged("has no certificate"))?;
        let parsed = pem::parse(what, &own)?;
        let same_key = |certificate: &X509<'_>| {
            certificate.public_key().subject_public_key.data.as_ref() == key.public_key_raw()
        };
        if !parsed.is_ca() || !same_key(&parsed) {
            return Err(damaged("its first certificate is not the CA of its key"));
        }
        let mut link = None;
        let mut earlier = Vec::new();
        for certificate in all {
            let linking = same_key(&pem::parse(what, &certificate)?);
            if linking {
                link = Some(certificate);
            } else {
                earlier.push(certificate);
            }
        }
        Ok(Self {
            key,
            own,
            link,
            earlier,
        })
    }
}

type X509<'a> = x509_parser::prelude::X509Certificate<'a>;

/// Of a CA that signs end entities and its successor; its name holds the key's
/// identifier, so that two of ours are never taken for each other.
fn params(key: &KeyPair, from: SystemTime, to: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let identifier = params.key_identifier(key);
    let mut name = String::from("kubescape-ca-");
    for byte in identifier.iter().take(6) {
        name.push_str(&format!("{byte:02x}"));
    }
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (from - SKEW).into();
    params.not_after = to.into();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn certificate_pem(certificate: &CertificateDer<'static>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut pem = String::with_capacity(text.len() * 66 / 64 + 64);
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        pem.push_str(rest);
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
