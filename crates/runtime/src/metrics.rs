//! Metrics in Prometheus' classic text form, under exactly the names that are
//! documented.

mod process;
mod text;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Metric, Registry};

pub use prometheus_client;

/// The metrics of a process. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<RwLock<Inner>>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    /// Counters whose documented name has no `_total`.
    bare: BTreeSet<String>,
}

impl Metrics {
    /// `Content-Type` of [`Metrics::text`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// With those of the process itself (`process_resident_memory_bytes`, …).
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        Self(Arc::new(RwLock::new(Inner {
            registry,
            bare: BTreeSet::new(),
        })))
    }

    /// Registers a metric (a `Counter`, `Gauge`, `Histogram` or `Family` of them)
    /// under its documented name, whole: a counter gets `_total` just when its name
    /// has it. Keep a clone of the metric to move it.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut name = name;
        // The library adds `_total` to every counter.
        if matches!(metric.metric_type(), MetricType::Counter) {
            match name.strip_suffix("_total") {
                Some(short) => name = short,
                None => {
                    inner.bare.insert(name.to_owned());
                }
            }
        }
        inner.registry.register(name, text::help(help), metric);
    }

    /// Registers numbers that are found out when asked for; has to be quick.
    /// Its counters are named without `_total` and get it.
    pub fn collect(&self, collector: impl Collector) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        inner.registry.register_collector(Box::new(collector));
    }

    /// What `/metrics` answers.
    pub fn text(&self) -> String {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut open = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut open, &inner.registry);
        text::classic(&open, &inner.bare)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
