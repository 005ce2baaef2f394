//! One watcher's way through history and into the present.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::error::Error;
use crate::event::Event;
use crate::hub::{Hub, Next};
use crate::query::Filter;

/// Where events are read that are no longer in memory.
#[async_trait]
pub(crate) trait History: Send + Sync {
    /// Events of the resource after that version, oldest first, at most `limit`,
    /// and the version up to which these are all.
    async fn events(
        &self,
        resource: &str,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Event>, u64), Error>;
}

/// Events of one filter in the order of their versions.
pub struct Subscription {
    hub: Arc<Hub>,
    history: Arc<dyn History>,
    filter: Filter,
    bell: watch::Receiver<u64>,
    /// Events that were taken but not looked at yet.
    taken: VecDeque<Arc<Event>>,
    /// All events up to here were given or do not fit the filter.
    position: u64,
    /// What `position` becomes when `taken` is empty.
    upto: u64,
    /// Events of the resource that it has taken, as the hub counts them, once it
    /// was up to date; from then on it must keep up.
    seen: Option<u64>,
}

/// Events that are read from the log at once.
const BATCH: usize = 256;

impl Subscription {
    pub(crate) fn new(
        hub: Arc<Hub>,
        history: Arc<dyn History>,
        filter: Filter,
        after: u64,
    ) -> Self {
        let bell = hub.listen(&filter.resource);
        Self {
            hub,
            history,
            filter,
            bell,
            taken: VecDeque::new(),
            position: after,
            upto: after,
            seen: None,
        }
    }

    /// The next event. Waits without end: bound it with a timeout, and send a
    /// bookmark of [`Subscription::position`] when that passes. Nothing is lost
    /// when the future is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Compacted`] or [`Error::TooSlow`]: the watch is over, as with
    /// [`Error::Closed`]; others may pass.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            // Before looking, so that what happens in between rings.
            self.bell.borrow_and_update();
            if let Some(event) = self.try_next().await? {
                return Ok(event);
            }
            self.bell.changed().await.map_err(|_| Error::Closed)?;
        }
    }

    /// The next event that has already happened, or `None` when up to date.
    /// Whatever a commit acknowledged before the call is among them.
    ///
    /// # Errors
    ///
    /// As [`Subscription::next`].
    pub async fn try_next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            while let Some(event) = self.taken.pop_front() {
                self.position = event.resource_version;
                if let Some(seen) = event.seen_by(&self.filter) {
                    return Ok(Some(seen));
                }
            }
            self.position = self.position.max(self.upto);
            match self.hub.after(&self.filter.resource, self.position) {
                Next::Live { events, upto, seen } => {
                    self.seen = Some(seen);
                    self.taken.extend(events);
                    self.upto = upto;
                    if self.taken.is_empty() {
                        self.position = self.position.max(upto);
                        return Ok(None);
                    }
                }
                Next::Behind { total } => {
                    let lag = self.seen.map_or(0, |seen| total.saturating_sub(seen));
                    if lag > self.hub.limits.lag {
                        return Err(Error::TooSlow {
                            lag,
                            position: self.position,
                        });
                    }
                    self.read_log().await?;
                }
                Next::Closed => return Err(Error::Closed),
            }
        }
    }

    async fn read_log(&mut self) -> Result<(), Error> {
        let (events, upto) = self
            .history
            .events(&self.filter.resource, self.position, BATCH)
            .await?;
        if let Some(seen) = &mut self.seen {
            *seen += events.len() as u64;
        }
        self.taken.extend(events.into_iter().map(Arc::new));
        self.upto = upto;
        Ok(())
    }

    /// All events up to this version were given: what a bookmark says.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// What is watched.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}
