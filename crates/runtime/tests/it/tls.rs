//! Who a client is, by which root, and what changes while connections are open.

use std::fs;
use std::time::{Duration, SystemTime};

use hyper::{Request, Response, body::Incoming};
use kubescape_runtime::Secret;
use kubescape_runtime::serve::{Body, Peer, full};
use kubescape_runtime::tls::{ClientCertificate, ClientRoots, Identity, Issued};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::support::{Authority, BOTH, Server, client, get, http1, tls};

/// Says what it is told about the client.
async fn who(_request: Request<Incoming>, peer: Peer) -> Response<Body> {
    Response::new(full(match peer.client {
        ClientCertificate::None => "none".to_owned(),
        ClientCertificate::Unverified(reason) => format!("unverified: {reason}"),
        ClientCertificate::Verified(client) => format!(
            "{} {} by {}",
            client.common_name,
            client.organizations.join("+"),
            client.roots.join("+")
        ),
    }))
}

async fn ask(server: &Server, bundle: &str, certificate: Option<&Issued>) -> String {
    let config = client(bundle, certificate, &["http/1.1"], BOTH);
    let mut sender = http1(tls(server.address, config).await.unwrap()).await;
    get(&mut sender, "/").await.1
}

#[tokio::test]
async fn each_client_is_known_by_its_certificate_and_the_root_behind_it() {
    // Given a server that knows a front proxy's CA and another for users
    let (ours, proxy, users, strangers) = (
        Authority::new(),
        Authority::new(),
        Authority::new(),
        Authority::new(),
    );
    let roots = ClientRoots::new();
    roots
        .set("front-proxy", proxy.ca.bundle_pem().as_bytes())
        .unwrap();
    roots
        .set("client", users.ca.bundle_pem().as_bytes())
        .unwrap();
    let server = Server::start(ours.server(Some(roots)), |_| who).await;
    let bundle = ours.ca.bundle_pem();

    // When clients come with certificates of each, of nobody's, and with none
    // Then each is told apart, and a worthless certificate still gets an answer
    assert_eq!(ask(&server, &bundle, None).await, "none");
    let proxy = proxy.client("front-proxy-client", None);
    assert_eq!(
        ask(&server, &bundle, Some(&proxy)).await,
        "front-proxy-client  by front-proxy"
    );
    let jane = users.client("jane", Some("dev"));
    assert_eq!(
        ask(&server, &bundle, Some(&jane)).await,
        "jane dev by client"
    );
    let stranger = strangers.client("jane", Some("system:masters"));
    let answer = ask(&server, &bundle, Some(&stranger)).await;
    assert!(answer.starts_with("unverified: "), "{answer}");

    // And over TLS 1.2 as well
    let old = client(
        &bundle,
        Some(&jane),
        &["http/1.1"],
        &[&rustls::version::TLS12],
    );
    let mut sender = http1(tls(server.address, old).await.unwrap()).await;
    assert_eq!(get(&mut sender, "/").await.1, "jane dev by client");
    server.end().await;
}

#[tokio::test]
async fn a_certificate_that_two_roots_stand_behind_names_both() {
    let ours = Authority::new();
    let roots = ClientRoots::new();
    for name in ["front-proxy", "client"] {
        roots.set(name, ours.ca.bundle_pem().as_bytes()).unwrap();
    }
    let server = Server::start(ours.server(Some(roots)), |_| who).await;
    let issued = ours.client("x", None);
    let answer = ask(&server, &ours.ca.bundle_pem(), Some(&issued)).await;
    assert_eq!(answer, "x  by client+front-proxy");
    server.end().await;
}

#[tokio::test]
async fn a_replaced_ca_counts_at_once_on_open_and_resumed_connections() {
    // Given an open connection of a client whose CA is known
    let (ours, old, new) = (Authority::new(), Authority::new(), Authority::new());
    let roots = ClientRoots::new();
    roots.set("client", old.ca.bundle_pem().as_bytes()).unwrap();
    let server = Server::start(ours.server(Some(roots.clone())), |_| who).await;
    let bundle = ours.ca.bundle_pem();
    let (jane, joe) = (old.client("jane", None), new.client("joe", None));
    let config = client(&bundle, Some(&jane), &["http/1.1"], BOTH);
    let mut open = http1(tls(server.address, config.clone()).await.unwrap()).await;
    assert_eq!(get(&mut open, "/").await.1, "jane  by client");

    // When the CA is replaced
    assert!(roots.set("client", new.ca.bundle_pem().as_bytes()).unwrap());
    assert!(!roots.set("client", new.ca.bundle_pem().as_bytes()).unwrap());

    // Then the open connection, a resumed session and a new one all see that
    assert!(get(&mut open, "/").await.1.starts_with("unverified"));
    let mut resumed = http1(tls(server.address, config).await.unwrap()).await;
    assert!(get(&mut resumed, "/").await.1.starts_with("unverified"));
    assert_eq!(ask(&server, &bundle, Some(&joe)).await, "joe  by client");

    // And a bad bundle changes nothing, a removed root leaves nobody known
    assert!(
        roots
            .set("client", b"-----BEGIN CERTIFICATE-----\nAAAA\n")
            .is_err()
    );
    assert!(roots.set("client", b"").is_err());
    assert_eq!(ask(&server, &bundle, Some(&joe)).await, "joe  by client");
    assert!(roots.remove("client"));
    assert!(
        ask(&server, &bundle, Some(&joe))
            .await
            .starts_with("unverified")
    );
    server.end().await;
}

#[tokio::test]
async fn all_groups_count_and_the_last_of_several_names() {
    // Given a subject as only other tools make it
    let authority = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&authority).unwrap();
    let issuer = Issuer::new(params, authority);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, text) in [
        (DnType::OrganizationName, "dev"),
        (DnType::CustomDnType(vec![2, 5, 4, 10]), "ops"),
        (DnType::CommonName, "first"),
        (DnType::CustomDnType(vec![2, 5, 4, 3]), "jane"),
    ] {
        params.distinguished_name.push(kind, text);
    }
    let issued = Issued {
        chain_pem: params.signed_by(&key, &issuer).unwrap().pem(),
        key_pem: Secret::new(key.serialize_pem()),
    };
    let ours = Authority::new();
    let roots = ClientRoots::new();
    roots.set("client", ca.pem().as_bytes()).unwrap();
    let server = Server::start(ours.server(Some(roots)), |_| who).await;
    let answer = ask(&server, &ours.ca.bundle_pem(), Some(&issued)).await;
    assert_eq!(answer, "jane dev+ops by client");
    server.end().await;
}

#[tokio::test]
async fn a_ca_that_has_expired_vouches_for_nobody() {
    // Given a client certificate that is valid for longer than its CA
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "expired");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = (SystemTime::now() - Duration::from_mins(1)).into();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::default()
        .signed_by(&key, &issuer)
        .unwrap();
    let issued = Issued {
        chain_pem: own.pem(),
        key_pem: Secret::new(key.serialize_pem()),
    };
    let ours = Authority::new();
    let roots = ClientRoots::new();
    roots.set("client", ca.pem().as_bytes()).unwrap();
    let server = Server::start(ours.server(Some(roots)), |_| who).await;

    // When it is used, then it is worth nothing
    let answer = ask(&server, &ours.ca.bundle_pem(), Some(&issued)).await;
    assert!(answer.contains("expired"), "{answer}");
    server.end().await;
}

#[tokio::test]
async fn files_that_change_are_served_without_a_restart() {
    // Given a server with certificate, key and client CA from files
    let (first, second) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, ca) = (
        folder.path().join("tls.crt"),
        folder.path().join("tls.key"),
        folder.path().join("ca.crt"),
    );
    let now = SystemTime::now();
    let put = |authority: &Authority| {
        let issued = authority
            .ca
            .issue_server(&["localhost".to_owned()], now)
            .unwrap();
        fs::write(&certificate, &issued.chain_pem).unwrap();
        issued
    };
    let issued = put(&first);
    fs::write(&key, issued.key_pem.reveal()).unwrap();
    fs::write(&ca, first.ca.bundle_pem()).unwrap();
    let identity = Identity::from_files(&certificate, &key).unwrap();
    let roots = ClientRoots::new();
    roots.set_file("client", &ca).unwrap();
    let mut options = first.server(Some(roots.clone()));
    options.tls.as_mut().unwrap().identity = identity.clone();
    let server = Server::start(options, |_| who).await;
    assert_eq!(ask(&server, &first.ca.bundle_pem(), None).await, "none");
    assert!(!identity.refresh(now).unwrap());

    // When just the certificate is replaced, then the old pair stays
    let issued = put(&second);
    let error = identity.refresh(now).unwrap_err().to_string();
    assert!(error.contains("tls.key"), "{error}");
    assert_eq!(ask(&server, &first.ca.bundle_pem(), None).await, "none");

    // When the key follows, then new connections see the new one
    fs::write(&key, issued.key_pem.reveal()).unwrap();
    fs::write(&ca, second.ca.bundle_pem()).unwrap();
    assert!(identity.refresh(now).unwrap());
    assert!(roots.refresh().unwrap());
    let joe = second.client("joe", None);
    assert_eq!(
        ask(&server, &second.ca.bundle_pem(), Some(&joe)).await,
        "joe  by client"
    );
    let config = client(&first.ca.bundle_pem(), None, &["http/1.1"], BOTH);
    assert!(tls(server.address, config).await.is_err());
    server.end().await;
}

#[tokio::test]
async fn what_is_not_a_certificate_is_refused_with_its_name() {
    let roots = ClientRoots::new();
    let many = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".repeat(65);
    for (pem, wanted) in [
        (b"".as_slice(), "no certificate"),
        (b"\xff\xfe", "no certificate"),
        (many.as_bytes(), "more than 64"),
        (&many.as_bytes()[..58], "X.509"),
        (&vec![b'-'; 2 << 20], "1 MiB"),
    ] {
        let error = roots.set("client", pem).unwrap_err().to_string();
        assert!(
            error.contains("root client") && error.contains(wanted),
            "{error}"
        );
    }
    let key = Secret::new(b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXNlY3JldA==".to_vec());
    let issued = Authority::new().client("x", None);
    let error = Identity::from_pem(issued.chain_pem.as_bytes(), &key).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c2Vj"), "{error}");
}
