//! Cleanup of stale objects: what the cluster does not have any more is followed
//! by what is stored about it, after a grace. Reads the cluster, deletes from the
//! store. (storage reference, section 12)

mod facts;
mod follow;
mod kind;
mod ledger;
mod metrics;
mod observe;
mod rule;
mod shared;
mod stored;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kubescape_runtime::Shutdown;
use kubescape_runtime::lease::{Lock, PATIENCE};
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_store::{Error, Store};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::facts::{Facts, State};
use self::follow::KubeSource;
use self::kind::Kind;
use self::metrics::Metrics;
use self::rule::Graces;
use self::shared::{Shared, Source, follow};
use self::sweep::{Report, Sweeper};

/// How stale objects are cleaned up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupOptions {
    /// Between sweeps when nothing calls for one; zero is no cleanup at all.
    pub interval: Duration,
    /// How long a workload or its container has to be gone.
    pub workload_grace: Duration,
    /// How long no pod may have had an image, an instance or a template.
    pub image_grace: Duration,
    /// With a store that several replicas share: what lets one of them sweep.
    pub lease: Option<CleanupLease>,
}

/// The Lease `kubescape-storage-cleanup`; its holder sweeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupLease {
    /// The namespace of the Lease: that of the release.
    pub namespace: String,
    /// What tells this replica from others: the name of its pod.
    pub identity: String,
}

impl Default for CleanupOptions {
    /// A sweep a day, 10 minutes for workloads, 24 hours for images, one replica.
    fn default() -> Self {
        Self {
            interval: Duration::from_hours(24),
            workload_grace: Duration::from_mins(10),
            image_grace: Duration::from_hours(24),
            lease: None,
        }
    }
}

/// Deletes stored objects about what the cluster does not have any more.
///
/// It follows only the kinds of the cluster that stored objects depend on, and
/// keeps of them only identifiers. A kind that cannot be listed makes what
/// depends on it unknown, and unknown is kept.
pub struct Cleanup {
    options: CleanupOptions,
    pace: Pace,
    source: Arc<dyn Source>,
    lock: Option<Lock>,
    shared: Arc<Shared>,
    sweeper: Sweeper,
    following: JoinSet<()>,
    followed: BTreeSet<Kind>,
    /// Whether the ledger is that of the store.
    loaded: bool,
    /// When the last whole sweep began.
    swept: Option<Instant>,
    saved: Option<Instant>,
    /// Whether the ledger in the store names objects.
    saved_orphans: bool,
}

/// How often things are done.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Between sweeps, whatever happens; and at least so many times as long as
    /// the last one took, so that sweeps take at most a hundredth of the time.
    gap: Duration,
    share: u32,
    /// Between sweeps while objects wait for their grace to pass, so that a crash
    /// loses no more of it than that.
    heartbeat: Duration,
    /// After something failed.
    retry: Duration,
    /// How long to wait for kinds that were not followed before.
    patience: Duration,
    /// Between writes of the ledger.
    save: Duration,
}

const PACE: Pace = Pace {
    gap: Duration::from_mins(1),
    share: 100,
    heartbeat: Duration::from_hours(1),
    retry: Duration::from_secs(30),
    patience: Duration::from_mins(2),
    save: Duration::from_mins(10),
};

/// The name of the Lease.
const LEASE: &str = "kubescape-storage-cleanup";

/// Between renewals of the Lease.
const RENEW: Duration = Duration::from_secs(20);

/// At the end, for the ledger and the Lease.
const FAREWELL: Duration = Duration::from_secs(5);

impl Cleanup {
    /// The client's user needs `list` and `watch` on pods, on the kinds of
    /// `apps` and `batch`, and on whatever else is scanned.
    pub fn new(
        store: Arc<dyn Store>,
        client: kube::Client,
        options: CleanupOptions,
        metrics: &Registry,
    ) -> Self {
        let lock = options.lease.clone().map(|lease| {
            let CleanupLease {
                namespace,
                identity,
            } = lease;
            Lock::new(client.clone(), &namespace, LEASE, identity)
        });
        let source = Arc::new(KubeSource::new(client));
        Self::with_source(store, source, lock, options, metrics)
    }

    fn with_source(
        store: Arc<dyn Store>,
        source: Arc<dyn Source>,
        lock: Option<Lock>,
        options: CleanupOptions,
        metrics: &Registry,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let graces = Graces {
            workload: options.workload_grace,
            image: options.image_grace,
        };
        let metrics = Metrics::register(metrics);
        let sweeper = Sweeper::new(store, Arc::clone(&shared), graces, metrics);
        Self {
            options,
            pace: PACE,
            source,
            lock,
            shared,
            sweeper,
            following: JoinSet::new(),
            followed: BTreeSet::new(),
            loaded: false,
            swept: None,
            saved: None,
            saved_orphans: false,
        }
    }

    /// Sweeps when the cluster is known, when something went from it, when a
    /// grace has passed, and at the interval, until the shutdown.
    pub async fn run(mut self, shutdown: Shutdown) {
        if self.options.interval.is_zero() {
            tracing::info!("stale objects are not cleaned up: cleanupInterval is 0");
            return;
        }
        tokio::select! {
            () = self.work() => {}
            () = shutdown.requested() => {}
        }
        if tokio::time::timeout(FAREWELL, self.leave()).await.is_err() {
            tracing::warn!("the ledger of the cleanup was not saved in time");
        }
    }

    async fn work(&mut self) {
        loop {
            if self.following.try_join_next().is_some() {
                // A follower never ends but by a fault: all of them anew.
                self.stand_by().await;
            }
            if !self.leads().await {
                self.stand_by().await;
                tokio::time::sleep(RENEW).await;
                continue;
            }
            match self.round().await {
                Ok((pause, gap)) => self.rest(pause, gap).await,
                Err(error) => {
                    tracing::warn!(%error, "a sweep of stale objects failed: it is tried again");
                    let retry = self.pace.retry;
                    self.rest(retry, retry).await;
                }
            }
        }
    }

    /// Whether this replica is the one.
    async fn leads(&mut self) -> bool {
        let Some(lock) = &mut self.lock else {
            return true;
        };
        let held = tokio::time::timeout(PATIENCE, lock.hold()).await;
        match held.unwrap_or(Ok(false)) {
            Ok(ours) => ours,
            Err(error) => {
                tracing::warn!(
                    %error, lease = LEASE,
                    "cannot hold the Lease of the cleanup, which needs get, create and update on leases"
                );
                false
            }
        }
    }

    /// Another replica sweeps: nothing is followed.
    async fn stand_by(&mut self) {
        self.following.shutdown().await;
        self.followed.clear();
        self.shared.facts().reset();
        self.loaded = false;
        self.swept = None;
    }

    /// Sweeps until all kinds that matter are followed. Gives when to sweep again
    /// if nothing happens, and how soon if something does.
    async fn round(&mut self) -> Result<(Duration, Duration), Error> {
        if !self.loaded {
            self.sweeper.load().await?;
            self.loaded = true;
            self.saved_orphans = self.sweeper.has_orphans();
        }
        loop {
            let begun = Instant::now();
            let elapsed = self.swept.map_or(Duration::ZERO, |swept| begun - swept);
            let report = self.sweeper.sweep(elapsed).await?;
            self.swept = Some(begun);
            if self.follow(&report.missing) {
                self.settle().await;
                continue;
            }
            let took = begun.elapsed();
            say(&report, &self.shared.facts(), took);
            self.save_at_times(report.all_deleted() > 0).await;
            let gap = self.pace.gap.max(took * self.pace.share);
            return Ok((self.pause(&report).max(gap), gap));
        }
    }

    fn pause(&self, report: &Report) -> Duration {
        let mut pause = self.options.interval;
        if let Some(soonest) = report.soonest {
            pause = pause.min(soonest).min(self.pace.heartbeat);
        }
        pause
    }

    /// Begins to follow kinds; tells whether any is new.
    fn follow(&mut self, kinds: &BTreeSet<Kind>) -> bool {
        let mut any = false;
        for kind in kinds {
            if self.followed.insert(*kind) {
                let (source, shared) = (Arc::clone(&self.source), Arc::clone(&self.shared));
                self.following.spawn(follow(source, *kind, shared));
                any = true;
            }
        }
        any
    }

    /// Waits until what is followed is known, or known to be out of reach.
    async fn settle(&self) {
        let settled = async {
            while !self.shared.settled(&self.followed) {
                self.shared.stirred().await;
            }
        };
        // What is not known by then is unknown, and stirs when it is.
        let _ = tokio::time::timeout(self.pace.patience, settled).await;
    }

    /// Waits for the next round; less long when something happens.
    async fn rest(&mut self, pause: Duration, gap: Duration) {
        let begun = Instant::now();
        let mut until = begun + pause;
        loop {
            let renew = Instant::now() + RENEW;
            let wake = if self.lock.is_some() {
                until.min(renew)
            } else {
                until
            };
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.shared.stirred() => until = until.min(begun + gap),
            }
            let now = Instant::now();
            if now >= until {
                return;
            }
            if now >= renew && !self.leads().await {
                return;
            }
        }
    }

    async fn save_at_times(&mut self, changed: bool) {
        let orphans = self.sweeper.has_orphans();
        if !orphans && !self.saved_orphans {
            return;
        }
        let due = self.saved.is_none_or(|at| at.elapsed() >= self.pace.save);
        if due || changed {
            self.save().await;
        }
    }

    async fn save(&mut self) {
        self.saved = Some(Instant::now());
        match self.sweeper.save().await {
            Ok(()) => self.saved_orphans = self.sweeper.has_orphans(),
            Err(error) => tracing::warn!(
                %error,
                "the ledger of the cleanup is not saved: after a restart graces start anew"
            ),
        }
    }

    async fn leave(&mut self) {
        self.following.shutdown().await;
        if self.loaded && (self.saved_orphans || self.sweeper.has_orphans()) {
            self.save().await;
        }
        if let Some(lock) = &mut self.lock
            && let Err(error) = lock.release().await
        {
            tracing::debug!(%error, "the Lease of the cleanup was not given up");
        }
    }
}

/// One line about a round.
fn say(report: &Report, facts: &Facts, took: Duration) {
    let reasons = report.deleted.iter();
    let reasons: Vec<_> = reasons
        .map(|(why, count)| format!("{}: {count}", why.as_str()))
        .collect();
    let missing = report.missing.iter().map(|kind| match facts.state(*kind) {
        State::Unavailable(why) => format!("{kind} ({why})"),
        _ => format!("{kind} (not listed yet)"),
    });
    let missing: Vec<_> = missing.collect();
    let deleted = report.all_deleted();
    let orphans: u64 = report.orphans.values().sum();
    let (reasons, missing) = (reasons.join(", "), missing.join("; "));
    let (unknown, took) = (report.unknown, took.as_millis());
    if missing.is_empty() {
        tracing::info!(
            deleted,
            reasons,
            orphans,
            took_ms = took,
            "swept stale objects"
        );
    } else {
        tracing::warn!(
            deleted,
            reasons,
            orphans,
            unknown,
            missing,
            took_ms = took,
            "swept stale objects; unknown ones are kept: what they depend on cannot be listed"
        );
    }
}
