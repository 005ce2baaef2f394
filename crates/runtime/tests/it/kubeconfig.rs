//! A file that kubectl reads, and nobody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use kubescape_runtime::{Credentials, Kubeconfig, KubeconfigError, Secret};

use crate::support::Authority;

fn with(credentials: Credentials) -> Kubeconfig {
    Kubeconfig {
        name: "kubescape: \"x\"".to_owned(),
        server: "https://127.0.0.1:8443".to_owned(),
        ca_pem: Authority::new().ca.bundle_pem(),
        credentials,
        namespace: Some("kubescape".to_owned()),
    }
}

#[test]
fn it_is_written_for_its_owner_alone_and_again_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let issued = Authority::new().client("admin", Some("system:masters"));
    with(Credentials::Certificate(issued)).write(&path).unwrap();
    let first = fs::read_to_string(&path).unwrap();
    assert!(
        first.contains("client-key-data: LS0t") && first.contains("name: \"kubescape: \\\"x\\\"\"")
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let config = with(Credentials::Token(Secret::new("tok-1".to_owned())));
    assert!(!format!("{config:?}").contains("tok-1"));
    config.write(&path).unwrap();
    let second = fs::read_to_string(&path).unwrap();
    assert!(
        second.contains("    token: \"tok-1\"\n")
            && second.contains("    namespace: \"kubescape\"\n")
    );
}

#[test]
fn somebody_elses_kubeconfig_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "apiVersion: v1\nkind: Config\n").unwrap();
    let error = with(Credentials::Token(Secret::new(String::new())))
        .write(&path)
        .unwrap_err();
    assert!(matches!(error, KubeconfigError::Foreign(_)), "{error}");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "apiVersion: v1\nkind: Config\n"
    );
    let nowhere = folder.path().join("no/such/folder");
    let error = with(Credentials::Token(Secret::new(String::new())))
        .write(&nowhere)
        .unwrap_err();
    assert!(error.to_string().contains("no/such/folder"));
}
