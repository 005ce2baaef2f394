//! Who may work at once: lanes of requests, and bytes in memory. What finds no
//! place is told to come back; nothing waits without end.
//!
//! A lane keeps one kind of traffic from taking the place of another: a flood
//! of SBOMs must never delay a read of summaries, and nothing at all delays
//! discovery, which has no lane. (storage reference, section 13)

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Reads that the index answers, and single light objects.
    Light,
    /// Reads of bodies of heavy kinds.
    Heavy,
    /// Everything that changes something.
    Write,
    /// Open watches.
    Watch,
    /// Lists that are sent while they are read.
    Stream,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 5] = [
        Self::Light,
        Self::Heavy,
        Self::Write,
        Self::Watch,
        Self::Stream,
    ];

    /// As metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Heavy => "heavy",
            Self::Write => "write",
            Self::Watch => "watch",
            Self::Stream => "stream",
        }
    }
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Requests that work at once, by lane in the order of [`Lane::ALL`].
    pub at_once: [usize; 5],
    /// Requests that may wait, by lane.
    pub waiting: [usize; 5],
    /// Bytes of bodies in memory at once.
    pub bytes: usize,
    /// How long a request waits for its turn.
    pub patience: Duration,
}

impl Default for Room {
    /// For a container of some 150 MiB.
    fn default() -> Self {
        Self {
            at_once: [32, 4, 64, 10_000, 256],
            waiting: [1_000, 100, 1_000, 0, 0],
            bytes: 96 << 20,
            patience: Duration::from_secs(5),
        }
    }
}

/// All lanes and the memory that they share.
pub(crate) struct Lanes {
    each: [OneLane; 5],
    /// For bodies while they come, which a slow client stretches.
    arriving: Pool,
    /// For bodies while they are worked on or sent.
    working: Pool,
    patience: Duration,
}

/// Memory, in steps of [`STEP`].
struct Pool {
    free: Arc<Semaphore>,
    most: usize,
}

struct OneLane {
    turns: Arc<Semaphore>,
    places: usize,
    waiting: AtomicUsize,
    most_waiting: usize,
    refused: AtomicUsize,
}

/// The lane or the memory is full: 429, come back after a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full(pub(crate) &'static str);

/// A place in a lane; dropped when the request ends.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Memory that a request holds.
#[derive(Default)]
pub(crate) struct Held {
    permits: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

/// Memory is counted in steps of this size.
const STEP: usize = 1 << 10;

impl Lanes {
    /// Lanes with that much room.
    pub(crate) fn new(room: Room) -> Self {
        let lanes = std::array::from_fn(|at| OneLane {
            turns: Arc::new(Semaphore::new(room.at_once[at].min(Semaphore::MAX_PERMITS))),
            places: room.at_once[at],
            waiting: AtomicUsize::new(0),
            most_waiting: room.waiting[at],
            refused: AtomicUsize::new(0),
        });
        Self {
            each: lanes,
            // Apart, so that bodies which come slowly never keep those waiting
            // that are complete.
            arriving: Pool::new(room.bytes / 3),
            working: Pool::new(room.bytes - room.bytes / 3),
            patience: room.patience,
        }
    }

    /// Waits for a place in a lane.
    ///
    /// # Errors
    ///
    /// [`Full`] when too many wait already, or the wait was too long.
    pub(crate) async fn enter(&self, lane: Lane) -> Result<Turn, Full> {
        let one = &self.each[lane as usize];
        if let Ok(permit) = Arc::clone(&one.turns).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let waits = Waiting::begin(&one.waiting);
        if waits.before >= one.most_waiting {
            return Err(one.refuse(lane));
        }
        let turn = Arc::clone(&one.turns).acquire_owned();
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => Err(one.refuse(lane)),
        }
    }

    /// Waits for memory for a body of `bytes`, on top of what is `held`. One body
    /// above everything there is waits until it is alone.
    ///
    /// # Errors
    ///
    /// [`Full`] when the wait was too long.
    pub(crate) async fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Full> {
        self.working.hold(held, bytes, self.patience).await
    }

    /// The same for an answer that has begun: it waits as long as its client would
    /// be waited for, as to be refused would be to be cut off.
    pub(crate) async fn hold_within(
        &self,
        held: &mut Held,
        bytes: usize,
        patience: Duration,
    ) -> Result<(), Full> {
        self.working.hold(held, bytes, patience).await
    }

    /// The same for a part of a body that is coming.
    pub(crate) async fn hold_arriving(&self, held: &mut Held, bytes: usize) -> Result<(), Full> {
        self.arriving.hold(held, bytes, self.patience).await
    }

    /// Requests of a lane that work now, that wait, and that were refused since
    /// the start.
    pub(crate) fn state(&self, lane: Lane) -> (usize, usize, usize) {
        let one = &self.each[lane as usize];
        (
            one.places.saturating_sub(one.turns.available_permits()),
            one.waiting.load(Ordering::Relaxed),
            one.refused.load(Ordering::Relaxed),
        )
    }

    /// Bytes of bodies in memory now.
    pub(crate) fn bytes(&self) -> usize {
        self.arriving.bytes() + self.working.bytes()
    }
}

impl Pool {
    fn new(bytes: usize) -> Self {
        let most = (bytes / STEP).max(1);
        Self {
            free: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    async fn hold(&self, held: &mut Held, bytes: usize, patience: Duration) -> Result<(), Full> {
        let all = held.bytes.saturating_add(bytes);
        let wanted = all.div_ceil(STEP).min(self.most);
        let have = held.steps();
        let more = u32::try_from(wanted.saturating_sub(have)).unwrap_or(u32::MAX);
        if more > 0 {
            let free = || Arc::clone(&self.free);
            let permits = if let Ok(permits) = free().try_acquire_many_owned(more) {
                permits
            } else {
                // Who waits holds nothing: two that wait for each other would
                // wait in vain.
                held.permits = None;
                held.bytes = 0;
                let all = u32::try_from(wanted).unwrap_or(u32::MAX);
                let turn = tokio::time::timeout(patience, free().acquire_many_owned(all));
                let Ok(Ok(permits)) = turn.await else {
                    return Err(Full("memory for bodies"));
                };
                permits
            };
            match &mut held.permits {
                Some(all) => all.merge(permits),
                none => *none = Some(permits),
            }
        }
        held.bytes = all;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits()) * STEP
    }
}

impl Held {
    fn steps(&self) -> usize {
        let permits = self.permits.as_ref();
        permits.map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back all but `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.bytes = self.bytes.min(bytes);
        let extra = self.steps().saturating_sub(bytes.div_ceil(STEP));
        if let Some(permits) = &mut self.permits {
            drop(permits.split(extra));
        }
    }
}

impl OneLane {
    fn refuse(&self, lane: Lane) -> Full {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Full(lane.name())
    }
}

/// Counts one that waits, also when it gives up.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Lanes {
        Lanes::new(Room {
            at_once: [1; 5],
            waiting: [1, 0, 0, 0, 0],
            bytes: 15 * STEP,
            patience: Duration::from_millis(20),
        })
    }

    #[tokio::test]
    async fn a_full_lane_leaves_the_others_alone() {
        let lanes = small();
        let turn = lanes.enter(Lane::Heavy).await.unwrap();
        assert_eq!(lanes.enter(Lane::Heavy).await.err(), Some(Full("heavy")));
        assert!(lanes.enter(Lane::Light).await.is_ok());
        assert_eq!(lanes.state(Lane::Heavy), (1, 0, 1));
        drop(turn);
        assert!(lanes.enter(Lane::Heavy).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_or_is_told_to_come_back() {
        let lanes = Arc::new(small());
        let turn = lanes.enter(Lane::Light).await.unwrap();
        assert!(lanes.enter(Lane::Light).await.is_err(), "patience ends");
        let waiter = Arc::clone(&lanes);
        let wait = tokio::spawn(async move { waiter.enter(Lane::Light).await.is_ok() });
        tokio::task::yield_now().await;
        drop(turn);
        assert!(wait.await.unwrap());
    }

    #[tokio::test]
    async fn bytes_are_bounded_and_given_back() {
        let lanes = small();
        let mut one = Held::default();
        lanes.hold(&mut one, 6 * STEP).await.unwrap();
        let mut two = Held::default();
        assert!(lanes.hold(&mut two, 6 * STEP).await.is_err());
        assert_eq!(lanes.bytes(), 6 * STEP);
        one.shrink(2 * STEP);
        assert_eq!(lanes.bytes(), 2 * STEP);
        lanes.hold(&mut two, 6 * STEP).await.unwrap();
        drop((one, two));
        let mut giant = Held::default();
        lanes.hold(&mut giant, 1 << 30).await.unwrap();
        assert_eq!(lanes.bytes(), 10 * STEP, "a giant has it all");
    }
}
