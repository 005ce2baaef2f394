//! How far following is, for metrics and for those who ask.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kubescape_collect::KindId;
use tokio::time::Instant;

/// Where following stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lists that are followed.
    pub kinds: usize,
    /// Of these, those that have been read wholly at least once.
    pub listed: usize,
    /// Of these, those that cannot be read now.
    pub gaps: usize,
    /// Objects of the last list of each, so far.
    pub objects: u64,
    /// Whether [`Event::Synced`](kubescape_collect::Event::Synced) was sent.
    pub synced: bool,
}

/// Where one list stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindProgress {
    /// Which.
    pub kind: KindId,
    /// Whether it has been read wholly at least once.
    pub listed: bool,
    /// Whether it cannot be read now.
    pub gap: bool,
    /// Objects of its last list so far.
    pub objects: u64,
    /// Since when nothing was heard of it: a quiet watch hears a bookmark about
    /// once a minute. `None` before the first sign.
    pub lag: Option<Duration>,
}

/// Sums that only grow, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Watches that were opened again after one had ended, however it did.
    pub watch_restarts: u64,
    /// Lists that had to be read again.
    pub relists: u64,
    /// Events that were sent.
    pub events: u64,
}

/// The numbers behind all that; shared by everything that follows.
#[derive(Debug)]
pub(crate) struct Counters {
    start: Instant,
    pub(crate) watch_restarts: AtomicU64,
    pub(crate) relists: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) synced: AtomicBool,
    kinds: Mutex<Vec<Arc<Mark>>>,
}

/// The numbers of one list.
#[derive(Debug)]
pub(crate) struct Mark {
    kind: KindId,
    start: Instant,
    pub(crate) listed: AtomicBool,
    pub(crate) gap: AtomicBool,
    pub(crate) objects: AtomicU64,
    /// Milliseconds from the start, and one more; 0 before the first sign of life.
    heard: AtomicU64,
}

impl Mark {
    pub(crate) fn heard(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.heard.store(millis + 1, Ordering::Relaxed);
    }

    fn progress(&self) -> KindProgress {
        let heard = self.heard.load(Ordering::Relaxed);
        let lag = |millis| {
            self.start
                .elapsed()
                .saturating_sub(Duration::from_millis(millis))
        };
        KindProgress {
            kind: self.kind,
            listed: self.listed.load(Ordering::Relaxed),
            gap: self.gap.load(Ordering::Relaxed),
            objects: self.objects.load(Ordering::Relaxed),
            lag: heard.checked_sub(1).map(lag),
        }
    }
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            watch_restarts: AtomicU64::new(0),
            relists: AtomicU64::new(0),
            events: AtomicU64::new(0),
            synced: AtomicBool::new(false),
            kinds: Mutex::new(Vec::new()),
        }
    }

    /// Counts a list from now on.
    pub(crate) fn begin(&self, kind: KindId) -> Arc<Mark> {
        let mark = Arc::new(Mark {
            kind,
            start: self.start,
            listed: AtomicBool::new(false),
            gap: AtomicBool::new(false),
            objects: AtomicU64::new(0),
            heard: AtomicU64::new(0),
        });
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.retain(|known| known.kind != kind);
        kinds.push(Arc::clone(&mark));
        mark
    }

    /// Counts it no longer.
    pub(crate) fn end(&self, kind: KindId) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.retain(|known| known.kind != kind);
    }

    pub(crate) fn kinds(&self) -> Vec<KindProgress> {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().map(|mark| mark.progress()).collect()
    }

    pub(crate) fn progress(&self) -> Progress {
        let kinds = self.kinds();
        Progress {
            kinds: kinds.len(),
            listed: kinds.iter().filter(|kind| kind.listed).count(),
            gaps: kinds.iter().filter(|kind| kind.gap).count(),
            objects: kinds.iter().map(|kind| kind.objects).sum(),
            synced: self.synced.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            watch_restarts: self.watch_restarts.load(Ordering::Relaxed),
            relists: self.relists.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
        }
    }
}
