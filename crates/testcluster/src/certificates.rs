//! Throwaway certificates of one control plane.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::Error;

/// Certificates and keys as files in one folder.
pub(crate) struct Certificates {
    folder: PathBuf,
}

/// An authority, and the files that it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Certificates {
    /// An authority for servers and clients, one for the front proxy, what they
    /// sign, and a key for service account tokens.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        let files = Self {
            folder: folder.to_owned(),
        };
        let ca = files.authority("ca", "test-ca")?;
        let front = files.authority("front-ca", "test-front-proxy-ca")?;
        files.sign(
            &ca,
            "server",
            "kube-apiserver",
            &["localhost", "127.0.0.1", "kubernetes.default.svc"],
        )?;
        files.sign(&front, "front-client", "front-proxy-client", &[])?;
        let key = KeyPair::generate()?;
        files.write("accounts.key", &key.serialize_pem())?;
        files.write("accounts.pub", &key.public_key_pem())?;
        Ok(files)
    }

    /// The path of `NAME.crt`, `NAME.key` or `NAME.pub`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn authority(&self, file: &str, name: &str) -> Result<Authority, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        self.write(&format!("{file}.crt"), &certificate.pem())?;
        self.write(&format!("{file}.key"), &key.serialize_pem())?;
        Ok(Authority {
            issuer: Issuer::new(params, key),
        })
    }

    fn sign(&self, by: &Authority, file: &str, name: &str, hosts: &[&str]) -> Result<(), Error> {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &by.issuer)?;
        self.write(&format!("{file}.crt"), &certificate.pem())?;
        self.write(&format!("{file}.key"), &key.serialize_pem())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        fs::write(self.path(name), text).map_err(Error::of(name))
    }
}
