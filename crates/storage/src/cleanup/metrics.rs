//! What the cleanup counts, for Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use kubescape_runtime::metrics::Metrics as Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::kind::Kind;
use super::rule::RULES;

/// Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    deleted: Family<ByResource, Counter>,
    orphans: Family<ByResource, Gauge>,
    last_success: Gauge,
    incomplete: Family<ByKind, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResource {
    resource: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self::default();
        let help = "Stale objects deleted, by resource.";
        registry.register(
            "kubescape_storage_cleanup_deleted_total",
            help,
            metrics.deleted.clone(),
        );
        let help = "Stale objects whose grace has not passed, by resource.";
        registry.register(
            "kubescape_storage_cleanup_orphans",
            help,
            metrics.orphans.clone(),
        );
        let help = "When a sweep last saw all objects, in seconds since 1970.";
        registry.register(
            "kubescape_storage_cleanup_last_success_timestamp_seconds",
            help,
            metrics.last_success.clone(),
        );
        let help = "Whether objects are kept because this kind of the cluster is not known.";
        registry.register(
            "kubescape_storage_cleanup_incomplete",
            help,
            metrics.incomplete.clone(),
        );
        metrics
    }

    pub(crate) fn deleted(&self, resource: &'static str) {
        self.deleted.get_or_create(&ByResource { resource }).inc();
    }

    /// After a whole sweep.
    pub(crate) fn swept(&self, orphans: &BTreeMap<&'static str, u64>, missing: &BTreeSet<Kind>) {
        for (resource, _) in RULES {
            let count = orphans.get(resource).copied().unwrap_or_default();
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.orphans
                .get_or_create(&ByResource { resource })
                .set(count);
        }
        for kind in Kind::ALL {
            let by = ByKind {
                kind: kind.names().kind,
            };
            let unknown = i64::from(missing.contains(&kind));
            self.incomplete.get_or_create(&by).set(unknown);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        self.last_success
            .set(i64::try_from(now).unwrap_or(i64::MAX));
    }
}
