//! Reports of jobs to the backend: beside the work, bounded, and given up in the end.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use kubescape_commands::{JobReport, JobStatus};
use kubescape_runtime::Shutdown;
use kubescape_runtime::outgoing::{HttpClient, Outgoing};
use tokio::sync::mpsc;

use crate::config::{Backend, Pace};
use crate::jobs::JobHandle;
use crate::metrics::Metrics;

/// Reports that may wait.
const WAITING: usize = 1000;
/// For the last reports at the end.
const LAST: Duration = Duration::from_millis(500);
/// Tries of one.
const TRIES: u32 = 3;

/// From where a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporter {
    /// The REST API, or this process.
    Rest,
    /// The websocket.
    Socket,
}

impl Reporter {
    /// As it is written, a letter apart.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "Websocket",
            Self::Socket => "WebSocket",
        }
    }
}

/// Takes reports; without a backend they go nowhere. Clones share the queue.
#[derive(Clone)]
pub(crate) struct Reports {
    queue: Option<(mpsc::Sender<JobReport>, String)>,
    cluster: String,
    metrics: Metrics,
}

impl Reports {
    /// And the future that sends them.
    pub(crate) fn new(
        backend: Option<Backend>,
        cluster: &str,
        http: HttpClient,
        pace: Pace,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (sender, waiting) = mpsc::channel(WAITING);
        let account = backend.as_ref().map(|backend| backend.account.clone());
        let reports = Self {
            queue: account.map(|account| (sender, account)),
            cluster: cluster.to_owned(),
            metrics: metrics.clone(),
        };
        let send = async move {
            if let Some(backend) = backend {
                send(backend, waiting, &http, pace, &metrics, shutdown).await;
            }
        };
        (reports, send)
    }

    pub(crate) fn report(
        &self,
        reporter: Reporter,
        command: &Subject,
        job: &JobHandle,
        (status, details, error): (JobStatus, &str, Option<&str>),
    ) {
        let Some((queue, account)) = &self.queue else {
            return;
        };
        let named = !command.target.is_empty() && command.target != "designators";
        let report = JobReport {
            account: account.clone(),
            reporter: reporter.as_str(),
            // Upstream puts arguments here, and registries' passwords with them.
            target: if named {
                command.target.clone()
            } else {
                format!("wlid://cluster-{}/", self.cluster)
            },
            status,
            action: command.action.clone(),
            errors: error.into_iter().map(str::to_owned).collect(),
            number: job.number(),
            job: job.id.clone(),
            parent: job.parent.clone(),
            details: details.to_owned(),
            timestamp: Timestamp::now().to_string(),
        };
        if queue.try_send(report).is_err() {
            self.metrics.report("dropped");
        }
    }
}

/// What reports say of a command.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) action: String,
    pub(crate) target: String,
}

async fn send(
    backend: Backend,
    mut waiting: mpsc::Receiver<JobReport>,
    http: &HttpClient,
    pace: Pace,
    metrics: &Metrics,
    shutdown: Shutdown,
) {
    let mut complained = false;
    loop {
        let report = tokio::select! {
            report = waiting.recv() => report,
            // What is under way may still have its last word.
            () = ending(&shutdown) => waiting.try_recv().ok(),
        };
        let Some(report) = report else { return };
        let delivered = deliver(&backend, &report, http, pace, &shutdown).await;
        metrics.report(if delivered.is_ok() { "sent" } else { "failed" });
        match delivered {
            Ok(()) => complained = false,
            Err(error) if !complained => {
                complained = true;
                tracing::warn!(error, "reports of jobs do not reach the backend");
            }
            Err(_) => {}
        }
    }
}

/// A moment after the end begins.
async fn ending(shutdown: &Shutdown) {
    shutdown.requested().await;
    tokio::time::sleep(LAST).await;
}

async fn deliver(
    backend: &Backend,
    report: &JobReport,
    http: &HttpClient,
    pace: Pace,
    shutdown: &Shutdown,
) -> Result<(), String> {
    let url = format!("{}/k8s/sysreport", backend.event_receiver);
    let mut request = Outgoing::new(Method::POST, url).json(&report.to_value());
    request.patience = pace.answer;
    if let Ok(mut key) = HeaderValue::from_str(backend.access_key.reveal()) {
        key.set_sensitive(true);
        let name = HeaderName::from_static("x-api-key");
        request.headers.push((name, key));
    }
    let mut last = String::new();
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::select! {
                () = tokio::time::sleep(pace.report) => {}
                () = shutdown.requested() => return Err(last),
            }
        }
        match http.send(&request).await {
            Ok(answer) if (200..300).contains(&answer.code) => return Ok(()),
            Ok(answer) => last = format!("the event receiver answered {}", answer.code),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}
