//! What the role counts.

use kubescape_runtime::metrics::Metrics as Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

type Labels = Vec<(&'static str, String)>;

/// The counters. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    commands: Family<Labels, Counter>,
    reports: Family<Labels, Counter>,
    watches: Family<Labels, Counter>,
    images: Counter,
    pub(crate) queue: Gauge,
    pub(crate) sockets: Gauge,
    pub(crate) leader: Gauge,
    pub(crate) workloads: Gauge,
}

impl Metrics {
    /// Registers all.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "kubescape_operator_commands_total",
            "Commands by name and outcome.",
            metrics.commands.clone(),
        );
        registry.register(
            "kubescape_operator_reports_total",
            "Reports of jobs by outcome.",
            metrics.reports.clone(),
        );
        registry.register(
            "kubescape_operator_watch_restarts_total",
            "Watches that began anew, by what they watch.",
            metrics.watches.clone(),
        );
        registry.register(
            "kubescape_operator_image_scans_total",
            "Requests that the scanner of images accepted.",
            metrics.images.clone(),
        );
        for (name, help, gauge) in [
            (
                "kubescape_operator_queue",
                "Commands waiting for a worker.",
                &metrics.queue,
            ),
            (
                "kubescape_operator_sockets",
                "Connections to the gateway.",
                &metrics.sockets,
            ),
            (
                "kubescape_operator_leader",
                "1 when this replica leads.",
                &metrics.leader,
            ),
            (
                "kubescape_operator_workloads",
                "Workloads with running pods in the inventory of images.",
                &metrics.workloads,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        metrics
    }

    /// One more command. Names that do not exist are counted together: they come from
    /// outside and have no end.
    pub(crate) fn command(&self, name: Option<&'static str>, outcome: &str) {
        let labels = vec![
            ("command", name.unwrap_or("unknown").to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        self.commands.get_or_create(&labels).inc();
    }

    pub(crate) fn report(&self, outcome: &str) {
        self.reports
            .get_or_create(&vec![("outcome", outcome.to_owned())])
            .inc();
    }

    pub(crate) fn watch_restarted(&self, what: &str) {
        self.watches
            .get_or_create(&vec![("watch", what.to_owned())])
            .inc();
    }

    pub(crate) fn image_scan(&self) {
        self.images.inc();
    }
}
