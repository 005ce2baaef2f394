//! The writer: takes in results, and writes what changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::{Health, Scope, Shutdown};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::driver;
use crate::object::{ResultKey, ResultObject};
use crate::pass::Coverage;
use crate::report::{Refusal, Report, Stale};
use crate::state::{Standing, State, Taken, Wanted};
use crate::store::{ResultStore, StoreError};

/// What a writer may hold and do at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests under way at once.
    pub in_flight: usize,
    /// Results that wait or are under way.
    pub pending: usize,
    /// Their memory in bytes, about.
    pub pending_bytes: usize,
    /// Keys of results that found no room while the storage was away.
    pub stale: usize,
    /// Refusals that are told one by one.
    pub refused: usize,
    /// Between readings of what is stored.
    pub refresh: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 8,
            pending: 2_048,
            pending_bytes: 16 << 20,
            stale: 50_000,
            refused: 100,
            refresh: Duration::from_hours(24),
        }
    }
}

/// What is to happen to one object.
#[derive(Clone, Debug)]
pub enum Change {
    /// This is its result now.
    Put(ResultObject),
    /// It has none any more.
    Delete(ResultKey),
}

/// Writes results into a store. Clones share everything.
///
/// [`Writer::run`] has to run for anything to be written.
#[derive(Clone)]
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn ResultStore>,
    pub(crate) limits: Limits,
    /// Wakes the driver.
    pub(crate) wake: Notify,
    /// Wakes who waits for room or an end.
    progress: watch::Sender<()>,
    state: Mutex<State>,
}

impl Writer {
    /// A writer into that store, which is not asked yet.
    pub fn new(store: Arc<dyn ResultStore>, limits: Limits) -> Self {
        let limits = Limits {
            in_flight: limits.in_flight.max(1),
            pending: limits.pending.max(1),
            ..limits
        };
        let state = State::new(limits);
        let shared = Shared {
            store,
            limits,
            wake: Notify::new(),
            progress: watch::Sender::new(()),
            state: Mutex::new(state),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Counts for Prometheus from now on.
    pub fn count(&self, registry: &Registry) {
        self.shared.state().metrics.register(registry);
    }

    /// Adds the check `result-store`, which fails while the storage is away.
    pub fn check(&self, health: &Health) {
        let shared = Arc::clone(&self.shared);
        health.register_fn("result-store", Scope::Ready, move || shared.health());
    }

    /// Writes, until it is told to end; what waits then is lost and found again by
    /// the next full pass.
    pub async fn run(self, shutdown: Shutdown) {
        driver::run(&self.shared, &shutdown).await;
    }

    /// Begins a pass over all results. One that is still under way ends with it, and
    /// removes nothing.
    pub fn full(&self) -> FullPass {
        FullPass {
            id: self.shared.state().pass.begin(),
            writer: self.clone(),
            begun: Instant::now(),
        }
    }

    /// Takes in changes, in their order. Waits while there is no room, unless the
    /// storage is away: see [`Writer::take_stale`].
    pub async fn apply(&self, changes: Vec<Change>) {
        for change in changes {
            let wanted = match change {
                Change::Put(object) => Wanted::Put(Arc::new(object)),
                Change::Delete(key) => Wanted::Delete(key),
            };
            self.shared.offer(&wanted, 0).await;
        }
    }

    /// Reads anew what is stored, soon.
    pub fn refresh(&self) {
        self.shared.state().refresh = true;
        self.shared.wake.notify_one();
    }

    /// What has to be offered again, if the storage can take it now: of these only the
    /// names were kept. From then on the caller is in charge of them.
    pub fn take_stale(&self) -> Stale {
        let mut state = self.shared.state();
        if state.away.is_some() {
            return Stale::default();
        }
        state.take_stale()
    }

    /// Waits until [`Writer::take_stale`] has something, and takes it.
    pub async fn stale(&self) -> Stale {
        let ready = |state: &mut State| state.away.is_none() && state.stale() > 0;
        self.shared.until(ready).await;
        self.take_stale()
    }

    /// Waits until nothing waits to be written any more, and the storage is there.
    pub async fn idle(&self) {
        self.shared
            .until(|state| state.is_idle() && !state.needs_index() && state.away.is_none())
            .await;
    }

    /// Takes what was refused since the last call, and how many more there were.
    pub fn take_refused(&self) -> (Vec<Refusal>, u64) {
        let refused = std::mem::take(&mut self.shared.state().refused);
        (refused.some, refused.more)
    }

    /// How it is with one result, whose digest that is.
    pub fn standing(&self, key: &ResultKey, digest: &str) -> Standing {
        self.shared.state().standing(key, digest)
    }

    /// The annotations of one stored result, from the store itself.
    ///
    /// # Errors
    ///
    /// See [`ResultStore::annotations`].
    pub async fn annotations(
        &self,
        key: &ResultKey,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        self.shared.store.annotations(key).await
    }

    /// How many results wait to be written.
    pub fn pending(&self) -> usize {
        self.shared.state().pending()
    }
}

/// A pass over all results. Dropped without its end it removes nothing.
pub struct FullPass {
    id: u64,
    writer: Writer,
    begun: Instant,
}

impl FullPass {
    /// Takes in one result. Waits while there is no room, unless the storage is away.
    pub async fn offer(&self, object: ResultObject) {
        let wanted = Wanted::Put(Arc::new(object));
        self.writer.shared.offer(&wanted, self.id).await;
    }

    /// Nothing more comes: removes what was not offered as far as the pass covers it,
    /// and waits until all is written. Does not wait for a storage that is away: what
    /// is left to do then is done when it is back, if no other pass began before.
    pub async fn finish(self, coverage: Coverage) -> Report {
        let shared = &self.writer.shared;
        shared.state().pass.finish(self.id, coverage);
        shared.wake.notify_one();
        let id = self.id;
        shared
            .until(|state| state.away.is_some() || state.pass.is_done(id))
            .await;
        Report {
            took: self.begun.elapsed(),
            ..shared.state().pass.so_far(id)
        }
    }
}

impl Drop for FullPass {
    fn drop(&mut self) {
        self.writer.shared.state().pass.abandon(self.id);
    }
}

impl Shared {
    /// Nothing that is done with the state panics; if it did, the state is sound.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something changed for who waits.
    pub(crate) fn moved(&self) {
        self.progress.send_replace(());
    }

    async fn until(&self, holds: impl Fn(&mut State) -> bool) {
        let mut progress = self.progress.subscribe();
        while !holds(&mut self.state()) {
            // The sender lives as long as `self`.
            let _ = progress.changed().await;
        }
    }

    async fn offer(&self, wanted: &Wanted, pass: u64) {
        let mut progress = self.progress.subscribe();
        loop {
            let taken = self.state().offer(wanted, pass);
            match taken {
                Taken::Queued => return self.wake.notify_one(),
                Taken::Unchanged | Taken::Stale => return,
                Taken::Full => {
                    let _ = progress.changed().await;
                }
            }
        }
    }

    fn health(&self) -> Result<(), String> {
        let state = self.state();
        let (pending, stale) = (state.pending(), state.stale());
        let Some(away) = &state.away else {
            return match state.index {
                Some(_) => Ok(()),
                None => Err("what is stored was not read yet".to_owned()),
            };
        };
        let (since, why) = (away.since.elapsed().as_secs(), &away.why);
        Err(format!(
            "results cannot be stored for {since} s: {why}; {pending} wait, {stale} have to be \
             made again: see that the storage runs and may be reached"
        ))
    }
}
