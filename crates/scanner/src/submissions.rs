//! Results on their way to a backend: after their scans, beside everything else, and
//! at most one under way and one that waits, the newest.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kubescape_report::Submission;
use kubescape_runtime::Shutdown;
use kubescape_runtime::outgoing::HttpClient;
use kubescape_submit::{Chunks, Destination, Patience, Sent, send};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::request::ScanRequest;
use crate::work::Finished;

/// Submissions that did not arrive and are remembered.
const REMEMBERED: usize = 100;

/// Takes results to send. Clones share them.
#[derive(Clone)]
pub(crate) struct Submissions(Arc<Shared>);

struct Shared {
    destination: Option<Destination>,
    metrics: Metrics,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    waiting: Option<(Uuid, Finished)>,
    /// Why results did not arrive, the newest last.
    troubles: VecDeque<(Uuid, Arc<str>)>,
    /// The last scan whose result was to be sent.
    latest: Option<Uuid>,
}

impl Submissions {
    /// And the future that sends them, until the shutdown.
    pub(crate) fn new(
        destination: Option<Destination>,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let submissions = Self(Arc::new(Shared {
            destination,
            metrics,
            state: Mutex::default(),
            wake: Notify::new(),
        }));
        let sending = submissions.clone().run(shutdown);
        (submissions, sending)
    }

    /// What reports say of being sent, when the result of this request is to be.
    pub(crate) fn of(&self, request: &ScanRequest) -> Option<Submission> {
        let destination = self.0.destination.as_ref()?;
        let wanted = request.submit && request.is_of_cluster() && !request.skip_persistence;
        wanted.then(|| Submission {
            account: destination.account.id().to_owned(),
        })
    }

    /// Sends a result soon; one that still waits then gives way to it.
    pub(crate) fn offer(&self, id: Uuid, finished: Finished) {
        let given_up = {
            let mut state = self.0.lock();
            state.latest = Some(id);
            state.waiting.replace((id, finished))
        };
        if let Some((older, _)) = given_up {
            let reason = "a newer result was there before its turn came";
            self.0.failed(older, "dropped", reason.to_owned());
        }
        self.0.wake.notify_one();
    }

    /// Why the result of a scan, or of the last that was to be sent, did not arrive.
    pub(crate) fn trouble(&self, id: Option<Uuid>) -> Option<Arc<str>> {
        let state = self.0.lock();
        let id = id.or(state.latest)?;
        let mut troubles = state.troubles.iter();
        let (_, reason) = troubles.find(|(other, _)| *other == id)?;
        Some(Arc::clone(reason))
    }

    async fn run(self, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = self.0.wake.notified() => {}
                () = shutdown.requested() => return self.leave(),
            }
            let waiting = self.0.lock().waiting.take();
            let (Some((id, finished)), Some(to)) = (waiting, &self.0.destination) else {
                continue;
            };
            // Reading what was scanned back from disk may block.
            let (to, until) = (to.clone(), shutdown.clone());
            let sending = tokio::task::spawn_blocking(move || submit(&to, &finished, &until));
            match sending.await {
                Ok(Ok(sent)) => self.0.sent(id, &sent),
                Ok(Err(reason)) => self.0.failed(id, "failed", reason),
                Err(panic) => self.0.failed(id, "failed", panic.to_string()),
            }
        }
    }

    fn leave(&self) {
        let waiting = self.0.lock().waiting.take();
        if let Some((id, _)) = waiting {
            self.0.failed(id, "dropped", LEAVING.to_owned());
        }
    }
}

const LEAVING: &str = "the service was ended";

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sent(&self, id: Uuid, sent: &Sent) {
        self.metrics.submission("sent");
        let Sent {
            host,
            report,
            chunks,
            bytes,
            message,
            ..
        } = sent;
        tracing::info!(jobId = %id, host, report, chunks, bytes, message, "result sent");
        if sent.omitted > 0 {
            let first = sent.omissions.first().map_or("", |omission| &*omission.id);
            let omitted = sent.omitted;
            tracing::warn!(jobId = %id, omitted, first, "objects too large to be sent whole");
        }
    }

    fn failed(&self, id: Uuid, outcome: &'static str, reason: String) {
        tracing::warn!(jobId = %id, outcome, reason, "result not sent");
        {
            let mut state = self.lock();
            if state.troubles.len() >= REMEMBERED {
                state.troubles.pop_front();
            }
            state.troubles.push_back((id, reason.into()));
        }
        self.metrics.submission(outcome);
    }
}

/// Sends a result; on a thread that may block, of a runtime.
fn submit(to: &Destination, finished: &Finished, shutdown: &Shutdown) -> Result<Sent, String> {
    let Finished { scan, facts } = finished;
    // Anew each time, with the roots that are trusted now.
    let http = HttpClient::new().map_err(|error| error.to_string())?;
    let chunks = Chunks::of(scan, facts).map_err(|error| error.to_string())?;
    let patience = Patience::default();
    let mut nobody = |_| {};
    let sending = async {
        tokio::select! {
            sent = send(&http, to, &patience, chunks, facts, &mut nobody) => {
                sent.map_err(|error| error.to_string())
            }
            () = shutdown.requested() => Err(LEAVING.to_owned()),
        }
    };
    Handle::current().block_on(sending)
}
