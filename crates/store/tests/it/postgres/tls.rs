//! An encrypted connection.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use kubescape_store::{Error, PostgresOptions, PostgresStore, Store as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::server::{Server, unprivileged};

/// Writes an authority and a certificate for localhost of it.
fn certificates(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap();
    fs::write(folder.join("ca.pem"), own.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    fs::write(folder.join("server.crt"), server.pem()).unwrap();
    let path = folder.join("server.key");
    fs::write(&path, server_key.serialize_pem()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    if let Some((user, group)) = unprivileged() {
        chown(&path, Some(user), Some(group)).unwrap();
    }
}

#[tokio::test]
async fn an_encrypted_connection_verifies_the_certificate() {
    // Given a server with a certificate of an authority of its own,
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut place = std::path::PathBuf::new();
    let server = Server::start_with("tls", |folder| {
        certificates(folder);
        folder.clone_into(&mut place);
        vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", folder.join("server.crt").display()),
            format!("ssl_key_file={}", folder.join("server.key").display()),
        ]
    });
    let Some(_server) = server else { return };
    let connection = format!(
        "host=localhost hostaddr=127.0.0.1 port={port} user=ks dbname=postgres sslmode=require"
    );
    let mut options = PostgresOptions::new(connection);
    // when that authority is given, then the store works;
    options.roots = Some(place.join("ca.pem"));
    let store = PostgresStore::open(options.clone()).await.unwrap();
    assert!(store.resource_version().await.is_ok());
    store.shutdown().await;
    // when it is another one, then nothing is sent.
    let other = tempfile::tempdir().unwrap();
    certificates(other.path());
    options.roots = Some(other.path().join("ca.pem"));
    let error = PostgresStore::open(options).await.err().unwrap();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
}
