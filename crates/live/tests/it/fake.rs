//! A scripted API server on the loopback interface.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use kubescape_live::{Access, Cluster, Patience};

type Body = BoxBody<Bytes, std::io::Error>;

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A success with this body.
    Json(String),
    /// A status with the message of a `Status` object and more headers.
    Status(u16, &'static str, Vec<(&'static str, &'static str)>),
    /// The first bytes of a body, and then the end of the connection.
    Cut(String),
    /// The first bytes of a body, and then nothing.
    Stall(String),
    /// Nothing at all.
    Silence,
}

/// Stands before the path of a watch, where answers to it are scripted. Watches
/// of what can be listed are quiet until then.
pub(crate) const WATCH: &str = "watch ";

#[derive(Default)]
struct Script {
    /// By path without query; the last answer of each stays.
    answers: HashMap<String, VecDeque<Answer>>,
    /// Paths with queries, what they accept, and who asks, as they came.
    asked: Vec<(String, String, String)>,
}

/// The server; it stops when this is dropped.
pub(crate) struct Server {
    script: Arc<Mutex<Script>>,
    address: SocketAddr,
    folder: TempDir,
    _runtime: Runtime,
}

impl Server {
    /// A server with `/version`, discovery of a few kinds, and empty lists of them.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(async { TcpListener::bind("127.0.0.1:0").await })
            .unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::<Mutex<Script>>::default();
        runtime.spawn(serve(listener, Arc::clone(&script)));
        let server = Self {
            script,
            address,
            folder: tempfile::tempdir().unwrap(),
            _runtime: runtime,
        };
        server.on(
            "/version",
            [Answer::Json(
                json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4"}).to_string(),
            )],
        );
        server.on("/api", [Answer::Json(discovery(&[("", &KINDS[..6])]))]);
        server.on(
            "/apis",
            [Answer::Json(discovery(&[
                ("apps", &KINDS[6..7]),
                ("networking.k8s.io", &KINDS[7..8]),
            ]))],
        );
        for (kind, plural, _) in KINDS {
            let root = match kind {
                "Deployment" => "/apis/apps/v1",
                "NetworkPolicy" => "/apis/networking.k8s.io/v1",
                _ => "/api/v1",
            };
            server.on(&format!("{root}/{plural}"), [list(kind, &[], "")]);
        }
        server
    }

    /// What the server answers to a path, one after the other.
    pub(crate) fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut script = self.script.lock().unwrap();
        script
            .answers
            .insert(path.to_owned(), answers.into_iter().collect());
    }

    /// The requests so far whose path starts so, with their queries.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let paths = script.asked.iter().map(|(path, ..)| path);
        paths
            .filter(|asked| asked.starts_with(path))
            .cloned()
            .collect()
    }

    /// What requests to that path accepted.
    pub(crate) fn accepted(&self, path: &str) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let asked = script
            .asked
            .iter()
            .filter(|(asked, ..)| asked.starts_with(path));
        asked.map(|(_, accept, _)| accept.clone()).collect()
    }

    /// Who asked for that path.
    pub(crate) fn askers(&self, path: &str) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let asked = script
            .asked
            .iter()
            .filter(|(asked, ..)| asked.starts_with(path));
        asked.map(|(.., asker)| asker.clone()).collect()
    }

    /// A kubeconfig with this server as context `fake`.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig_of("secret-token")
    }

    /// The same for another user; it replaces the file.
    pub(crate) fn kubeconfig_of(&self, token: &str) -> PathBuf {
        let path = self.folder.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters: [{{name: fake, cluster: {{server: 'http://{}'}}}}]\n\
             contexts: [{{name: fake, context: {{cluster: fake, user: fake}}}}]\n\
             users: [{{name: fake, user: {{token: {token}}}}}]\n",
            self.address
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn access(&self) -> Access {
        Access {
            kubeconfig: Some(self.kubeconfig()),
            context: None,
        }
    }

    pub(crate) fn connect(&self) -> Cluster {
        Cluster::connect(&self.access(), hurried()).unwrap()
    }
}

/// Waits short enough for tests.
pub(crate) fn hurried() -> Patience {
    Patience {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(500),
        idle: Duration::from_millis(300),
        page: Duration::from_secs(10),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        tries: 3,
    }
}

/// Kind, plural, and whether it has a namespace.
pub(crate) type Kind = (&'static str, &'static str, bool);

const KINDS: [Kind; 8] = [
    ("Pod", "pods", true),
    ("Namespace", "namespaces", false),
    ("Node", "nodes", false),
    ("Service", "services", true),
    ("Secret", "secrets", true),
    ("ServiceAccount", "serviceaccounts", true),
    ("Deployment", "deployments", true),
    ("NetworkPolicy", "networkpolicies", true),
];

/// Aggregated discovery of groups with version v1.
pub(crate) fn discovery(groups: &[(&str, &[Kind])]) -> String {
    let resource = |(kind, plural, namespaced): &Kind| {
        json!({
            "resource": plural, "responseKind": {"group": "", "version": "", "kind": kind},
            "scope": if *namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": kind.to_lowercase(), "verbs": ["get", "list", "watch"],
        })
    };
    let group = |(name, kinds): &(&str, &[Kind])| {
        json!({
            "metadata": {"name": name},
            "versions": [{"version": "v1", "freshness": "Current", "resources": kinds.iter().map(resource).collect::<Vec<_>>()}],
        })
    };
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": groups.iter().map(group).collect::<Vec<_>>(),
    })
    .to_string()
}

/// A page of a list; `next` is the token of the page behind it.
pub(crate) fn list(kind: &str, items: &[Value], next: &str) -> Answer {
    Answer::Json(list_text(kind, items, next))
}

/// Its text, header first, as kube-apiserver writes it.
pub(crate) fn list_text(kind: &str, items: &[Value], next: &str) -> String {
    let items: Vec<String> = items.iter().map(Value::to_string).collect();
    format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"7","continue":"{next}"}},"items":[{}]}}"#,
        items.join(",")
    )
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = next_answer(&script, &request);
                respond(answer)
            });
            // A client that goes away is a part of some stories.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn next_answer(script: &Mutex<Script>, request: &Request<Incoming>) -> Answer {
    let mut script = script.lock().unwrap();
    let uri = request.uri().to_string();
    let accept = request.headers().get("accept");
    let accept = accept
        .map_or("", |accept| accept.to_str().unwrap())
        .to_owned();
    let asker = request.headers().get("authorization");
    let asker = asker.map_or("", |asker| asker.to_str().unwrap()).to_owned();
    script.asked.push((uri, accept, asker));
    let query = request.uri().query().unwrap_or_default();
    let path = request.uri().path();
    let key = if query.contains("watch=true") {
        format!("{WATCH}{path}")
    } else {
        path.to_owned()
    };
    let Some(answers) = script.answers.get_mut(&key) else {
        if key.starts_with(WATCH) && script.answers.contains_key(path) {
            // Nothing happens.
            return Answer::Stall(String::new());
        }
        return Answer::Status(404, "there is no such path", Vec::new());
    };
    if answers.len() > 1 {
        answers.pop_front().unwrap()
    } else {
        answers.front().unwrap().clone()
    }
}

async fn respond(answer: Answer) -> Result<Response<Body>, Infallible> {
    let full = |text: String| -> Body {
        Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed()
    };
    let json = || Response::builder().header("content-type", "application/json");
    Ok(match answer {
        Answer::Json(text) => json().body(full(text)).unwrap(),
        Answer::Status(code, message, headers) => {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
            let response = json().status(code);
            let response = headers
                .into_iter()
                .fold(response, |response, (key, value)| {
                    response.header(key, value)
                });
            response.body(full(status.to_string())).unwrap()
        }
        Answer::Cut(text) => json().body(parts(text, true)).unwrap(),
        Answer::Stall(text) => json().body(parts(text, false)).unwrap(),
        Answer::Silence => std::future::pending().await,
    })
}

/// A body that ends in an error, or never.
fn parts(text: String, ends: bool) -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(1);
    tokio::spawn(async move {
        let _ = sender.send(Ok(Frame::data(Bytes::from(text)))).await;
        if ends {
            let _ = sender.send(Err(std::io::Error::other("cut"))).await;
        } else {
            sender.closed().await;
        }
    });
    let frames = Frames {
        receiver,
        held: None,
    };
    StreamBody::new(frames).boxed()
}

struct Frames {
    receiver: tokio::sync::mpsc::Receiver<Result<Frame<Bytes>, std::io::Error>>,
    /// An error is held back for one round: the server sends what came before it
    /// only when the body pauses.
    held: Option<std::io::Error>,
}

impl futures_util::Stream for Frames {
    type Item = Result<Frame<Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        if let Some(error) = self.held.take() {
            return std::task::Poll::Ready(Some(Err(error)));
        }
        match std::task::ready!(self.receiver.poll_recv(context)) {
            Some(Err(error)) => {
                self.held = Some(error);
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            }
            other => std::task::Poll::Ready(other),
        }
    }
}
