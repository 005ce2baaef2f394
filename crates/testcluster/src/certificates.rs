//! Throwaway certificates of one control plane.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::Error;

/// The name that kube-apiserver lets speak for users.
const FRONT_PROXY: &str = "front-proxy-client";

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// Certificates and keys as files in one folder.
pub(crate) struct Certificates {
    folder: PathBuf,
    clients: Authority,
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
            clients: authority(folder, "ca", "test-ca")?,
        };
        let front = authority(folder, "front-ca", "test-front-proxy-ca")?;
        let names = ["localhost", "127.0.0.1", "kubernetes.default.svc"];
        files.sign(&files.clients, "server", "kube-apiserver", &[], &names)?;
        files.sign(&front, "front-client", FRONT_PROXY, &[], &[])?;
        let key = KeyPair::generate()?;
        files.write("accounts.key", &key.serialize_pem())?;
        files.write("accounts.pub", &key.public_key_pem())?;
        Ok(files)
    }

    /// The path of `NAME.crt`, `NAME.key` or `NAME.pub`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Issues a client certificate of the authority for clients: the name is the
    /// user, the organisations are the groups.
    pub(crate) fn client(&self, name: &str, groups: &[&str]) -> Result<Pair, Error> {
        let file = format!("client-{name}");
        self.sign(&self.clients, &file, name, groups, &[])
    }

    /// Another authority for front proxies, `FILE-ca`, and a certificate of it
    /// that may speak for users, `FILE-client`.
    pub(crate) fn front_proxy(&self, file: &str) -> Result<(PathBuf, Pair), Error> {
        let ca = format!("{file}-ca");
        let by = authority(&self.folder, &ca, &ca)?;
        let pair = self.sign(&by, &format!("{file}-client"), FRONT_PROXY, &[], &[])?;
        Ok((self.path(&format!("{ca}.crt")), pair))
    }

    /// The pair of `NAME.crt` and `NAME.key`.
    pub(crate) fn pair(&self, name: &str) -> Pair {
        Pair {
            certificate: self.path(&format!("{name}.crt")),
            key: self.path(&format!("{name}.key")),
        }
    }

    fn sign(
        &self,
        by: &Authority,
        file: &str,
        name: &str,
        groups: &[&str],
        hosts: &[&str],
    ) -> Result<Pair, Error> {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, name);
        for group in groups {
            let kind = DnType::OrganizationName;
            params.distinguished_name.push(kind, *group);
        }
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &by.issuer)?;
        self.write(&format!("{file}.crt"), &certificate.pem())?;
        self.write(&format!("{file}.key"), &key.serialize_pem())?;
        Ok(self.pair(file))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        fs::write(self.path(name), text).map_err(Error::of(name))
    }
}

fn authority(folder: &Path, file: &str, name: &str) -> Result<Authority, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let write = |ending: &str, text: &str| {
        fs::write(folder.join(format!("{file}.{ending}")), text).map_err(Error::of(file))
    };
    write("crt", &certificate.pem())?;
    write("key", &key.serialize_pem())?;
    Ok(Authority {
        issuer: Issuer::new(params, key),
    })
}
