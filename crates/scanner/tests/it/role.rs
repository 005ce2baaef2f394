//! The role as it runs: over TLS, with a scan at its start.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use kubescape_runtime::tls::OwnCa;
use kubescape_scanner::{Work, run};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use crate::work::{FakeWork, Fate};
use crate::world::config;

async fn get(address: &str, authority: &str, path: &str) -> (u16, String) {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(path).header("host", address);
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap());
    let (parts, body) = answer.await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status.as_u16(),
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn it_shows_its_certificate_and_scans_until_there_is_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let ca = OwnCa::open_or_create(&folder.path().join("ca.pem"), now).unwrap();
    let issued = ca.issue_server(&["127.0.0.1".to_owned()], now).unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, &issued.chain_pem).unwrap();
    std::fs::write(&key, issued.key_pem.reveal()).unwrap();
    let env = [
        ("KS_CERT_FILE", certificate.to_str().unwrap()),
        ("KS_KEY_FILE", key.to_str().unwrap()),
    ];
    let config = config(folder.path(), &env);
    let work = Arc::new(FakeWork::new([Fate::Done]));
    let shared: Arc<dyn Work> = work.clone();
    let (sender, started) = oneshot::channel();
    let role = tokio::spawn(run(config, shared, Vec::new(), move |started| {
        sender.send(started.url).unwrap();
    }));
    let url = started.await.unwrap();
    let address = url.strip_prefix("https://").unwrap().to_owned();
    // Nobody asked for it.
    work.started(1).await;
    let found = async {
        loop {
            let (code, page) = get(&address, &ca.bundle_pem(), "/v1/metrics").await;
            assert_eq!(code, 200);
            if page.contains("kubescape_cluster_complianceScore{}") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), found)
        .await
        .unwrap();
    let (code, text) = get(&address, &ca.bundle_pem(), "/readyz/cluster").await;
    assert_eq!((code, &*text), (200, "ok"));
    assert_eq!(work.scanned(), ["cluster"]);
    role.abort();
}
