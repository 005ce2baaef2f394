//! A real Prometheus that scrapes the service: `KUBESCAPE_TEST_PROMETHEUS` names
//! its program.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use kubescape_runtime::Shutdown;
use kubescape_runtime::serve::{Bound, Peer, ServeOptions};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use crate::world::world;

struct Prometheus {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn prometheus(program: &str, target: &str) -> Prometheus {
    let folder = tempfile::tempdir().unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring/alerts.yaml");
    let rules = rules.canonicalize().unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: ['{}']\n\
         scrape_configs:\n- job_name: kubescape\n  metrics_path: /v1/metrics\n  \
         static_configs: [{{targets: ['{target}']}}]\n",
        rules.display()
    );
    let path = folder.path().join("prometheus.yml");
    std::fs::write(&path, config).unwrap();
    let address = free_address().await;
    let child = Command::new(program)
        .arg(format!("--config.file={}", path.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Prometheus {
        child,
        address,
        _folder: folder,
    }
}

impl Prometheus {
    async fn get(&self, path: &str) -> Option<Value> {
        let stream = TcpStream::connect(&self.address).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .ok()?;
        tokio::spawn(connection);
        let request = http::Request::get(path)
            .header("host", &self.address)
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = sender.send_request(request).await.ok()?;
        let text = answer.into_body().collect().await.ok()?.to_bytes();
        serde_json::from_slice(&text).ok()
    }

    /// Asks until there is an answer with samples.
    async fn query(&self, query: &str) -> Vec<Value> {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let path = format!("/api/v1/query?query={query}");
        let answered = async {
            let mut again = tokio::time::interval(Duration::from_millis(200));
            loop {
                again.tick().await;
                let answer = self.get(&path).await.unwrap_or_default();
                let result = answer["data"]["result"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                if !result.is_empty() {
                    return result;
                }
            }
        };
        let limit = Duration::from_mins(1);
        tokio::time::timeout(limit, answered)
            .await
            .unwrap_or_else(|_| panic!("no samples for {path}"))
    }
}

#[tokio::test]
async fn a_real_prometheus_scrapes_and_answers() {
    let Ok(program) = std::env::var("KUBESCAPE_TEST_PROMETHEUS") else {
        println!("KUBESCAPE_TEST_PROMETHEUS is not set: no Prometheus was started");
        return;
    };
    let world = world([]);
    world.post("/v1/scan?wait=true", "{}").await;
    let bound = Bound::bind("127.0.0.1:0", ServeOptions::default())
        .await
        .unwrap();
    let target = bound.local_addr().to_string();
    let server = world.role.server.clone();
    let handler = move |request, _: Peer| {
        let server = server.clone();
        async move { server.answer(request).await }
    };
    tokio::spawn(bound.serve(handler, Shutdown::never()));
    let prometheus = prometheus(&program, &target).await;
    let up = prometheus.query("up{job=\"kubescape\"} == 1").await;
    assert_eq!(up[0]["value"][1], "1");
    // Its numbers are those of the page, labels and all.
    let page = world.get("/v1/metrics").await.text;
    for (query, line) in [
        (
            "kubescape_cluster_complianceScore",
            "kubescape_cluster_complianceScore{} ",
        ),
        (
            "kubescape_framework_complianceScore{name=\"NSA\"}",
            "kubescape_framework_complianceScore{name=\"NSA\"} ",
        ),
    ] {
        let served = page.lines().find_map(|one| one.strip_prefix(line)).unwrap();
        assert_eq!(prometheus.query(query).await[0]["value"][1], served);
    }
    let controls = prometheus.query("kubescape_control_complianceScore").await;
    let served = page
        .lines()
        .filter(|line| line.starts_with("kubescape_control_complianceScore{"));
    assert_eq!(controls.len(), served.count());
    assert!(
        controls[0]["metric"]["link"]
            .as_str()
            .unwrap()
            .starts_with("https://hub.armosec.io/docs/c-")
    );
    // The rules load and are evaluated.
    let rules = prometheus.get("/api/v1/rules").await.unwrap();
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 9);
    for rule in rules {
        assert_ne!(rule["health"], "err", "{rule:#}");
    }
}
