//! Certificates and keys in PEM, as foreign data.

use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TlsError;

/// Most bytes of a PEM file.
pub(super) const MAX_BYTES: u64 = 1 << 20;
/// Most certificates of one file; each root is tried for each new client.
const MAX_CERTIFICATES: usize = 64;

/// All certificates of a PEM text; at least one. `what` names it in errors.
pub(super) fn certificates(
    what: &str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    if pem.len() as u64 > MAX_BYTES {
        return Err(TlsError::content(what, "is larger than 1 MiB"));
    }
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .take(MAX_CERTIFICATES + 1)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::content(what, format!("is not PEM: {error}")))?;
    match found.len() {
        0 => Err(TlsError::content(
            what,
            "has no certificate (a block that begins with -----BEGIN CERTIFICATE-----)",
        )),
        count if count > MAX_CERTIFICATES => Err(TlsError::content(
            what,
            format!("has more than {MAX_CERTIFICATES} certificates"),
        )),
        _ => Ok(found),
    }
}

/// The first private key of a PEM text.
pub(super) fn private_key(what: &str, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    // The parser's error may quote the text, which is a key.
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        TlsError::content(
            what,
            "has no unencrypted private key in PEM (PKCS#8, PKCS#1 or SEC1)",
        )
    })
}

/// The parsed form; trailing bytes are an error.
pub(super) fn parse<'a>(
    what: &str,
    der: &'a CertificateDer<'_>,
) -> Result<X509Certificate<'a>, TlsError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(TlsError::content(what, "has bytes after the certificate")),
        Err(error) => Err(TlsError::content(
            what,
            format!("is not an X.509 certificate: {error}"),
        )),
    }
}

/// From when to when a certificate is valid. Years before 1970 become 1970.
pub(super) fn validity(certificate: &X509Certificate<'_>) -> (SystemTime, SystemTime) {
    let time = |seconds: i64| {
        let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        SystemTime::UNIX_EPOCH
            .checked_add(since)
            .unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let validity = certificate.validity();
    (
        time(validity.not_before.timestamp()),
        time(validity.not_after.timestamp()),
    )
}
