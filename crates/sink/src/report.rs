//! What became of results.

use std::time::Duration;

use crate::object::ResultKey;

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Results that were written.
    pub written: u64,
    /// Results that were stored already.
    pub unchanged: u64,
    /// Results that were removed.
    pub deleted: u64,
    /// Results that the storage did not take, up to
    /// [`Limits::refused`](crate::Limits::refused) of them.
    pub refused: Vec<Refusal>,
    /// How many more were refused.
    pub refused_more: u64,
    /// Results that wait for a storage that is away: they are written later.
    pub pending: u64,
    /// Whether results that were not offered are still to be removed, later.
    pub sweep_pending: bool,
    /// How long it took.
    pub took: Duration,
}

/// A result that the storage did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub key: ResultKey,
    /// Why, in the words of the storage.
    pub why: String,
}

/// Results that could not be kept while the storage was away, or that were lost
/// there: to be offered again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// These.
    pub keys: Vec<ResultKey>,
    /// All, as nobody knows any more which: make a full pass.
    pub all: bool,
}

impl Stale {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.all
    }
}

/// Refusals, so many at most.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    pub(crate) some: Vec<Refusal>,
    pub(crate) more: u64,
}

impl Refusals {
    pub(crate) fn add(&mut self, refusal: Refusal, most: usize) {
        if self.some.len() < most {
            self.some.push(refusal);
        } else {
            self.more += 1;
        }
    }
}
