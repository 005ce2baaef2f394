//! A service in a temporary folder, and requests to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use kubescape_runtime::config::{ConfigFile, Env};
use kubescape_runtime::{Drain, Phase, Supervisor};
use kubescape_scanner::{Config, Files, Flags, Insight, Observer, Role, Work};
use serde_json::Value;
use tempfile::TempDir;

use crate::work::{FakeWork, Fate};

/// Nothing that is awaited takes longer.
const SOON: Duration = Duration::from_mins(1);

/// The body of a scan of one object.
pub(crate) fn object(name: &str) -> String {
    format!(
        r#"{{"scanObject":{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"shop"}}}}}}"#
    )
}

/// A service over a scripted scanner.
pub(crate) struct World {
    pub(crate) role: Role,
    pub(crate) work: Arc<FakeWork>,
    supervisor: Supervisor,
    pub(crate) folder: Arc<TempDir>,
}

pub(crate) fn world(fates: impl IntoIterator<Item = Fate>) -> World {
    world_with(
        fates,
        &[],
        Vec::new(),
        Arc::new(tempfile::tempdir().unwrap()),
    )
}

/// With these variables set, observers, and a folder of somebody else.
pub(crate) fn world_with(
    fates: impl IntoIterator<Item = Fate>,
    env: &[(&str, &str)],
    observers: Vec<Arc<dyn Observer>>,
    folder: Arc<TempDir>,
) -> World {
    assemble(fates, env, observers, None, folder)
}

/// With continuous scanning.
pub(crate) fn world_that_follows(insight: Arc<dyn Insight>) -> World {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    assemble([], &[], Vec::new(), Some(insight), folder)
}

fn assemble(
    fates: impl IntoIterator<Item = Fate>,
    env: &[(&str, &str)],
    observers: Vec<Arc<dyn Observer>>,
    insight: Option<Arc<dyn Insight>>,
    folder: Arc<TempDir>,
) -> World {
    let config = config(folder.path(), env);
    let work = Arc::new(FakeWork::new(fates));
    let supervisor = Supervisor::new(Drain::default());
    let shared: Arc<dyn Work> = work.clone();
    let role = Role::assemble(&config, shared, observers, insight, &supervisor).unwrap();
    World {
        role,
        work,
        supervisor,
        folder,
    }
}

pub(crate) fn config(folder: &Path, env: &[(&str, &str)]) -> Config {
    let files = Files {
        cluster: ConfigFile::empty("clusterData.json"),
        capabilities: ConfigFile::empty("capabilities.json"),
        credentials: folder.join("none"),
    };
    let flags = Flags {
        data_dir: Some(folder.to_owned()),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Flags::default()
    };
    let env = env.iter().copied().chain([("KS_LOGGER_NAME", "none")]);
    Config::from_files(flags, &Env::from_pairs(env), files).unwrap()
}

impl World {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, "", &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body, &[]).await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let answered = async {
            let response = self.role.server.answer(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer {
                code: parts.status.as_u16(),
                headers: parts.headers,
                text: String::from_utf8(body.to_vec()).unwrap(),
            }
        };
        tokio::time::timeout(SOON, answered).await.unwrap()
    }

    /// Starts a scan and returns its ID.
    pub(crate) async fn start(&self, body: &str) -> String {
        let answer = self.post("/v1/scan", body).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        answer.id()
    }

    /// Waits until a scan neither waits nor runs; answers its results, kept.
    pub(crate) async fn end_of(&self, id: &str) -> Answer {
        let ended = async {
            loop {
                let status = self.get(&format!("/v1/status?id={id}")).await;
                if status.json()["type"] == "notBusy" {
                    return self.get(&format!("/v1/results?id={id}&keep=true")).await;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, ended).await.unwrap()
    }

    /// Ends all work; requests are still answered.
    pub(crate) fn leave(&self) {
        self.supervisor.trigger().advance(Phase::Draining);
    }

    /// Ends the service as a signal would.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        let Self {
            supervisor, folder, ..
        } = self;
        supervisor.trigger().advance(Phase::Leaving);
        supervisor.run().await.unwrap();
        folder
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// The text of its `response`.
    #[track_caller]
    pub(crate) fn said(&self) -> String {
        self.json()["response"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
