//! Stand-ins for the services around the operator, and an operator to talk to.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use kubescape_operator::{Config, Embedded, Files, Flags, Pace, Role};
use kubescape_runtime::config::{ConfigFile, Env};
use kubescape_runtime::outgoing::{HttpClient, Outgoing};
use kubescape_runtime::serve::{Bound, Peer, ServeOptions, text};
use kubescape_runtime::{Drain, Phase, Shutdown, Supervisor};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// A request that a stand-in heard.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "not all tests look at everything")]
pub(crate) struct Heard {
    pub(crate) line: String,
    pub(crate) api_key: Option<String>,
    pub(crate) body: Value,
}

/// A service that writes down what it hears and answers as told.
#[derive(Clone)]
pub(crate) struct StandIn {
    pub(crate) address: String,
    heard: Arc<Mutex<VecDeque<Heard>>>,
    more: Arc<Notify>,
}

impl StandIn {
    pub(crate) async fn start(
        answer: impl Fn(&Heard) -> (u16, Value) + Clone + Send + Sync + 'static,
    ) -> Self {
        let bound = Bound::bind("127.0.0.1:0", ServeOptions::default())
            .await
            .unwrap();
        let stand_in = Self {
            address: bound.local_addr().to_string(),
            heard: Arc::default(),
            more: Arc::default(),
        };
        let this = stand_in.clone();
        let handler = move |request: hyper::Request<hyper::body::Incoming>, _: Peer| {
            let (this, answer) = (this.clone(), answer.clone());
            async move {
                let line = format!("{} {}", request.method(), request.uri());
                let api_key = request.headers().get("x-api-key");
                let api_key = api_key.map(|key| key.to_str().unwrap().to_owned());
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let heard = Heard {
                    line,
                    api_key,
                    body,
                };
                let (code, reply) = answer(&heard);
                this.heard.lock().unwrap().push_back(heard);
                this.more.notify_one();
                text(code, "application/json", reply.to_string())
            }
        };
        tokio::spawn(bound.serve(handler, Shutdown::never()));
        stand_in
    }

    /// The next request, in the order in which they came.
    pub(crate) async fn next(&self) -> Heard {
        let next = async {
            loop {
                if let Some(heard) = self.heard.lock().unwrap().pop_front() {
                    return heard;
                }
                self.more.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), next)
            .await
            .expect("a request")
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.heard.lock().unwrap().is_empty()
    }
}

/// Impatient, for tests.
pub(crate) const QUICK: Pace = Pace {
    refused: Duration::from_millis(5),
    retries: 2,
    first_poll: Duration::from_millis(5),
    poll: Duration::from_millis(5),
    scan: Duration::from_secs(30),
    report: Duration::from_millis(5),
    answer: Duration::from_secs(20),
    lease: Duration::from_millis(1500),
    redial: Duration::from_millis(10),
    ping: Duration::from_secs(30),
    startup_jitter: Duration::from_millis(5),
    startup_poll: Duration::from_millis(5),
    startup_patience: Duration::from_secs(30),
};

/// A configuration without a cluster, in a folder.
pub(crate) fn config(folder: &Path, cluster: &Value) -> Config {
    let flags = Flags {
        standalone: true,
        listen: Some("127.0.0.1:0".to_owned()),
        probes: Some("127.0.0.1:0".to_owned()),
        data_dir: Some(folder.to_owned()),
        ..Flags::default()
    };
    let files = Files {
        cluster: ConfigFile::parse("clusterData.json", cluster.to_string().as_bytes()),
        ..empty()
    };
    let env = Env::from_pairs([("", ""); 0]);
    let config = Config::from_files(flags, &env, files).unwrap();
    Config {
        pace: QUICK,
        ..config
    }
}

pub(crate) fn empty() -> Files {
    Files {
        config: ConfigFile::empty("config.json"),
        cluster: ConfigFile::empty("clusterData.json"),
        capabilities: ConfigFile::empty("capabilities.json"),
        services: ConfigFile::empty("services.json"),
        account: None,
        access_key: None,
    }
}

/// A running operator.
pub(crate) struct Operator {
    pub(crate) role: Role,
    trigger: kubescape_runtime::ShutdownTrigger,
    ended: tokio::task::JoinHandle<()>,
    http: HttpClient,
}

impl Operator {
    pub(crate) async fn start(config: Config) -> Self {
        Self::embedded(config, Embedded::default()).await
    }

    /// With parts of this process.
    pub(crate) async fn embedded(config: Config, embedded: Embedded) -> Self {
        let supervisor = Supervisor::new(Drain {
            delay: Duration::ZERO,
            deadline: Duration::from_secs(5),
        });
        let role = kubescape_operator::start(config, embedded, &supervisor)
            .await
            .unwrap();
        let trigger = supervisor.trigger();
        let ended = tokio::spawn(async move {
            let _ = supervisor.run().await;
        });
        Self {
            role,
            trigger,
            ended,
            http: HttpClient::new().unwrap(),
        }
    }

    pub(crate) async fn stop(self) {
        self.trigger.advance(Phase::Leaving);
        self.ended.await.unwrap();
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let base = if path.starts_with("/v1/l") || path.starts_with("/v1/r") || path == "/metrics" {
            &self.role.started.probes
        } else {
            &self.role.started.url
        };
        let mut request = Outgoing::new(method.parse().unwrap(), format!("{base}{path}"));
        request.body = body.to_owned().into();
        let answer = self.http.send(&request).await.unwrap();
        (
            answer.code,
            String::from_utf8(answer.body.to_vec()).unwrap(),
        )
    }

    /// Posts one command, and waits until its job is over: its status and message.
    pub(crate) async fn command(&self, mut command: Value) -> (String, String) {
        let id = format!("job-{}", self.role.jobs.count());
        command["jobTracking"] = json!({"jobID": id, "parentAction": "outer"});
        let body = json!({"commands": [command]}).to_string();
        let answer = self.call("POST", "/v1/triggerAction", &body).await;
        assert_eq!(answer, (200, "ok".to_owned()));
        self.over(&id).await
    }

    pub(crate) async fn over(&self, id: &str) -> (String, String) {
        let jobs = &self.role.jobs;
        until(|| jobs.get(id).is_some_and(|job| job.state.is_over())).await;
        let job = jobs.get(id).unwrap();
        (job.state.as_str().to_owned(), job.message)
    }
}

/// Waits for something that tells nobody.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never holds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Compares with a file under `tests/golden`; identifiers, times and hashes blanked.
/// `BLESS=1` rewrites it.
#[track_caller]
pub(crate) fn golden(name: &str, value: &Value) {
    let text = format!("{:#}\n", normal(value, &mut Vec::new()));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).expect("the golden; BLESS=1 writes it");
    assert_eq!(golden, text, "{name}; BLESS=1 accepts it");
}

fn normal(value: &Value, known: &mut Vec<String>) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), normal(value, known)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| normal(item, known)).collect(),
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            let at = known.iter().position(|one| one == text).unwrap_or_else(|| {
                known.push(text.clone());
                known.len() - 1
            });
            json!(format!("UID-{}", at + 1))
        }
        Value::String(text) if text.starts_with("20") && text.ends_with('Z') => json!("TIME"),
        other => other.clone(),
    }
}
