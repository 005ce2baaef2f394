//! Numbers of the role itself.

use std::time::Duration;

use kubescape_report::ClusterFacts;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::metrics::prometheus_client::metrics::counter::Counter;
use kubescape_runtime::metrics::prometheus_client::metrics::family::Family;
use kubescape_runtime::metrics::prometheus_client::metrics::gauge::Gauge;
use kubescape_runtime::metrics::prometheus_client::metrics::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;

use crate::jobs::Lane;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct InLane {
    lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    lane: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    endpoint: &'static str,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Upper bounds in seconds.
const SCANS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0];
const REQUESTS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Counts what the role does. Clones share the counts.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    waiting: Family<InLane, Gauge>,
    running: Family<InLane, Gauge>,
    scans: Family<Ended, Counter>,
    seconds: Family<InLane, Histogram, fn() -> Histogram>,
    refused: Family<InLane, Counter>,
    coalesced: Counter,
    requests: Family<Asked, Counter>,
    request_seconds: Family<Endpoint, Histogram, fn() -> Histogram>,
    results: Gauge,
    result_bytes: Gauge,
    callbacks: Family<Outcome, Counter>,
    submissions: Family<Outcome, Counter>,
    objects: Gauge,
    workers: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

/// Names and help texts of these numbers.
#[rustfmt::skip]
pub const ROLE_METRICS: [(&str, &str); 14] = [
    ("kubescape_scanner_waiting", "Scans that wait, by lane."),
    ("kubescape_scanner_running", "Scans that run, by lane."),
    ("kubescape_scanner_scans_total", "Scans that ended, by lane and outcome: done, failed, cancelled."),
    ("kubescape_scanner_scan_seconds", "Seconds that scans took, without waiting."),
    ("kubescape_scanner_refused_total", "Scans refused because the lane was full."),
    ("kubescape_scanner_coalesced_total", "Object scans that joined an equal one that waited."),
    ("kubescape_scanner_requests_total", "Requests answered, by endpoint and code."),
    ("kubescape_scanner_request_seconds", "Seconds until a request was answered; of those that wait for a scan, too."),
    ("kubescape_scanner_results", "Results on disk."),
    ("kubescape_scanner_result_bytes", "Bytes of results on disk."),
    ("kubescape_scanner_callbacks_total", "Callbacks, by outcome: done, failed, dropped."),
    ("kubescape_scanner_submissions_total", "Results for the backend, by outcome: sent, failed, dropped."),
    ("kubescape_kubernetes_resources_count", "Objects that the last full scan read; 0 before the first."),
    ("kubescape_worker_nodes_count", "Nodes that take workloads, as the last full scan saw them; 0 while that is not known."),
];

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self {
            registry: registry.clone(),
            waiting: Family::default(),
            running: Family::default(),
            scans: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SCANS)),
            refused: Family::default(),
            coalesced: Counter::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(REQUESTS)),
            results: Gauge::default(),
            result_bytes: Gauge::default(),
            callbacks: Family::default(),
            submissions: Family::default(),
            objects: Gauge::default(),
            workers: Gauge::default(),
        };
        // In the order of the table.
        let mut names = ROLE_METRICS.iter();
        macro_rules! next {
            ($($field:ident),*) => {$(
                if let Some((name, help)) = names.next() {
                    registry.register(name, help, metrics.$field.clone());
                }
            )*};
        }
        next!(
            waiting,
            running,
            scans,
            seconds,
            refused,
            coalesced,
            requests,
            request_seconds,
            results,
            result_bytes,
            callbacks,
            submissions,
            objects,
            workers
        );
        metrics.touch();
        metrics
    }

    /// Makes the series that alerts ask for, so that none is missing until
    /// something happens.
    fn touch(&self) {
        for lane in Lane::ALL {
            self.lane(lane, 0, 0);
            let lane = lane.name();
            drop(self.refused.get_or_create(&InLane { lane }));
            for outcome in ["done", "failed", "cancelled"] {
                drop(self.scans.get_or_create(&Ended { lane, outcome }));
            }
        }
        for outcome in ["done", "failed", "dropped"] {
            drop(self.callbacks.get_or_create(&Outcome { outcome }));
        }
        for outcome in ["sent", "failed", "dropped"] {
            drop(self.submissions.get_or_create(&Outcome { outcome }));
        }
    }

    pub(crate) fn lane(&self, lane: Lane, waiting: usize, running: usize) {
        let lane = InLane { lane: lane.name() };
        self.waiting
            .get_or_create(&lane)
            .set(number(waiting as u64));
        self.running
            .get_or_create(&lane)
            .set(number(running as u64));
    }

    pub(crate) fn scan(&self, lane: Lane, outcome: &'static str, took: Option<Duration>) {
        let lane = lane.name();
        self.scans.get_or_create(&Ended { lane, outcome }).inc();
        if let Some(took) = took {
            let seconds = self.seconds.get_or_create(&InLane { lane });
            seconds.observe(took.as_secs_f64());
        }
    }

    pub(crate) fn refused(&self, lane: Lane) {
        self.refused
            .get_or_create(&InLane { lane: lane.name() })
            .inc();
    }

    pub(crate) fn coalesced(&self) {
        self.coalesced.inc();
    }

    pub(crate) fn request(&self, endpoint: &'static str, code: u16, took: Duration) {
        self.requests.get_or_create(&Asked { endpoint, code }).inc();
        self.request_seconds
            .get_or_create(&Endpoint { endpoint })
            .observe(took.as_secs_f64());
    }

    pub(crate) fn callback(&self, outcome: &'static str) {
        self.callbacks.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn submission(&self, outcome: &'static str) {
        self.submissions.get_or_create(&Outcome { outcome }).inc();
    }

    /// What a full scan saw of the cluster.
    pub(crate) fn cluster(&self, objects: usize, about: Option<&ClusterFacts>) {
        let workers = about.and_then(|about| about.worker_nodes);
        self.objects.set(number(objects as u64));
        self.workers.set(number(workers.unwrap_or(0) as u64));
    }

    /// The role's part of the page.
    pub(crate) fn text(&self, (results, bytes): (usize, u64)) -> String {
        self.results.set(number(results as u64));
        self.result_bytes.set(number(bytes));
        self.registry.text()
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
