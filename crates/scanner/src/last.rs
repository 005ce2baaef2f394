//! What metrics know of full scans.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kubescape_report::prometheus::{self, Sums, UnknownFramework};

/// A gauge about the last full scan, as the page has it.
#[derive(Clone, Copy, Debug)]
pub struct ScanGauge {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
}

const fn gauge(name: &'static str, help: &'static str) -> ScanGauge {
    ScanGauge { name, help }
}

/// Those that are there before there was any scan.
#[rustfmt::skip]
pub const SCAN_GAUGES: [ScanGauge; 6] = [
    gauge("kubescape_scan_last_success_timestamp_seconds", "When the last full scan with a result ended; 0 before the first."),
    gauge("kubescape_scan_age_seconds", "Seconds since then; since the start before the first."),
    gauge("kubescape_scan_duration_seconds", "How long that scan took."),
    gauge("kubescape_scan_partial", "Whether that scan could not read everything: 1, and then its numbers are too low."),
    gauge("kubescape_scan_objects", "Objects that that scan judged."),
    gauge("kubescape_scan_last_failed", "Whether the last full scan that was tried has no result: 1."),
];

#[derive(Default)]
struct State {
    sums: Option<Arc<Sums>>,
    ended: Option<SystemTime>,
    took: Duration,
    objects: usize,
    failed: bool,
}

/// The last full scan of the whole cluster, by frameworks.
pub(crate) struct Last {
    started: SystemTime,
    state: Mutex<State>,
}

impl Last {
    pub(crate) fn new(now: SystemTime) -> Self {
        Self {
            started: now,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn succeeded(&self, sums: Sums, objects: usize, took: Duration, now: SystemTime) {
        *self.lock() = State {
            sums: Some(Arc::new(sums)),
            ended: Some(now),
            took,
            objects,
            failed: false,
        };
    }

    pub(crate) fn failed(&self) {
        self.lock().failed = true;
    }

    /// The families of the page that are about scans.
    pub(crate) fn text(
        &self,
        frameworks: &[&str],
        now: SystemTime,
    ) -> Result<String, UnknownFramework> {
        let (sums, gauges) = {
            let state = self.lock();
            (state.sums.clone(), self.gauges(&state, now))
        };
        let mut text = match sums {
            Some(sums) => prometheus::text(&sums, frameworks)?,
            None => String::new(),
        };
        text.push_str(&gauges);
        Ok(text)
    }

    fn gauges(&self, state: &State, now: SystemTime) -> String {
        let seconds = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs())
        };
        let age = now.duration_since(state.ended.unwrap_or(self.started));
        let partial = state.sums.as_ref().is_some_and(|sums| sums.is_partial());
        let values = [
            state.ended.map_or(0, seconds).to_string(),
            age.unwrap_or_default().as_secs().to_string(),
            format!("{:.3}", state.took.as_secs_f64()),
            u8::from(partial).to_string(),
            state.objects.to_string(),
            u8::from(state.failed).to_string(),
        ];
        let mut text = String::new();
        for (ScanGauge { name, help }, value) in SCAN_GAUGES.iter().zip(values) {
            // Writing to memory cannot fail.
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
            );
        }
        text
    }
}
