//! An encrypted way to the database, whose certificate is always verified.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

/// What connections are made with. TLS is used where the connection says
/// `sslmode=require`, and then the certificate has to be good: of an authority
/// in `roots`, or without one of those that the system trusts.
pub(super) fn connector(
    config: &mut Config,
    roots: Option<&Path>,
) -> Result<MakeRustlsConnect, Error> {
    let mut store = RootCertStore::empty();
    if config.get_ssl_mode() == SslMode::Require {
        match roots {
            Some(path) => from_file(&mut store, path)?,
            None => from_system(&mut store)?,
        }
    } else {
        if !is_local(config) {
            tracing::warn!(
                "the connection to PostgreSQL is not encrypted: add sslmode=require to databaseURL"
            );
        }
        config.ssl_mode(SslMode::Disable);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(format!("TLS: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(tls))
}

fn from_file(store: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let bad = |error: &dyn std::fmt::Display| {
        Error::unavailable(format!(
            "databaseCaFile {}: {error}: give a PEM file of certificates",
            path.display()
        ))
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| bad(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| bad(&error))?;
        store.add(certificate).map_err(|error| bad(&error))?;
    }
    if store.is_empty() {
        return Err(bad(&"no certificate in it"));
    }
    Ok(())
}

fn from_system(store: &mut RootCertStore) -> Result<(), Error> {
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        return Err(Error::unavailable(
            "sslmode=require, but this system trusts no authority: give databaseCaFile",
        ));
    }
    Ok(())
}

/// Whether nothing leaves this machine.
fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_certificate_needs_an_authority() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "nothing").unwrap();
        let mut config: Config = "host=db.example sslmode=require user=ks".parse().unwrap();
        let error = connector(&mut config, Some(&path)).err().unwrap();
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }

    #[test]
    fn what_is_not_required_is_not_half_used() {
        let mut config: Config = "host=127.0.0.1 user=ks".parse().unwrap();
        connector(&mut config, None).unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Disable);
        assert!(is_local(&config));
    }
}
