//! A small submission against files. `BLESS=1 cargo test -p kubescape-submit` writes
//! them anew; read them before they are committed.

use std::fmt::Write as _;
use std::path::Path;

use kubescape_report::Parts;
use kubescape_runtime::Secret;
use kubescape_runtime::outgoing::HttpClient;
use kubescape_submit::{Account, Backend, Chunks, Destination, Patience, send};
use serde_json::Value;

use crate::receiver::Receiver;
use crate::scans::{ACCOUNT, cluster_facts, shop};

fn check(name: &str, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let line = expected
        .lines()
        .zip(actual.lines())
        .position(|(old, new)| old != new);
    assert!(
        expected == actual,
        "{name} differs, first in line {:?}",
        line.map(|line| line + 1)
    );
}

#[tokio::test]
async fn a_small_submission() {
    let receiver = Receiver::start([]).await;
    let scan = shop(&["C-0041", "C-0015"]);
    let facts = cluster_facts();
    let to = Destination {
        backend: Backend::receiver(&receiver.url).unwrap(),
        account: Account::new(ACCOUNT, &Secret::new("k3y".to_owned())).unwrap(),
    };
    let chunks = Chunks::new(Parts::for_backend(&scan, &facts), 6_500).unwrap();
    let http = HttpClient::new().unwrap();
    send(
        &http,
        &to,
        &Patience::default(),
        chunks,
        &facts,
        &mut |_| {},
    )
    .await
    .unwrap();
    for (number, request) in receiver.got().into_iter().enumerate() {
        let mut text = format!("{}\n", request.line);
        for (name, value) in &request.headers {
            if name != "host" && name != "content-length" {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        writeln!(text, "\n{body:#}").unwrap();
        check(&format!("cluster-{number}.http"), &text);
    }
}
