//! A cluster that is followed: lists and watches of all that controls read, as
//! one stream of events.
//!
//! One task coordinates (discovery, the rules file), and each list has a task of
//! its own, so that one that is forbidden, slow or gone holds up no other.

mod backoff;
mod coordinator;
mod follower;
mod frame;
mod known;
mod lines;
mod outlet;
mod pace;
mod progress;
mod reading;
mod rules;
mod stop;
mod supervise;

use std::path::PathBuf;
use std::sync::Arc;

use kubescape_collect::{Event, Kinds};
use kubescape_engine::KindMatch;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use backoff::Waits;
pub use pace::Pace;
pub use progress::{KindProgress, Progress, Totals};
pub use rules::Rules;
pub(crate) use stop::Stop;

use crate::connection::Connection;
use crate::wanted::Namespaces;
use coordinator::Coordinator;
use outlet::Shared;
use progress::Counters;
use stop::Stopper;

/// What of a cluster to follow.
#[derive(Clone, Debug, Default)]
pub struct What {
    /// What controls read: [`Plan::kinds`](kubescape_engine::Plan::kinds).
    pub kinds: Vec<KindMatch>,
    /// In which namespaces.
    pub namespaces: Namespaces,
    /// A file with [`Rules`] that narrow both. While there is none, everything
    /// above is followed; while it is broken, what it said last.
    pub rules: Option<PathBuf>,
    /// How patiently.
    pub pace: Pace,
}

/// A cluster that is followed. Ends when it is dropped.
pub struct Follow {
    kinds: Kinds,
    // Not what sends: the channel is to close when all has ended.
    counters: Arc<Counters>,
    namespaces: watch::Receiver<Namespaces>,
    stopper: Stopper,
    task: JoinHandle<()>,
}

impl Follow {
    /// Begins to follow a cluster, on the runtime that this is called on. Events
    /// go into the channel, and wait when it is full: an object may have some
    /// MiB, so a few hundred are room enough. It ends when `until` does, when
    /// nobody receives any more, and when this is dropped.
    ///
    /// An API server that is away is waited for.
    pub fn start(
        connection: &Connection,
        what: What,
        events: Sender<Event>,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let kinds = Kinds::default();
        let (stopper, stop) = Stopper::new();
        let shared = Arc::new(Shared::new(connection, what.pace, events, stop.clone()));
        let (tell, namespaces) = watch::channel(what.namespaces.clone());
        let mut coordinator = Coordinator::new(connection, what, &shared, kinds.clone(), tell);
        let counters = Arc::clone(&shared.counters);
        let all = stopper.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = until => {}
                () = stop.asked() => {}
                () = shared.closed() => {}
                _ = coordinator.run() => {}
            }
            all.stop();
            coordinator.end().await;
        });
        Self {
            kinds,
            counters,
            namespaces,
            stopper,
            task,
        }
    }

    /// What the numbers of kinds stand for.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The namespaces that are followed, as configuration and rules file have them now.
    pub fn namespaces(&self) -> watch::Receiver<Namespaces> {
        self.namespaces.clone()
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.counters.progress()
    }

    /// The same of each list.
    pub fn kind_progress(&self) -> Vec<KindProgress> {
        self.counters.kinds()
    }

    /// What was done since the start.
    pub fn totals(&self) -> Totals {
        self.counters.totals()
    }

    /// Ends it, and returns when nothing of it runs any more.
    pub async fn stop(mut self) {
        self.stopper.stop();
        // It has nothing to tell.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Follow")
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
