//! The REST API: takes commands, and tells of jobs and recurring scans.

use std::time::Duration;

use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use kubescape_commands::parse;
use kubescape_runtime::serve::{Body, BodyError, read_limited, text};
use serde_json::json;

use crate::jobs::{Job, Jobs};
use crate::openapi;
use crate::pool::{Pool, Refused};
use crate::recurring::Recurring;
use crate::reports::Reporter;

/// The most bytes of commands.
const MAX_BODY: u64 = 4 << 20;
/// For which a client may send nothing.
const PAUSE: Duration = Duration::from_secs(20);
/// Jobs of one answer.
const MAX_JOBS: usize = 1000;

const PLAIN: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers requests. Clones share what it needs.
#[derive(Clone)]
pub(crate) struct Rest {
    pool: Pool,
    jobs: Jobs,
    recurring: Recurring,
}

impl Rest {
    /// Hands commands to a pool.
    pub(crate) fn new(pool: Pool, jobs: Jobs, recurring: Recurring) -> Self {
        Self {
            pool,
            jobs,
            recurring,
        }
    }

    /// Answers one.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().trim_end_matches('/').to_owned();
        let allowed = match path.as_str() {
            "/v1/triggerAction" => Method::POST,
            _ => Method::GET,
        };
        let method = request.method();
        if method != allowed && !(allowed == Method::GET && method == Method::HEAD) {
            let mut answer = text(405, PLAIN, format!("use {allowed}\n"));
            if let Ok(allowed) = HeaderValue::from_str(allowed.as_str()) {
                answer.headers_mut().insert(ALLOW, allowed);
            }
            return answer;
        }
        match path.as_str() {
            "/v1/triggerAction" => self.trigger(request).await,
            "/v1/jobs" => self.jobs(request.uri().query().unwrap_or_default()),
            "/v1/schedules" => self.schedules(None).await,
            path => self.one(path).await,
        }
    }

    /// One thing of a list, or a page.
    async fn one(&self, path: &str) -> Response<Body> {
        if let Some(id) = path.strip_prefix("/v1/jobs/") {
            return match self.jobs.get(id) {
                Some(job) => text(200, JSON, job.to_value().to_string()),
                None => text(404, PLAIN, "there is no such job, or no longer\n"),
            };
        }
        if let Some(name) = path.strip_prefix("/v1/schedules/") {
            return self.schedules(Some(name)).await;
        }
        openapi::page(path).unwrap_or_else(|| text(404, PLAIN, "not found: see /openapi/v3\n"))
    }

    /// All recurring scans, or the one of a name.
    async fn schedules(&self, name: Option<&str>) -> Response<Body> {
        let all = match self.recurring.list().await {
            Ok(all) => all,
            Err(error) => return text(503, PLAIN, format!("{error}\n")),
        };
        let Some(name) = name else {
            let body = json!({ "schedules": all, "keptBy": self.recurring.keeper() });
            return text(200, JSON, body.to_string());
        };
        match all.iter().find(|one| one["name"] == name) {
            Some(one) => text(200, JSON, one.to_string()),
            None => text(
                404,
                PLAIN,
                "there is no such recurring scan: see /v1/schedules\n",
            ),
        }
    }

    /// Whatever the content type says: shipped CronJobs send none.
    async fn trigger(&self, request: Request<Incoming>) -> Response<Body> {
        let body = match read_limited(request.into_body(), MAX_BODY, PAUSE).await {
            Ok(body) => body,
            Err(error) => {
                let code = match error {
                    BodyError::TooLarge(_) => 413,
                    BodyError::TooSlow(_) => 408,
                    _ => 400,
                };
                return text(code, PLAIN, format!("{error}\n"));
            }
        };
        let unpacked = match parse(&body) {
            Ok(unpacked) => unpacked,
            Err(error) => return text(400, PLAIN, format!("{error}\n")),
        };
        if unpacked.nameless > 0 {
            tracing::warn!(
                count = unpacked.nameless,
                "commands without commandName are left out"
            );
        }
        match self.pool.submit(unpacked.commands, Reporter::Rest) {
            Ok(_) => text(200, PLAIN, "ok"),
            Err(refused) => {
                let code = match refused {
                    Refused::Full => 429,
                    Refused::TooMany(_) => 413,
                    Refused::Leaving => 503,
                };
                let mut answer = text(code, PLAIN, format!("{refused}\n"));
                if code != 413 {
                    let headers = answer.headers_mut();
                    headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
                }
                answer
            }
        }
    }

    fn jobs(&self, query: &str) -> Response<Body> {
        let mut limit = 100;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("limit", number)) => match number.parse() {
                    Ok(number) => limit = number,
                    Err(_) => return text(400, PLAIN, "limit is not a number\n"),
                },
                _ => return text(400, PLAIN, "the only parameter is limit\n"),
            }
        }
        let jobs = self.jobs.newest(limit.min(MAX_JOBS));
        let jobs: Vec<_> = jobs.iter().map(Job::to_value).collect();
        let body = json!({ "jobs": jobs, "kept": self.jobs.count() });
        text(200, JSON, body.to_string())
    }
}
