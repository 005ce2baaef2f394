//! The loop that never ends: events in, results out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kubescape_collect::Event;
use kubescape_posture::Key;
use tokio::sync::{mpsc, oneshot, watch};

use crate::desk::{Desk, Notice};
use crate::outlet::{Change, Forgotten, Keep, Outlet};
use crate::pace::Pace;

/// Results that are rendered and given away at once.
const AT_ONCE: usize = 64;
/// Events that are taken in before anything else gets its turn.
const EVENTS_AT_ONCE: usize = 512;
/// Between questions for what was forgotten.
const RECALL: Duration = Duration::from_secs(5);

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Changes in a row wait for this long a silence.
    pub quiet: Duration,
    /// But no longer than this.
    pub most: Duration,
}

impl Default for Options {
    /// 50 ms, at most 100 ms: settling costs milliseconds, and changes of different
    /// objects should not wait for each other.
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(50),
            most: Duration::from_millis(100),
        }
    }
}

/// How far it is, for people and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects that are known.
    pub objects: usize,
    /// Whether every kind has been read once.
    pub synced: bool,
    /// Resources of this lap whose results have still to be given away.
    pub to_write: usize,
    /// Whether all that is known has been given away.
    pub settled: bool,
    /// Events so far.
    pub events: u64,
    /// Settlings so far.
    pub turns: u64,
    /// Resources whose results were given away so far.
    pub results: u64,
    /// Kinds that cannot be read, with reasons.
    pub gaps: Vec<String>,
}

type Question = Box<dyn FnOnce(&mut Desk) + Send>;

/// Asks a running service.
#[derive(Clone, Debug)]
pub struct Handle {
    questions: mpsc::Sender<Question>,
    progress: watch::Receiver<Progress>,
}

impl Handle {
    /// Runs a question between two events, after all that came before it.
    ///
    /// `None` when the service has ended.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |desk| {
            // Whoever asked may have gone.
            let _ = answer.send(question(desk));
        });
        self.questions.send(question).await.ok()?;
        answered.await.ok()
    }

    /// How far it is, now and later.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
}

/// A service that does not run yet.
pub struct Service<O> {
    desk: Desk,
    outlet: O,
    pace: Pace,
    now: fn() -> String,
    on_notice: Box<dyn Fn(&Notice) + Send>,
    questions: mpsc::Receiver<Question>,
    progress: watch::Sender<Progress>,
    /// Records whose results are still to be given away in this lap.
    lap: VecDeque<u32>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not everything has been read.
    Reading,
    /// Everything is being given away.
    Lap,
    /// Changes are given away.
    Following,
}

impl<O: Outlet> Service<O> {
    /// A service around a desk. `now` tells the time as RFC 3339; `on_notice`
    /// hears of what people should know.
    pub fn new(
        desk: Desk,
        outlet: O,
        options: &Options,
        now: fn() -> String,
        on_notice: impl Fn(&Notice) + Send + 'static,
    ) -> (Self, Handle) {
        let (ask, questions) = mpsc::channel(64);
        let (progress, seen) = watch::channel(Progress::default());
        let service = Self {
            desk,
            outlet,
            pace: Pace::new(options.quiet, options.most),
            now,
            on_notice: Box::new(on_notice),
            questions,
            progress,
            lap: VecDeque::new(),
            state: State::Reading,
        };
        let handle = Handle {
            questions: ask,
            progress: seen,
        };
        (service, handle)
    }

    /// Runs until there are no more events. Computes for milliseconds at a time:
    /// give it a thread of its own.
    pub async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        let mut recall = tokio::time::interval(RECALL);
        recall.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                Some(question) = self.questions.recv() => {
                    // It sees what happened before it, unless that is without end.
                    while batch.len() < EVENTS_AT_ONCE && let Ok(event) = events.try_recv() {
                        batch.push(event);
                    }
                    self.take(&mut batch);
                    self.answer(question).await;
                }
                () = until(due) => self.settle().await,
                count = events.recv_many(&mut batch, EVENTS_AT_ONCE) => {
                    if count == 0 {
                        break;
                    }
                    self.take(&mut batch);
                }
                _ = recall.tick() => self.recall().await,
                () = std::future::ready(()), if self.state == State::Lap => self.walk().await,
            }
        }
        self.settle().await;
    }

    /// Before everything has been read there is nothing to say.
    fn due(&self) -> Option<Instant> {
        self.pace.due().filter(|_| self.state != State::Reading)
    }

    fn take(&mut self, batch: &mut Vec<Event>) {
        let now = Instant::now();
        let count = batch.len() as u64;
        for event in batch.drain(..) {
            if self.take_one(event) {
                self.pace.changed(now);
            }
        }
        for notice in self.desk.take_notices() {
            (self.on_notice)(&notice);
        }
        let objects = self.desk.len();
        self.progress.send_modify(|progress| {
            progress.objects = objects;
            progress.events += count;
        });
    }

    fn take_one(&mut self, event: Event) -> bool {
        let (synced, gap) = (
            matches!(event, Event::Synced),
            matches!(event, Event::Gap { .. }),
        );
        let changed = self.desk.take(event);
        if synced {
            self.synced();
        }
        if gap {
            let mut gaps: Vec<_> = self
                .desk
                .gaps()
                .map(|(_, gap)| gap.reason.to_string())
                .collect();
            gaps.sort();
            gaps.dedup();
            self.progress.send_modify(|progress| progress.gaps = gaps);
        }
        changed
    }

    /// Everything is known: all of it is given away, and what is stored beside that
    /// is deleted.
    fn synced(&mut self) {
        if self.state != State::Reading {
            return;
        }
        self.desk.settle();
        let now = Instant::now();
        self.pace.settled(now, now);
        self.state = State::Following;
        self.progress.send_modify(|progress| progress.synced = true);
        self.begin_lap();
    }

    fn begin_lap(&mut self) {
        if self.state == State::Reading {
            return;
        }
        self.lap = self.desk.all().into();
        self.state = State::Lap;
        self.progress.send_modify(|progress| {
            progress.to_write = self.lap.len();
            progress.settled = false;
        });
    }

    async fn settle(&mut self) {
        if self.state == State::Reading {
            return;
        }
        let begun = Instant::now();
        let turn = self.desk.settle();
        let ended = Instant::now();
        self.pace.settled(begun, ended);
        if !turn.gone.is_empty() {
            self.outlet
                .apply(turn.gone.into_iter().map(Change::Delete).collect())
                .await;
        }
        for numbers in turn.changed.chunks(AT_ONCE) {
            self.give(numbers).await;
        }
        self.progress.send_modify(|progress| progress.turns += 1);
    }

    /// One step of the lap.
    async fn walk(&mut self) {
        let count = self.lap.len().min(AT_ONCE);
        let numbers: Vec<u32> = self.lap.drain(..count).collect();
        self.give(&numbers).await;
        let left = self.lap.len();
        if left == 0 {
            self.outlet.retain(self.keep());
            self.state = State::Following;
        }
        let settled = left == 0;
        self.progress.send_modify(|progress| {
            progress.to_write = left;
            progress.settled = settled;
        });
    }

    fn keep(&self) -> Keep {
        let unread = self
            .desk
            .gaps()
            .filter(|(_, gap)| gap.lack == kubescape_engine::Lack::Unread);
        Keep {
            keys: self.desk.keys().cloned().collect(),
            unread_kinds: unread.map(|(_, gap)| gap.kind.to_lowercase()).collect(),
        }
    }

    async fn give(&mut self, numbers: &[u32]) {
        let results = self.desk.results(numbers, &(self.now)());
        let count = (results.len() / 2) as u64;
        self.outlet
            .apply(results.into_iter().map(Change::Put).collect())
            .await;
        self.progress
            .send_modify(|progress| progress.results += count);
    }

    /// Gives again what could not be stored.
    async fn recall(&mut self) {
        let keys = match self.outlet.forgotten() {
            Forgotten::Some(keys) => keys,
            Forgotten::Everything => {
                self.begin_lap();
                return;
            }
        };
        let (there, gone): (Vec<Key>, Vec<Key>) = keys
            .into_iter()
            .partition(|key| self.desk.owner(key).is_some());
        let numbers: Vec<u32> = there
            .iter()
            .filter_map(|key| self.desk.owner(key))
            .collect();
        if !gone.is_empty() && self.state != State::Reading {
            self.outlet
                .apply(gone.into_iter().map(Change::Delete).collect())
                .await;
        }
        for numbers in numbers.chunks(AT_ONCE) {
            self.give(numbers).await;
        }
    }

    /// A question sees results that follow from everything taken in before it.
    async fn answer(&mut self, question: Question) {
        if self.pace.due().is_some() {
            self.settle().await;
        }
        question(&mut self.desk);
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
