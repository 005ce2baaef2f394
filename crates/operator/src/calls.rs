//! Calls of the scanners: over HTTP, or within this process, by the same requests.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use kubescape_runtime::outgoing::{HttpClient, Incoming, Outgoing, OutgoingError};
use kubescape_runtime::serve::{Body, read_limited};
use tokio::time::{sleep, timeout};

use crate::config::{Config, Pace};
use crate::embedded::Embedded;

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// A scanner in this process. Gets the requests that one elsewhere gets over HTTP, with
/// a path and query as their URL (`POST /v1/scan?keep=false`), and answers as it does:
/// its `Server::answer`, say. It is given the operator's patience; a panic is the
/// failure of one call.
pub trait ScannerCalls: Send + Sync + 'static {
    /// Answers one request. Failures are answers, too.
    fn answer(&self, request: Request<Full<Bytes>>) -> Answering;
}

impl<F, A> ScannerCalls for F
where
    F: Fn(Request<Full<Bytes>>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    fn answer(&self, request: Request<Full<Bytes>>) -> Answering {
        Box::pin(self(request))
    }
}

/// Whom to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanner {
    Configurations,
    Images,
}

/// How one scanner is reached.
#[derive(Clone)]
enum Way {
    Http(String),
    InProcess(Arc<dyn ScannerCalls>),
    Nowhere,
}

impl Way {
    /// What is in this process is nearer than any address.
    fn new(calls: Option<&Arc<dyn ScannerCalls>>, address: &str) -> Self {
        match calls {
            Some(calls) => Self::InProcess(Arc::clone(calls)),
            None if address.is_empty() => Self::Nowhere,
            None => Self::Http(base(address)),
        }
    }
}

/// A request to a scanner.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) to: Scanner,
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
    pub(crate) body: Option<serde_json::Value>,
}

impl Call {
    pub(crate) fn new(to: Scanner, method: Method, path: impl Into<String>) -> Self {
        Self {
            to,
            method,
            path: path.into(),
            body: None,
        }
    }

    pub(crate) fn json(self, body: serde_json::Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }
}

/// Calls the scanners. Clones share the ways.
#[derive(Clone)]
pub(crate) struct Calls {
    http: HttpClient,
    configurations: Way,
    images: Way,
    token: Option<HeaderValue>,
    pace: Pace,
}

impl Calls {
    pub(crate) fn new(http: HttpClient, config: &Config, embedded: &Embedded) -> Self {
        let token = config.scanner_token.as_ref().and_then(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            http,
            configurations: Way::new(embedded.configurations.as_ref(), &config.kubescape_url),
            images: Way::new(embedded.images.as_ref(), &config.kubevuln_url),
            token,
            pace: config.pace,
        }
    }

    fn way(&self, to: Scanner) -> &Way {
        match to {
            Scanner::Configurations => &self.configurations,
            Scanner::Images => &self.images,
        }
    }

    /// Whether there is a way to it.
    pub(crate) fn reaches(&self, to: Scanner) -> bool {
        !matches!(self.way(to), Way::Nowhere)
    }

    /// Calls once.
    pub(crate) async fn once(&self, call: &Call) -> Result<Incoming, OutgoingError> {
        let base = match self.way(call.to) {
            Way::Http(base) => base.as_str(),
            Way::InProcess(_) | Way::Nowhere => "",
        };
        let mut request = Outgoing::new(call.method.clone(), format!("{base}{}", call.path));
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        request.patience = self.pace.answer;
        if let Some(token) = self.token.as_ref()
            && call.to == Scanner::Configurations
        {
            request.headers.push((AUTHORIZATION, token.clone()));
        }
        match self.way(call.to) {
            Way::InProcess(calls) => within(calls, &request).await,
            Way::Http(_) | Way::Nowhere => self.http.send(&request).await,
        }
    }

    /// Calls, and again while nobody listens there: it may be starting.
    pub(crate) async fn patient(&self, call: &Call) -> Result<Incoming, String> {
        let mut tries = 0;
        loop {
            match self.once(call).await {
                Err(error) if error.is_refused() && tries < self.pace.retries => {
                    tries += 1;
                    tracing::debug!(%error, tries, "trying again");
                    sleep(self.pace.refused).await;
                }
                answer => return answer.map_err(|error| error.to_string()),
            }
        }
    }
}

/// What errors call a scanner of this process.
const HERE: &str = "the scanner of this process";

async fn within(
    calls: &Arc<dyn ScannerCalls>,
    request: &Outgoing,
) -> Result<Incoming, OutgoingError> {
    let broken = |problem: String| OutgoingError::Broken {
        to: HERE.to_owned(),
        problem,
    };
    let mut message = Request::builder()
        .method(request.method.clone())
        .uri(request.url.as_str())
        .body(Full::new(request.body.clone()))
        .map_err(|error| broken(error.to_string()))?;
    for (name, value) in &request.headers {
        message.headers_mut().insert(name, value.clone());
    }
    let calls = Arc::clone(calls);
    let (limit, patience) = (request.limit, request.patience);
    // A task of its own: what panics costs one call.
    let answering = tokio::spawn(async move {
        let (parts, body) = calls.answer(message).await.into_parts();
        let body = read_limited(body, limit, patience).await;
        body.map(|body| Incoming {
            code: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    });
    let _given_up = AbortOnDrop(answering.abort_handle());
    match timeout(patience, answering).await {
        Ok(Ok(answer)) => answer.map_err(|error| broken(error.to_string())),
        Ok(Err(_)) => Err(broken("panicked: this is a bug of the scanner".to_owned())),
        Err(_) => Err(late(patience)),
    }
}

fn late(patience: Duration) -> OutgoingError {
    OutgoingError::Late {
        to: HERE.to_owned(),
        patience,
    }
}

/// Nobody waits for it any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Addresses in `clusterData.json` have no scheme.
fn base(address: &str) -> String {
    let address = address.trim_end_matches('/');
    if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    }
}
