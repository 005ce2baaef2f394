//! What waits, what is stored and what is to be done next. Decides; does nothing.
//!
//! An object has at most one write under way and one that waits: the newest.

mod standing;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

pub use standing::{Fate, Standing};

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::index::{Content, Index, KeyHash};
use crate::metrics::Metrics;
use crate::object::{ResultKey, ResultObject};
use crate::pass::Pass;
use crate::report::{Refusal, Refusals, Stale};
use crate::store::{Done, Expected, StoreError, Write};
use crate::writer::Limits;

/// How often a write is tried over which the storage fails.
const TRIES: u8 = 3;

/// What is to happen to an object.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Put(Arc<ResultObject>),
    Delete(ResultKey),
}

/// One write that waits or is under way.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) hash: KeyHash,
    pub(crate) wanted: Wanted,
    /// The pass that it belongs to; 0 for none.
    pub(crate) pass: u64,
    weight: usize,
    tries: u8,
}

#[derive(Debug, Default)]
struct Entry {
    waiting: Option<Job>,
    flying: bool,
}

/// What became of something offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is written when its turn comes.
    Queued,
    /// It is so already.
    Unchanged,
    /// There is no room; only its key was kept.
    Stale,
    /// There is no room: offer it again when something was written.
    Full,
}

/// Since when the storage does not answer, and what was seen.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    pub(crate) since: Instant,
    pub(crate) why: String,
    /// Whether it answered at least that it is busy, all the time.
    pub(crate) busy: bool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) limits: Limits,
    /// `None` until it was read.
    pub(crate) index: Option<Index>,
    pub(crate) refresh: bool,
    pub(crate) away: Option<Away>,
    pub(crate) pass: Pass,
    pub(crate) refused: Refusals,
    pub(crate) metrics: Metrics,
    entries: FxHashMap<KeyHash, Entry>,
    queue: VecDeque<KeyHash>,
    bytes: usize,
    count: usize,
    stale: BTreeSet<ResultKey>,
    all_stale: bool,
    /// Why the last write of an object was refused, of a few objects.
    refusals: FxHashMap<KeyHash, String>,
}

impl Wanted {
    pub(crate) fn key(&self) -> ResultKey {
        match self {
            Self::Put(object) => object.key(),
            Self::Delete(key) => key.clone(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Put(object) => object.weight(),
            Self::Delete(key) => 256 + key.namespace.len() + key.name.len(),
        }
    }
}

impl State {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes in what is wanted of an object; the newest wins.
    pub(crate) fn offer(&mut self, wanted: &Wanted, pass: u64) -> Taken {
        let key = wanted.key();
        let hash = KeyHash::of(&key);
        self.refusals.remove(&hash);
        // A pass that was replaced has nothing to say any more.
        let pass = if self.pass.is(pass) { pass } else { 0 };
        if matches!(wanted, Wanted::Put(_)) {
            self.pass.offered(hash);
        }
        let known = self.entries.contains_key(&hash);
        if !known && self.is_so(hash, wanted) {
            self.forget_stale(&key);
            self.unchanged(pass);
            return Taken::Unchanged;
        }
        let weight = wanted.weight();
        let replaces = self
            .entries
            .get(&hash)
            .and_then(|entry| entry.waiting.as_ref());
        if replaces.is_none() && !self.has_room(weight) {
            if self.away.is_none() {
                return Taken::Full;
            }
            self.add_stale(key);
            return Taken::Stale;
        }
        self.forget_stale(&key);
        self.push(Job {
            hash,
            wanted: wanted.clone(),
            pass,
            weight,
            tries: 0,
        });
        Taken::Queued
    }

    /// The same for a deletion that a sweep found, for which there is always room.
    pub(crate) fn sweep(&mut self, key: ResultKey) {
        let hash = KeyHash::of(&key);
        let wanted = Wanted::Delete(key);
        let weight = wanted.weight();
        let pass = self.pass.id();
        self.push(Job {
            hash,
            wanted,
            pass,
            weight,
            tries: 0,
        });
    }

    fn push(&mut self, job: Job) {
        self.count += 1;
        self.bytes += job.weight;
        self.pass.waits(job.pass);
        let hash = job.hash;
        let entry = self.entries.entry(hash).or_default();
        let (flying, before) = (entry.flying, entry.waiting.replace(job));
        if let Some(before) = before {
            self.drop_job(&before);
        } else if !flying {
            self.queue.push_back(hash);
        }
        self.show();
    }

    /// An object that has a place already keeps it, whatever it weighs.
    fn has_room(&self, weight: usize) -> bool {
        let bytes = self.bytes.saturating_add(weight) <= self.limits.pending_bytes;
        // One giant alone has to pass.
        self.count < self.limits.pending && (bytes || self.count == 0)
    }

    fn drop_job(&mut self, job: &Job) {
        self.count -= 1;
        self.bytes -= job.weight;
        self.pass.done(job.pass);
    }

    /// Whether the store has it so already.
    fn is_so(&self, hash: KeyHash, wanted: &Wanted) -> bool {
        self.index.as_ref().is_some_and(|index| match wanted {
            Wanted::Put(object) => index.holds(hash, Content::of(&object.digest)),
            Wanted::Delete(_) => !index.has(hash),
        })
    }

    fn unchanged(&mut self, pass: u64) {
        self.metrics.unchanged.inc();
        if let Some(report) = self.pass.report(pass) {
            report.unchanged += 1;
        }
    }

    /// The next writes, at most so many; none before the index is known.
    pub(crate) fn take(&mut self, most: usize) -> Vec<(Job, Write)> {
        let mut taken = Vec::new();
        while taken.len() < most && self.index.is_some() {
            let Some(hash) = self.queue.pop_front() else {
                break;
            };
            let Some(entry) = self.entries.get_mut(&hash) else {
                continue;
            };
            let Some(job) = entry.waiting.take() else {
                continue;
            };
            if self.is_so(hash, &job.wanted) {
                self.entries.remove(&hash);
                self.drop_job(&job);
                self.unchanged(job.pass);
                continue;
            }
            if let Some(entry) = self.entries.get_mut(&hash) {
                entry.flying = true;
            }
            let write = self.write(&job);
            taken.push((job, write));
        }
        self.show();
        taken
    }

    fn write(&self, job: &Job) -> Write {
        match &job.wanted {
            Wanted::Put(object) => {
                let present = self.index.as_ref().is_some_and(|index| index.has(job.hash));
                let expected = if present {
                    Expected::Present
                } else {
                    Expected::Absent
                };
                Write::Put(Arc::clone(object), expected)
            }
            Wanted::Delete(key) => Write::Delete(key.clone()),
        }
    }

    /// What came of a write.
    pub(crate) fn landed(&mut self, job: Job, answer: Result<Done, StoreError>) {
        match answer {
            Ok(done) => {
                self.refresh |= done == Done::Surprised;
                self.stored(&job);
                self.end(&job);
            }
            // The storage, too, removes what belongs to nothing any more.
            Err(StoreError::Gone) if matches!(job.wanted, Wanted::Delete(_)) => {
                self.stored(&job);
                self.end(&job);
            }
            Err(StoreError::Refused { code, why }) => {
                self.refuse(&job, format!("{code}: {why}"));
            }
            Err(StoreError::Unavailable { .. }) => {
                self.metrics.failures.inc();
                self.again(job);
            }
            Err(error) => {
                self.metrics.failures.inc();
                let tries = job.tries + 1;
                if tries >= TRIES {
                    self.refuse(&job, format!("{error} ({tries} times)"));
                } else {
                    self.again(Job { tries, ..job });
                }
            }
        }
        self.show();
    }

    fn stored(&mut self, job: &Job) {
        let Some(index) = &mut self.index else {
            return;
        };
        let report = self.pass.report(job.pass);
        match &job.wanted {
            Wanted::Put(object) => {
                index.put(job.hash, Some(Content::of(&object.digest)));
                self.metrics.written.inc();
                if let Some(report) = report {
                    report.written += 1;
                }
            }
            Wanted::Delete(_) => {
                index.remove(job.hash);
                self.metrics.deleted.inc();
                if let Some(report) = report {
                    report.deleted += 1;
                }
            }
        }
    }

    fn refuse(&mut self, job: &Job, why: String) {
        self.metrics.refused.inc();
        let key = job.wanted.key();
        tracing::warn!(%key, why, "a result was not stored");
        let most = self.limits.refused;
        if self.refusals.len() < most {
            self.refusals.insert(job.hash, why.clone());
        }
        let refusal = Refusal { key, why };
        self.pass.refused(job.pass, refusal.clone(), most);
        self.refused.add(refusal, most);
        self.end(job);
    }

    /// Nothing of this write is left to do.
    fn end(&mut self, job: &Job) {
        self.drop_job(job);
        let Some(entry) = self.entries.get_mut(&job.hash) else {
            return;
        };
        entry.flying = false;
        if entry.waiting.is_some() {
            self.queue.push_back(job.hash);
        } else {
            self.entries.remove(&job.hash);
        }
    }

    /// Once more, behind the others: none that fails for ever may hold them up.
    fn again(&mut self, job: Job) {
        let hash = job.hash;
        let entry = self.entries.entry(hash).or_default();
        entry.flying = false;
        self.queue.push_back(hash);
        if entry.waiting.is_some() {
            self.drop_job(&job);
        } else {
            entry.waiting = Some(job);
        }
    }

    /// Takes in an index that was read anew.
    pub(crate) fn indexed(&mut self, index: Index) {
        // Of what waits or is under way nobody knows what is stored.
        let open = |hash: &KeyHash| self.entries.contains_key(hash);
        let lost = self
            .index
            .as_ref()
            .is_some_and(|old| old.lost(&index, open));
        if lost {
            tracing::warn!("results were changed or removed by others: all are to be made again");
            self.all_stale = true;
        }
        self.index = Some(index);
        self.refresh = false;
        self.show();
    }

    pub(crate) fn needs_index(&self) -> bool {
        self.refresh || self.index.is_none()
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.count == 0 && !self.pass.is_sweeping()
    }

    /// Writes that wait or are under way.
    pub(crate) fn pending(&self) -> usize {
        self.count
    }

    fn add_stale(&mut self, key: ResultKey) {
        if self.stale.len() < self.limits.stale {
            self.stale.insert(key);
        } else {
            self.all_stale = true;
        }
        self.show();
    }

    fn forget_stale(&mut self, key: &ResultKey) {
        if !self.stale.is_empty() {
            self.stale.remove(key);
        }
    }

    /// How many results have to be made again; all counts as one.
    pub(crate) fn stale(&self) -> usize {
        self.stale.len() + usize::from(self.all_stale)
    }

    pub(crate) fn take_stale(&mut self) -> Stale {
        let stale = Stale {
            keys: std::mem::take(&mut self.stale).into_iter().collect(),
            all: std::mem::take(&mut self.all_stale),
        };
        self.show();
        stale
    }

    /// Moves the gauges.
    pub(crate) fn show(&self) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.pending.set(number(self.count));
        self.metrics.pending_bytes.set(number(self.bytes));
        self.metrics.stale.set(number(self.stale()));
        self.metrics.away.set(i64::from(self.away.is_some()));
    }
}
