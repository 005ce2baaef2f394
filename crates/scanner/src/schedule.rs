//! Scans that nobody asks for: at the start, and again and again.

use std::time::Duration;

use kubescape_runtime::Shutdown;

use crate::jobs::{End, Jobs, Submission};
use crate::request::{Defaults, ScanRequest, Targets};

/// Pause after a scan without a result; doubled up to the longest.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_mins(5);

/// When to scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) at_start: bool,
    /// Zero is never.
    pub(crate) interval: Duration,
}

impl Schedule {
    /// Scans until the shutdown, or until there is nothing more to do.
    pub(crate) async fn run(self, jobs: Jobs, defaults: Defaults, shutdown: Shutdown) {
        tokio::select! {
            () = self.scans(&jobs, &defaults) => {}
            () = shutdown.requested() => {}
        }
    }

    async fn scans(self, jobs: &Jobs, defaults: &Defaults) {
        let mut pause = if self.at_start {
            Duration::ZERO
        } else {
            self.interval
        };
        let mut after_failure = FIRST;
        loop {
            if pause.is_zero() && !self.at_start && self.interval.is_zero() {
                return;
            }
            tokio::time::sleep(pause).await;
            if scan(jobs, defaults).await {
                after_failure = FIRST;
                pause = self.interval;
                if pause.is_zero() {
                    return;
                }
            } else {
                pause = after_failure;
                after_failure = (after_failure * 2).min(LONGEST);
            }
        }
    }
}

/// Whether the next scan may wait for its time.
async fn scan(jobs: &Jobs, defaults: &Defaults) -> bool {
    let request = ScanRequest {
        include_namespaces: defaults.include_namespaces.clone(),
        exclude_namespaces: defaults.exclude_namespaces.clone(),
        submit: defaults.submit && !defaults.keep_local,
        ..ScanRequest::full(Targets::All)
    };
    match jobs.submit(Submission::of(request)) {
        // Whoever cancels it does not want it at once again.
        Ok(mut ticket) => !matches!(ticket.end().await, End::Failed(_)),
        Err(_) => false,
    }
}
