//! What the server counts, for Prometheus.

use std::time::Duration;

use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_store::Usage;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::lanes::{Lane, Lanes};

/// Counters; clones share them.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Timed, Histogram>,
    watch_events: Counter,
    watches_ended: Family<Reason, Counter>,
    lanes: Family<InLane, Gauge>,
    refused: Family<LaneName, Gauge>,
    body_bytes: Gauge,
    objects: Family<Kind, Gauge>,
    bytes: Family<Kind, Gauge>,
    over_budget: Family<Kind, Gauge>,
    history_bytes: Gauge,
    disk_bytes: Gauge,
    version: Gauge,
    compacted: Gauge,
    watchers: Gauge,
    full: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    verb: String,
    resource: String,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    verb: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InLane {
    lane: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneName {
    lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    resource: String,
}

/// Upper bounds in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self {
            registry: registry.clone(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            watch_events: Counter::default(),
            watches_ended: Family::default(),
            lanes: Family::default(),
            refused: Family::default(),
            body_bytes: Gauge::default(),
            objects: Family::default(),
            bytes: Family::default(),
            over_budget: Family::default(),
            history_bytes: Gauge::default(),
            disk_bytes: Gauge::default(),
            version: Gauge::default(),
            compacted: Gauge::default(),
            watchers: Gauge::default(),
            full: Gauge::default(),
        };
        metrics.register_requests();
        metrics.register_store();
        metrics
    }

    fn register_requests(&self) {
        let all = &self.registry;
        let help = "Requests answered, by verb, resource and code.";
        all.register(
            "kubescape_storage_requests_total",
            help,
            self.requests.clone(),
        );
        let help = "Seconds until a request was answered; of watches and streams until they began.";
        all.register(
            "kubescape_storage_request_duration_seconds",
            help,
            self.seconds.clone(),
        );
        let help = "Events sent to watches.";
        all.register(
            "kubescape_storage_watch_events_total",
            help,
            self.watch_events.clone(),
        );
        let help = "Watches ended with an error, by its reason.";
        all.register(
            "kubescape_storage_watches_failed_total",
            help,
            self.watches_ended.clone(),
        );
        let help = "Requests of a lane that work or wait.";
        all.register("kubescape_storage_lane_requests", help, self.lanes.clone());
        let help = "Requests that a lane refused since the start.";
        all.register("kubescape_storage_lane_refused", help, self.refused.clone());
        let help = "Bytes held for bodies of requests and answers.";
        all.register(
            "kubescape_storage_body_bytes",
            help,
            self.body_bytes.clone(),
        );
    }

    fn register_store(&self) {
        let all = &self.registry;
        all.register(
            "kubescape_storage_objects",
            "Stored objects.",
            self.objects.clone(),
        );
        let help = "Compressed bytes of stored objects.";
        all.register("kubescape_storage_object_bytes", help, self.bytes.clone());
        let help = "Whether a resource has used up its budget.";
        all.register(
            "kubescape_storage_over_budget",
            help,
            self.over_budget.clone(),
        );
        let help = "Compressed bytes that only history needs.";
        all.register(
            "kubescape_storage_history_bytes",
            help,
            self.history_bytes.clone(),
        );
        let help = "Bytes of the database on disk.";
        all.register(
            "kubescape_storage_disk_bytes",
            help,
            self.disk_bytes.clone(),
        );
        let help = "The newest resource version.";
        all.register(
            "kubescape_storage_resource_version",
            help,
            self.version.clone(),
        );
        let help = "The oldest resource version that can be watched from.";
        all.register(
            "kubescape_storage_compacted_version",
            help,
            self.compacted.clone(),
        );
        all.register(
            "kubescape_storage_watchers",
            "Open watches.",
            self.watchers.clone(),
        );
        let help = "Whether growing writes are refused for want of space.";
        all.register("kubescape_storage_full", help, self.full.clone());
    }

    /// Counts an answered request. Resources that do not exist share a label,
    /// so that no client makes as many metrics as it likes.
    pub(crate) fn request(&self, verb: &str, resource: &str, code: u16, took: Duration) {
        let known = kubescape_api::Resource::by_plural(resource);
        let known_verb = matches!(
            verb,
            "get"
                | "list"
                | "watch"
                | "create"
                | "update"
                | "patch"
                | "delete"
                | "deletecollection"
        );
        let verb = if known_verb { verb } else { "other" };
        let request = Request {
            verb: verb.to_owned(),
            resource: known.map_or("other", |known| known.plural).to_owned(),
            code,
        };
        self.requests.get_or_create(&request).inc();
        let timed = Timed {
            verb: verb.to_owned(),
        };
        self.seconds
            .get_or_create(&timed)
            .observe(took.as_secs_f64());
    }

    pub(crate) fn watch_event(&self) {
        self.watch_events.inc();
    }

    pub(crate) fn watch_ended(&self, reason: &'static str) {
        self.watches_ended.get_or_create(&Reason { reason }).inc();
    }

    /// The page for Prometheus.
    pub(crate) fn text(&self, usage: &Usage, lanes: &Lanes) -> String {
        for lane in Lane::ALL {
            let (working, waiting, refused) = lanes.state(lane);
            let lane = lane.name();
            for (state, count) in [("working", working), ("waiting", waiting)] {
                self.lanes
                    .get_or_create(&InLane { lane, state })
                    .set(number(count as u64));
            }
            let refused = number(refused as u64);
            self.refused.get_or_create(&LaneName { lane }).set(refused);
        }
        self.body_bytes.set(number(lanes.bytes() as u64));
        for (resource, used) in &usage.resources {
            let kind = Kind {
                resource: resource.clone(),
            };
            self.objects.get_or_create(&kind).set(number(used.objects));
            self.bytes.get_or_create(&kind).set(number(used.bytes));
            let over = i64::from(used.over());
            self.over_budget.get_or_create(&kind).set(over);
        }
        self.history_bytes.set(number(usage.history_bytes));
        self.disk_bytes.set(number(usage.disk_bytes));
        self.version.set(number(usage.resource_version));
        self.compacted.set(number(usage.compacted));
        self.watchers.set(number(usage.watchers));
        self.full.set(i64::from(usage.full));
        self.registry.text()
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
