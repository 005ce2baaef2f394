//! What is counted, for Prometheus.

use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::metrics::prometheus_client::metrics::counter::Counter;
use kubescape_runtime::metrics::prometheus_client::metrics::gauge::Gauge;

#[derive(Clone, Default)]
pub(crate) struct Metrics {
    pub(crate) written: Counter,
    pub(crate) unchanged: Counter,
    pub(crate) deleted: Counter,
    pub(crate) refused: Counter,
    pub(crate) failures: Counter,
    pub(crate) pending: Gauge,
    pub(crate) pending_bytes: Gauge,
    pub(crate) stale: Gauge,
    pub(crate) away: Gauge,
}

impl Metrics {
    pub(crate) fn register(&self, registry: &Registry) {
        let counters = [
            ("written", "Results written to the storage", &self.written),
            (
                "unchanged",
                "Results that were stored already",
                &self.unchanged,
            ),
            ("deleted", "Results removed from the storage", &self.deleted),
            (
                "refused",
                "Results that the storage did not take",
                &self.refused,
            ),
            (
                "failures",
                "Requests that the storage did not answer",
                &self.failures,
            ),
        ];
        for (name, help, counter) in counters {
            registry.register(
                &format!("kubescape_results_{name}_total"),
                help,
                counter.clone(),
            );
        }
        let gauges = [
            ("pending", "Results that wait to be written", &self.pending),
            (
                "pending_bytes",
                "Memory of results that wait",
                &self.pending_bytes,
            ),
            ("stale", "Results that have to be made again", &self.stale),
            (
                "storage_away",
                "1 while the storage does not answer",
                &self.away,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(&format!("kubescape_results_{name}"), help, gauge.clone());
        }
    }
}
