//! How it is with one result.

use std::time::Duration;

use super::State;
use crate::index::{Content, KeyHash};
use crate::object::ResultKey;

/// How it is with one result, as far as the writer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What became of it.
    pub fate: Fate,
    /// For how long the storage has not answered, and what was seen; `None` while it
    /// does.
    pub away: Option<(Duration, String)>,
    /// Results that wait to be written, all together.
    pub pending: usize,
}

/// What became of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is stored so.
    Stored,
    /// Something else is stored in its place, and nothing of it waits.
    Another,
    /// Nothing is stored in its place, and nothing of it waits.
    Nothing,
    /// It waits, or is under way.
    Waiting,
    /// There was no room while the storage was away: it is asked for again.
    Forgotten,
    /// The storage did not take it; with its words.
    Refused(String),
    /// What is stored has not been read yet.
    Unread,
}

impl State {
    pub(crate) fn standing(&self, key: &ResultKey, digest: &str) -> Standing {
        let away = self.away.as_ref();
        Standing {
            fate: self.fate(key, digest),
            away: away.map(|away| (away.since.elapsed(), away.why.clone())),
            pending: self.count,
        }
    }

    fn fate(&self, key: &ResultKey, digest: &str) -> Fate {
        let hash = KeyHash::of(key);
        if self.entries.contains_key(&hash) {
            return Fate::Waiting;
        }
        if let Some(why) = self.refusals.get(&hash) {
            return Fate::Refused(why.clone());
        }
        if self.all_stale || self.stale.contains(key) {
            return Fate::Forgotten;
        }
        match &self.index {
            None => Fate::Unread,
            Some(index) if index.holds(hash, Content::of(digest)) => Fate::Stored,
            Some(index) if index.has(hash) => Fate::Another,
            Some(_) => Fate::Nothing,
        }
    }
}
