//! Writes a kubeconfig for clients of a standalone server.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::files;
use crate::secret::Secret;
use crate::tls::Issued;

/// First line of what we write; files without it are somebody else's.
const MARK: &str = "# Written by kubescape at each start; changes are lost.\n";

/// How the client says who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A client certificate.
    Certificate(Issued),
    /// A bearer token.
    Token(Secret<String>),
}

/// One cluster, one user, one context.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    /// Name of cluster, user and context.
    pub name: String,
    /// `https://HOST:PORT`.
    pub server: String,
    /// PEM of the CAs that the client trusts.
    pub ca_pem: String,
    /// Who the client is.
    pub credentials: Credentials,
    /// Namespace of commands without `-n`; `None` is `default`.
    pub namespace: Option<String>,
}

/// Why it was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubeconfigError {
    /// Somebody's own contexts are in that file.
    #[error("{} exists and was not written by kubescape: give another path, or remove it", .0.display())]
    Foreign(PathBuf),
    /// The system refused.
    #[error("cannot write {}: {source}", .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Kubeconfig {
    /// The file's text: YAML, all strings quoted. Holds the credentials.
    pub fn to_yaml(&self) -> Secret<String> {
        let name = quoted(&self.name);
        let user = match &self.credentials {
            Credentials::Certificate(issued) => format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                STANDARD.encode(&issued.chain_pem),
                STANDARD.encode(issued.key_pem.reveal()),
            ),
            Credentials::Token(token) => format!("    token: {}\n", quoted(token.reveal())),
        };
        let namespace = match &self.namespace {
            Some(namespace) => format!("    namespace: {}\n", quoted(namespace)),
            None => String::new(),
        };
        Secret::new(format!(
            "{MARK}apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
             clusters:\n- name: {name}\n  cluster:\n    server: {}\n    certificate-authority-data: {}\n\
             contexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {name}\n{namespace}\
             users:\n- name: {name}\n  user:\n{user}",
            quoted(&self.server),
            STANDARD.encode(&self.ca_pem),
        ))
    }

    /// Writes it with mode 0600, whole or not at all; replaces only our own.
    ///
    /// # Errors
    ///
    /// The file is somebody else's, or cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), KubeconfigError> {
        let failed = |source| KubeconfigError::File {
            path: path.to_owned(),
            source,
        };
        match File::open(path) {
            Ok(file) => {
                let mut start = Vec::new();
                file.take(MARK.len() as u64)
                    .read_to_end(&mut start)
                    .map_err(failed)?;
                // An empty file is what `mktemp` leaves.
                if !start.is_empty() && start != MARK.as_bytes() {
                    return Err(KubeconfigError::Foreign(path.to_owned()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        files::write_whole(path, self.to_yaml().reveal().as_bytes(), 0o600).map_err(failed)
    }
}

/// JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
