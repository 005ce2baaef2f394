//! A server over a store in a temporary folder, and requests to it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::serve::Body;
use kubescape_runtime::{Health, Shutdown, ShutdownTrigger};
use kubescape_storage::{Authentication, Caller, FrontProxy, Reviewer, Server, Settings};
use kubescape_store::{SqliteOptions, SqliteStore, Store};
use serde_json::Value;

/// Where the group is.
pub(crate) const ROOT: &str = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1";

/// Nothing that is awaited takes longer.
const SOON: Duration = Duration::from_secs(20);

/// A server that is open.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) shutdown: ShutdownTrigger,
    _folder: tempfile::TempDir,
}

/// One who may do everything.
pub(crate) fn admin() -> Caller {
    Caller::Certificate {
        name: "admin".to_owned(),
        groups: vec!["system:masters".to_owned()],
        front_proxy: false,
        client: true,
    }
}

/// A server with the usual settings.
pub(crate) fn world() -> World {
    world_with(Settings::default(), |_| {}, None)
}

pub(crate) fn world_with(
    settings: Settings,
    options: impl FnOnce(&mut SqliteOptions),
    reviewer: Option<Arc<dyn Reviewer>>,
) -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut stored = SqliteOptions::new(folder.path().join("store.db"));
    // The volume of a test may be small.
    (stored.reserve, stored.deletion_reserve) = (0, 0);
    options(&mut stored);
    let store = Arc::new(SqliteStore::open(stored).unwrap());
    let (trigger, shutdown) = Shutdown::new();
    let server = Server::new(Health::new(shutdown.clone()), settings);
    let authentication = Arc::new(Authentication::new(FrontProxy::default(), reviewer));
    authentication.set_front_proxy(FrontProxy::default());
    let shared: Arc<dyn Store> = store.clone();
    server.open(shared, authentication, &Metrics::new(), shutdown);
    World {
        server,
        store,
        shutdown: trigger,
        _folder: folder,
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
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Sees that it went well, and gives what it says.
    #[track_caller]
    pub(crate) fn fine(&self) -> Value {
        assert!(self.code < 300, "{}: {}", self.code, self.text);
        self.json()
    }

    /// Sees that it failed so: a `Status` that says the same as the code.
    #[track_caller]
    pub(crate) fn failed(&self, code: u16, reason: &str) -> String {
        let status = self.json();
        assert_eq!(
            (self.code, &status["reason"]),
            (code, &reason.into()),
            "{status}"
        );
        assert_eq!(status["kind"], "Status");
        assert_eq!(status["code"], code);
        assert_eq!(status["status"], "Failure");
        status["message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A request that is being put together.
pub(crate) struct Ask<'a> {
    server: &'a Server,
    caller: Caller,
    method: &'a str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl World {
    /// A request to a path below the group's version, or to an absolute one.
    pub(crate) fn ask<'a>(&'a self, method: &'a str, path: &str) -> Ask<'a> {
        ask(&self.server, method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).await_answer().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).await_answer().await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path).json(body).await_answer().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path).await_answer().await
    }

    /// A patch of that type: `json`, `merge`, `strategic` or `apply`.
    pub(crate) async fn patch(&self, kind: &str, path: &str, body: &Value) -> Answer {
        let content = match kind {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        };
        let ask = self.ask("PATCH", path).json(body);
        ask.header("content-type", content).await_answer().await
    }

    /// The newest version.
    pub(crate) async fn version(&self) -> u64 {
        self.store.resource_version().await.unwrap()
    }

    pub(crate) async fn watch(&self, path: &str) -> Watch {
        self.ask("GET", path).watch().await
    }
}

pub(crate) fn ask<'a>(server: &'a Server, method: &'a str, path: &str) -> Ask<'a> {
    let below = path.starts_with('/');
    Ask {
        server,
        caller: admin(),
        method,
        path: if below {
            path.to_owned()
        } else {
            format!("{ROOT}/{path}")
        },
        headers: Vec::new(),
        body: Bytes::new(),
    }
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let text = body.to_string();
        self.header("content-type", "application/json").body(text)
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    pub(crate) fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        if !self.headers.iter().any(|(name, _)| *name == "user-agent") {
            request = request.header("user-agent", "teller/1.0");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(body).unwrap()
    }

    /// The answer's head, and its body to be read.
    pub(crate) async fn start(self) -> Response<Body> {
        let request = self.request(Full::new(self.body.clone()));
        let answer = self.server.answer(request, &self.caller);
        tokio::time::timeout(SOON, answer).await.expect("an answer")
    }

    pub(crate) async fn await_answer(self) -> Answer {
        whole(self.start().await).await
    }

    pub(crate) async fn watch(self) -> Watch {
        self.watch_with_head().await.1
    }

    /// An open watch, and the head of the answer.
    pub(crate) async fn watch_with_head(self) -> (Answer, Watch) {
        let response = self.start().await;
        assert_eq!(response.status(), 200);
        let (parts, body) = response.into_parts();
        let head = Answer {
            code: 200,
            headers: parts.headers,
            text: String::new(),
        };
        let rest = Vec::new();
        (head, Watch { body, rest })
    }
}

/// Reads an answer to its end.
pub(crate) async fn whole(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let read = tokio::time::timeout(SOON, body.collect());
    let bytes = read
        .await
        .expect("an end")
        .expect("a whole body")
        .to_bytes();
    Answer {
        code: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// An open watch.
pub(crate) struct Watch {
    body: Body,
    rest: Vec<u8>,
}

impl Watch {
    /// The next line, or `None` at the end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            let frame = tokio::time::timeout(SOON, self.body.frame()).await;
            let frame = frame.expect("an event")?;
            self.rest
                .extend_from_slice(frame.unwrap().data_ref().unwrap());
        }
    }

    pub(crate) async fn event(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.line().await?).unwrap())
    }

    /// The type and name of the next event.
    pub(crate) async fn brief(&mut self) -> (String, String) {
        let event = self.event().await.expect("an event");
        brief(&event)
    }

    /// All events until the watch ends.
    pub(crate) async fn all(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(event) = self.event().await {
            all.push(event);
        }
        all
    }
}

pub(crate) fn brief(event: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&event["type"]),
        text(&event["object"]["metadata"]["name"]),
    )
}

/// What awaits nothing else: `assert_eq!(brief, is("ADDED", "a"))`.
pub(crate) fn is(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

pub(crate) fn version_of(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}
