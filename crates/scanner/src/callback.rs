//! Telling a caller's URL that a scan ended: what may be called, and calling it.

mod gate;
mod post;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use kubescape_runtime::Shutdown;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use crate::config::CallbackPolicy;
use crate::jobs::End;
use crate::metrics::Metrics;

/// Longest URL.
const MOST_LETTERS: usize = 2048;

/// Calls that may wait, and that are made at once.
const QUEUE: usize = 256;
const AT_ONCE: usize = 8;

/// How often to try, and the pause before the second try; the third waits longer.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// A URL that may be called, as far as it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As the Host header has it.
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Callback {
    /// Reads a URL; an address in it is judged at once, a name when it is called.
    pub(crate) fn parse(text: &str, policy: &CallbackPolicy) -> Result<Self, String> {
        if !policy.enabled && policy.allowed.is_empty() {
            return Err(
                "callback: is switched off; set KS_CALLBACK_ENABLED or KS_CALLBACK_ALLOWED_CIDRS"
                    .to_owned(),
            );
        }
        if text.len() > MOST_LETTERS {
            return Err(format!("callback: has more than {MOST_LETTERS} characters"));
        }
        let wrong = || "callback: give a URL such as https://example.com/done".to_owned();
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') {
            return Err("callback: must not have a user or password".to_owned());
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong());
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            gate::judge(policy, address).map_err(|why| format!("callback: {why}"))?;
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned()),
        })
    }
}

struct Call {
    callback: Callback,
    body: String,
}

/// Calls back, some at a time. Clones share the queue.
#[derive(Clone)]
pub(crate) struct Callbacks {
    queue: mpsc::Sender<Call>,
    metrics: Metrics,
}

impl Callbacks {
    /// The queue, and what works on it until the shutdown.
    pub(crate) fn new(
        policy: CallbackPolicy,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, calls) = mpsc::channel(QUEUE);
        let work = work(calls, Arc::new(policy), metrics.clone(), shutdown);
        (Self { queue, metrics }, work)
    }

    /// Calls soon; with too many waiting already, not at all, which is said.
    pub(crate) fn send(&self, callback: Callback, id: Uuid, end: &End) {
        let error = match end {
            End::Done => "",
            End::Failed(reason) | End::Cancelled(reason) => reason,
        };
        let body = json!({"id": id.to_string(), "status": end.name(), "error": error}).to_string();
        if self.queue.try_send(Call { callback, body }).is_err() {
            tracing::warn!(jobId = %id, "callback dropped: too many wait");
            self.metrics.callback("dropped");
        }
    }
}

async fn work(
    mut calls: mpsc::Receiver<Call>,
    policy: Arc<CallbackPolicy>,
    metrics: Metrics,
    shutdown: Shutdown,
) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let call = tokio::select! {
            call = calls.recv() => call,
            () = shutdown.requested() => None,
        };
        let Some(call) = call else { return };
        let (policy, metrics, shutdown) = (Arc::clone(&policy), metrics.clone(), shutdown.clone());
        tokio::spawn(async move {
            let _permit = permit;
            tokio::select! {
                () = deliver(&call, &policy, &metrics) => {}
                () = shutdown.forced() => {}
            }
        });
    }
}

async fn deliver(call: &Call, policy: &CallbackPolicy, metrics: &Metrics) {
    let mut pause = PAUSE;
    for attempt in 1..=TRIES {
        match post::post(&call.callback, &call.body, policy).await {
            Ok(()) => return metrics.callback("done"),
            Err(reason) => {
                let host = &call.callback.host;
                tracing::warn!(%host, attempt, %reason, "callback failed");
            }
        }
        if attempt < TRIES {
            tokio::time::sleep(pause).await;
            pause *= 3;
        }
    }
    metrics.callback("failed");
}
