//! Where events go, and what all that follow share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use kubescape_collect::{Event, KindId};
use tokio::sync::mpsc::Sender;
use tokio::sync::{Notify, Semaphore};

use super::pace::Pace;
use super::progress::{Counters, Mark};
use super::stop::{Ended, Stop};
use crate::caller::Caller;
use crate::connection::Connection;

/// What all tasks of one [`Follow`](super::Follow) share.
pub(crate) struct Shared {
    pub(crate) caller: Caller,
    pub(crate) pace: Pace,
    pub(crate) counters: Arc<Counters>,
    /// Seats for lists.
    pub(crate) lists: Arc<Semaphore>,
    /// Asks to look again at what kinds there are.
    pub(crate) rediscover: Notify,
    events: Sender<Event>,
    /// Ends everything.
    stop: Stop,
    /// Lists of the beginning that are neither read nor given up, and one more
    /// while there may be others.
    unsettled: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(
        connection: &Connection,
        pace: Pace,
        events: Sender<Event>,
        stop: Stop,
    ) -> Self {
        Self {
            caller: connection.caller.clone(),
            pace,
            counters: Arc::new(Counters::new()),
            lists: Arc::new(Semaphore::new(pace.lists.max(1))),
            rediscover: Notify::new(),
            events,
            stop,
            unsettled: AtomicUsize::new(1),
        }
    }

    /// Returns when nobody receives any more.
    pub(crate) async fn closed(&self) {
        self.events.closed().await;
    }

    /// # Errors
    ///
    /// Nobody receives any more, or it is time to end.
    pub(crate) async fn send(&self, event: Event) -> Result<(), Ended> {
        let room = self.stop.or(self.events.reserve()).await?;
        let room = room.map_err(|_| Ended)?;
        self.counters.events.fetch_add(1, Ordering::Relaxed);
        room.send(event);
        Ok(())
    }

    pub(crate) fn unsettle(&self) {
        self.unsettled.fetch_add(1, Ordering::AcqRel);
    }

    /// One more is read, or given up; with the last one, all are in sync.
    pub(crate) async fn settle(&self) -> Result<(), Ended> {
        if self.unsettled.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.counters.synced.store(true, Ordering::Relaxed);
            self.send(Event::Synced).await?;
        }
        Ok(())
    }
}

/// Where the events of one list go.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) shared: Arc<Shared>,
    pub(crate) kind: KindId,
    pub(crate) mark: Arc<Mark>,
    pub(crate) stop: Stop,
    /// Whether the beginning waits for it.
    unsettled: Arc<AtomicBool>,
}

impl Outlet {
    pub(crate) fn new(shared: Arc<Shared>, kind: KindId, stop: Stop, awaited: bool) -> Self {
        if awaited {
            shared.unsettle();
        }
        Self {
            mark: shared.counters.begin(kind),
            shared,
            kind,
            stop,
            unsettled: Arc::new(AtomicBool::new(awaited)),
        }
    }

    pub(crate) async fn send(&self, event: Event) -> Result<(), Ended> {
        self.stop.or(self.shared.send(event)).await?
    }

    /// The beginning need not wait for it any longer.
    pub(crate) async fn settle(&self) -> Result<(), Ended> {
        if self.unsettled.swap(false, Ordering::AcqRel) {
            return self.shared.settle().await;
        }
        Ok(())
    }
}
