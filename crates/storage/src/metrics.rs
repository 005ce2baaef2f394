//! Counters of the server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kubescape_store::Usage;

use crate::lanes::Lanes;

/// Counters; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    watch_events: AtomicU64,
    watches_ended: Mutex<BTreeMap<&'static str, u64>>,
}

impl Metrics {
    pub(crate) fn watch_event(&self) {
        self.0.watch_events.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn render(&self, usage: &Usage, lanes: &Lanes) -> String {
        let _ = (usage, lanes);
        String::new()
    }

    pub(crate) fn watch_ended(&self, reason: &'static str) {
        let ended = &self.0.watches_ended;
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.entry(reason).or_default() += 1;
    }
}
