//! The server: from a request to an answer. Knows no sockets.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CONTENT_LENGTH, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kubescape_runtime::serve::{Body, BodyError, BoxError, empty, full, read_limited};
use kubescape_runtime::{Health, Secret};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::answer::{self, Type, error, reply};
use crate::callback::Callback;
use crate::config::{CallbackPolicy, Limits};
use crate::insight::{Insight, Insights};
use crate::jobs::{End, Found, Jobs, Refused, Submission, Ticket};
use crate::last::Last;
use crate::metrics::Metrics;
use crate::openapi;
use crate::query::Query;
use crate::request::{self, Defaults};
use crate::results::Results;
use crate::routes::{self, Endpoint, Route};
use crate::submissions::Submissions;

/// Results that are sent at once.
const SENDING: usize = 32;

/// Scans whose end somebody waits for, and the most of them.
const WAITING: usize = 256;

/// What the server needs.
pub(crate) struct Parts {
    pub(crate) jobs: Jobs,
    pub(crate) results: Arc<Results>,
    pub(crate) last: Arc<Last>,
    pub(crate) metrics: Metrics,
    pub(crate) submissions: Submissions,
    pub(crate) health: Health,
    pub(crate) limits: Limits,
    pub(crate) defaults: Defaults,
    pub(crate) callbacks: CallbackPolicy,
    pub(crate) token: Option<Secret<String>>,
    /// What continuous scanning knows, where that is on.
    pub(crate) insight: Option<Arc<dyn Insight>>,
}

/// Answers requests. Clones share everything.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Digest of the token, so that comparing takes the same time for all.
    token: Option<[u8; 32]>,
    sending: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    insights: Insights,
    document: Bytes,
    page: Bytes,
}

impl Server {
    pub(crate) fn new(parts: Parts) -> Self {
        let token = parts.token.as_ref().map(|token| digest(token.reveal()));
        Self(Arc::new(Inner {
            token,
            sending: Arc::new(Semaphore::new(SENDING)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            insights: Insights::new(parts.insight.clone()),
            document: format!("{:#}\n", openapi::document()).into(),
            page: openapi::page().into(),
            parts,
        }))
    }

    /// Answers one request. Failures are answers, too.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let begun = Instant::now();
        let head = request.method() == Method::HEAD;
        let (name, mut response) = self.0.route(request).await;
        if head {
            strip(&mut response);
        }
        let code = response.status().as_u16();
        self.0.parts.metrics.request(name, code, begun.elapsed());
        response
    }
}

/// Takes the body away, but says how long it would have been.
fn strip(response: &mut Response<Body>) {
    use http_body::Body as _;
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = empty();
}

impl Inner {
    async fn route<B>(&self, request: Request<B>) -> (&'static str, Response<Body>)
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if routes::is_guarded(path) && !self.admits(&parts.headers) {
            return ("other", unauthorized());
        }
        let route = match routes::find(&parts.method, path) {
            routes::Found::Route(route) => route,
            routes::Found::Methods(methods) => return ("other", wrong_method(&methods)),
            routes::Found::Nothing => {
                let text = "there is nothing here; GET /openapi/v2/ shows what there is";
                return ("other", error(404, text));
            }
        };
        let answered = match route.endpoint {
            Endpoint::Live | Endpoint::Ready => Ok(self.health(path, parts.uri.query())),
            Endpoint::Document => {
                let document = full(self.document.clone());
                Ok(answer::content(200, "application/json", document))
            }
            Endpoint::Page => {
                let page = full(self.page.clone());
                Ok(answer::content(200, "text/html; charset=utf-8", page))
            }
            _ => {
                let head = parts.method == Method::HEAD;
                self.ask(route, parts.uri.query(), head, body).await
            }
        };
        (route.name, answered.unwrap_or_else(Refusal::answer))
    }

    async fn ask<B>(
        &self,
        route: &'static Route,
        query: Option<&str>,
        head: bool,
        body: B,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let query = Query::parse(query, route).map_err(|text| refuse(400, text))?;
        match route.endpoint {
            Endpoint::PostScan => self.scan(&query, body).await,
            Endpoint::DeleteScan => Ok(self.cancel(&query)),
            Endpoint::Status => Ok(self.status(&query)),
            Endpoint::Results => Ok(self.results(&query, head)),
            Endpoint::DeleteResults => Ok(self.delete_results(&query)),
            Endpoint::Explain => Ok(self.insights.explain(&query).await),
            Endpoint::Progress => Ok(self.insights.progress()),
            _ => self.metrics(&query),
        }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(wanted) = &self.token else {
            return true;
        };
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = given.and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        token.is_some_and(|token| digest(token) == *wanted)
    }

    fn health(&self, path: &str, query: Option<&str>) -> Response<Body> {
        let kind = "text/plain; charset=utf-8";
        match self.parts.health.answer(path, query) {
            Some(told) => answer::content(told.code, kind, full(told.body)),
            None => error(404, "there is no such check"),
        }
    }

    async fn scan<B>(&self, query: &Query, body: B) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let Parts {
            limits,
            defaults,
            callbacks,
            jobs,
            ..
        } = &self.parts;
        let callback = query.text("callback").filter(|url| !url.is_empty());
        let callback = callback
            .map(|url| Callback::parse(url, callbacks))
            .transpose()
            .map_err(|text| refuse(400, text))?;
        let body = read_limited(body, limits.request_bytes, limits.body_pause)
            .await
            .map_err(|error| unread(&error))?;
        let parsed = request::parse(&body, defaults).map_err(|text| refuse(400, text))?;
        let mut request = parsed.request;
        request.skip_persistence = query.is("skipPersistence");
        let wait = query.is("wait");
        let place = if wait {
            let place = Arc::clone(&self.waiting).try_acquire_owned();
            Some(place.map_err(|_| busy("too many wait for results already"))?)
        } else {
            None
        };
        let ticket = jobs
            .submit(Submission {
                request,
                wait,
                keep: query.is("keep"),
                callback,
                bytes: body.len(),
            })
            .map_err(refused)?;
        tracing::info!(jobId = %ticket.id(), wait, "scan asked for");
        let mut answer = match place {
            None => {
                let id = ticket.id();
                let text = format!("scanning '{id}' is in progress");
                reply(200, Some(id), Type::Busy, &text)
            }
            Some(_place) => self.waited(ticket).await,
        };
        answer::warn(&mut answer, &parsed.notes);
        Ok(answer)
    }

    async fn waited(&self, mut ticket: Ticket) -> Response<Body> {
        let id = ticket.id();
        match ticket.end().await {
            End::Failed(reason) | End::Cancelled(reason) => {
                reply(500, Some(id), Type::Error, &reason)
            }
            End::Done => {
                let answer = self.send(id);
                ticket.delivered();
                answer
            }
        }
    }

    /// The report, read from disk as the client takes it.
    fn send(&self, id: Uuid) -> Response<Body> {
        let Ok(permit) = Arc::clone(&self.sending).try_acquire_owned() else {
            return busy("too many results are being sent").answer();
        };
        match self.parts.results.read(id) {
            Ok(Some((file, bytes))) => answer::report(id, file, bytes, permit),
            Ok(None) => nothing(),
            Err(why) => {
                let text = format!("the result cannot be read: {why}");
                reply(500, Some(id), Type::Error, &text)
            }
        }
    }

    fn cancel(&self, query: &Query) -> Response<Body> {
        match self.parts.jobs.cancel(query.id()) {
            Some(id) => {
                let text = format!("scanning '{id}' is being cancelled");
                reply(200, Some(id), Type::Id, &text)
            }
            None => error(404, "no such scan waits or runs"),
        }
    }

    fn status(&self, query: &Query) -> Response<Body> {
        let mut answer = match self.parts.jobs.find(query.id()) {
            Found::Busy(id) => reply(200, Some(id), Type::Busy, &id.to_string()),
            _ => reply(200, None, Type::NotBusy, ""),
        };
        if let Some(reason) = self.parts.submissions.trouble(query.id()) {
            let note = format!("submit: the result was not sent: {reason}");
            answer::warn(&mut answer, &[note]);
        }
        answer
    }

    fn results(&self, query: &Query, head: bool) -> Response<Body> {
        let id = match self.parts.jobs.find(query.id()) {
            Found::Done(id) => id,
            other => return unfinished(&other),
        };
        let answer = self.send(id);
        if answer.status() == StatusCode::OK && !head && !query.is("keep") {
            // What is open can be read to its end.
            self.parts.results.remove(id);
        }
        answer
    }

    fn delete_results(&self, query: &Query) -> Response<Body> {
        let results = &self.parts.results;
        if query.is("all") {
            let text = match results.remove_all() {
                1 => "1 result removed".to_owned(),
                count => format!("{count} results removed"),
            };
            return reply(200, None, Type::Id, &text);
        }
        match self.parts.jobs.find(query.id()) {
            Found::Done(id) => {
                results.remove(id);
                reply(200, Some(id), Type::Id, "1 result removed")
            }
            // What failed left nothing to remove.
            Found::Failed(..) => nothing(),
            other => unfinished(&other),
        }
    }

    fn metrics(&self, query: &Query) -> Result<Response<Body>, Refusal> {
        let Parts {
            last,
            metrics,
            results,
            ..
        } = &self.parts;
        let mut frameworks = query.list("frameworks");
        if frameworks
            .iter()
            .any(|name| name.eq_ignore_ascii_case("all"))
        {
            frameworks.clear();
        }
        // A name that is wrong is so before the first scan, too.
        request::check_frameworks(&frameworks)
            .map_err(|error| refuse(400, format!("frameworks: {error}")))?;
        let mut page = last
            .text(&frameworks, SystemTime::now())
            .map_err(|error| refuse(400, format!("frameworks: {error}")))?;
        page.push_str(&metrics.text(results.size()));
        page.push_str(&self.insights.metrics());
        let kind = kubescape_runtime::metrics::Metrics::CONTENT_TYPE;
        Ok(answer::content(200, kind, full(page)))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Why a request is not served.
struct Refusal {
    code: u16,
    text: String,
}

impl Refusal {
    fn answer(self) -> Response<Body> {
        let mut answer = error(self.code, &self.text);
        if self.code == 429 {
            let second = HeaderValue::from_static("1");
            answer.headers_mut().insert(RETRY_AFTER, second);
        }
        answer
    }
}

fn refuse(code: u16, text: impl Into<String>) -> Refusal {
    let text = text.into();
    Refusal { code, text }
}

/// A second later there may be room.
fn busy(text: &str) -> Refusal {
    refuse(429, format!("{text}: try again after a second"))
}

fn refused(refused: Refused) -> Refusal {
    match refused {
        Refused::Full(lane) => busy(&format!("too many {} scans wait", lane.name())),
        Refused::Leaving => refuse(503, "the service is ending: try again after a second"),
    }
}

fn unread(why: &BodyError) -> Refusal {
    match why {
        BodyError::TooLarge(limit) => refuse(
            413,
            format!(
                "the body has more than {limit} bytes: send less, or raise KS_SCAN_REQUEST_MAX_BYTES"
            ),
        ),
        BodyError::TooSlow(_) => refuse(408, why.to_string()),
        _ => refuse(400, why.to_string()),
    }
}

/// There is no such result.
fn nothing() -> Response<Body> {
    let mut answer = answer::content(204, "application/json", empty());
    answer.headers_mut().remove(http::header::CONTENT_TYPE);
    answer
}

/// Of a scan without a result on disk.
fn unfinished(found: &Found) -> Response<Body> {
    match found {
        Found::NoScanYet => error(400, "there was no scan yet; POST /v1/scan starts one"),
        Found::Busy(id) => {
            let text = format!("scanning '{id}' is in progress");
            reply(200, Some(*id), Type::Busy, &text)
        }
        Found::Failed(id, reason) => reply(500, Some(*id), Type::Error, reason),
        Found::Unknown | Found::Done(_) => nothing(),
    }
}

fn unauthorized() -> Response<Body> {
    let mut answer = error(
        401,
        "send Authorization: Bearer with the token of KS_API_TOKEN",
    );
    let scheme = HeaderValue::from_static("Bearer");
    answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    answer
}

fn wrong_method(methods: &str) -> Response<Body> {
    let mut answer = error(405, &format!("this path takes {methods}"));
    if let Ok(methods) = HeaderValue::try_from(methods) {
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}
