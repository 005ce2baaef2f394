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

/// Choices of frameworks whose text is remembered.
const TEXTS: usize = 8;

#[derive(Default)]
struct State {
    sums: Option<Arc<Sums>>,
    /// The page for choices of frameworks that were asked for, without gauges: those
    /// who scrape ask for the same again and again.
    texts: Vec<(Vec<String>, Arc<str>)>,
    ended: Option<SystemTime>,
    took: Duration,
    objects: usize,
    failed: bool,
}

/// What metrics know of the whole cluster. Clones share it.
#[derive(Clone)]
pub struct Told(Arc<Last>);

impl Told {
    pub(crate) fn new(last: Arc<Last>) -> Self {
        Self(last)
    }

    /// Somebody who follows the cluster knows how all of it fares now: this counts
    /// as a full scan. `took` is how long adding up took.
    pub fn succeeded(&self, sums: Sums, objects: usize, took: Duration) {
        self.0.succeeded(sums, objects, took, SystemTime::now());
    }

    /// It still fares so.
    pub fn unchanged(&self) {
        let mut state = self.0.lock();
        if state.sums.is_some() {
            state.ended = Some(SystemTime::now());
        }
    }
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
            texts: Vec::new(),
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
        let (sums, known, gauges) = {
            let state = self.lock();
            let known = state.texts.iter().find(|(names, _)| names == frameworks);
            let known = known.map(|(_, text)| Arc::clone(text));
            (state.sums.clone(), known, self.gauges(&state, now))
        };
        let page = match (known, sums) {
            (Some(page), _) => page,
            (None, Some(sums)) => self.write(&sums, frameworks)?,
            (None, None) => "".into(),
        };
        let mut text = String::with_capacity(page.len() + gauges.len());
        text.push_str(&page);
        text.push_str(&gauges);
        Ok(text)
    }

    /// Writes the page and remembers it, unless there are newer numbers by now.
    fn write(&self, sums: &Arc<Sums>, frameworks: &[&str]) -> Result<Arc<str>, UnknownFramework> {
        let page: Arc<str> = prometheus::text(sums, frameworks)?.into();
        let mut state = self.lock();
        let newest = state.sums.as_ref();
        if newest.is_some_and(|newest| Arc::ptr_eq(newest, sums)) {
            if state.texts.len() >= TEXTS {
                state.texts.remove(0);
            }
            let names = frameworks.iter().map(|name| (*name).to_owned()).collect();
            state.texts.push((names, Arc::clone(&page)));
        }
        Ok(page)
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

#[cfg(test)]
mod tests {
    use kubescape_controls::{LIBRARY, default_inputs};
    use kubescape_engine::{Plan, Scope, Selection, World};

    use super::*;

    fn sums() -> Sums {
        let selection = Selection {
            frameworks: vec!["NSA".to_owned(), "MITRE".to_owned()],
            ..Selection::default()
        };
        let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs());
        let mut world = World::new(plan.unwrap());
        Sums::of(world.outcome(), false, false)
    }

    #[test]
    fn a_page_is_written_once_for_each_choice_and_anew_for_new_numbers() {
        let last = Last::new(UNIX_EPOCH);
        let ask = |names: &[&str]| last.text(names, UNIX_EPOCH).unwrap();
        assert!(!ask(&[]).contains("complianceScore"));
        last.succeeded(sums(), 1, Duration::ZERO, UNIX_EPOCH);
        let (all, nsa) = (ask(&[]), ask(&["nsa"]));
        assert!(all.contains("MITRE") && !nsa.contains("MITRE"));
        assert_eq!((ask(&[]), ask(&["nsa"])), (all, nsa));
        assert_eq!(last.lock().texts.len(), 2);
        assert!(last.text(&["nas"], UNIX_EPOCH).is_err());
        last.succeeded(sums(), 7, Duration::ZERO, UNIX_EPOCH);
        assert!(last.lock().texts.is_empty());
        assert!(ask(&[]).contains("kubescape_scan_objects 7"));
    }
}
