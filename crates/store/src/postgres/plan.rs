//! What a group of commits comes to, worked out in memory while the counter is
//! locked, so that it can be written with a few statements.

use std::collections::HashMap;
use std::sync::Arc;

use crate::change::Expect;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::key::Key;
use crate::limits::Budgets;
use crate::object::Meta;
use crate::prepare::{Prepared, Written};
use crate::tally::Tally;

/// The current version of a key.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) meta: Arc<Meta>,
    /// Compressed bytes of the body.
    pub(crate) stored: u64,
    /// Its place in [`Plan::rows`], if it is of this group.
    row: Option<usize>,
}

/// A row to be written.
pub(crate) struct NewRow<'a> {
    pub(crate) meta: Arc<Meta>,
    pub(crate) kind: EventKind,
    pub(crate) until: Option<u64>,
    pub(crate) prev: Option<u64>,
    /// The compressed body; a tombstone has none.
    pub(crate) body: Option<&'a [u8]>,
}

/// Everything that a group writes.
pub(crate) struct Plan<'a> {
    pub(crate) tally: Tally,
    pub(crate) rows: Vec<NewRow<'a>>,
    /// Stored versions, and the changes that replace them.
    pub(crate) ended: Vec<(u64, u64)>,
    pub(crate) events: Vec<Event>,
    /// Rows that become history.
    pub(crate) replaced: usize,
    budgets: &'a Budgets,
    current: HashMap<Key, Known>,
    /// What the current job has changed in `current`, and which rows it has ended.
    undo: Vec<(Key, Option<Known>)>,
    undo_rows: Vec<usize>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        tally: Tally,
        budgets: &'a Budgets,
        current: impl IntoIterator<Item = (Meta, u64)>,
    ) -> Self {
        let known = |(meta, stored): (Meta, u64)| {
            let key = meta.key.clone();
            let known = Known {
                meta: Arc::new(meta),
                stored,
                row: None,
            };
            (key, known)
        };
        Self {
            tally,
            rows: Vec::new(),
            ended: Vec::new(),
            events: Vec::new(),
            replaced: 0,
            budgets,
            current: current.into_iter().map(known).collect(),
            undo: Vec::new(),
            undo_rows: Vec::new(),
        }
    }

    /// All changes of one job, or none and why.
    pub(crate) fn job(&mut self, changes: &'a [Prepared]) -> Result<Vec<Arc<Meta>>, Error> {
        self.undo.clear();
        self.undo_rows.clear();
        let before = (changes.len() > 1).then(|| self.tally.clone());
        let sizes = (
            self.rows.len(),
            self.ended.len(),
            self.events.len(),
            self.replaced,
        );
        let result = changes.iter().map(|change| self.apply(change)).collect();
        // A single change is refused before it does anything.
        if let (Err(_), Some(before)) = (&result, before) {
            self.tally = before;
            for row in self.undo_rows.drain(..) {
                self.rows[row].until = None;
            }
            self.rows.truncate(sizes.0);
            self.ended.truncate(sizes.1);
            self.events.truncate(sizes.2);
            self.replaced = sizes.3;
            for (key, known) in self.undo.drain(..).rev() {
                match known {
                    Some(known) => self.current.insert(key, known),
                    None => self.current.remove(&key),
                };
            }
        }
        result
    }

    fn apply(&mut self, change: &'a Prepared) -> Result<Arc<Meta>, Error> {
        match change {
            Prepared::Create(written) => {
                if let Some(found) = self.current.get(&written.draft.key) {
                    return Err(Error::AlreadyExists(Arc::clone(&found.meta)));
                }
                self.room(written, None)?;
                Ok(self.insert(written, EventKind::Added, None))
            }
            Prepared::Update(written, expect) => {
                let old = self.existing(&written.draft.key, expect)?;
                if old.meta.uid != written.draft.uid {
                    return Err(conflict(&old, true));
                }
                self.room(written, Some(old.stored))?;
                let rv = self.tally.rv + 1;
                self.end(&old, rv);
                Ok(self.insert(written, EventKind::Modified, Some(old.meta)))
            }
            Prepared::Delete(key, expect) => {
                let old = self.existing(key, expect)?;
                Ok(self.delete(&old))
            }
        }
    }

    fn existing(&self, key: &Key, expect: &Expect) -> Result<Known, Error> {
        let old = self
            .current
            .get(key)
            .ok_or_else(|| Error::NotFound(key.clone()))?;
        if let Some(uid) = expect.broken_by(&old.meta) {
            return Err(conflict(old, uid));
        }
        Ok(old.clone())
    }

    fn room(&self, written: &Written, before: Option<u64>) -> Result<(), Error> {
        let (resource, after) = (&written.draft.key.resource, written.stored.len() as u64);
        self.tally.check(self.budgets, resource, before, after)
    }

    /// The version is no longer the current one.
    fn end(&mut self, old: &Known, rv: u64) {
        match old.row {
            Some(row) => {
                self.rows[row].until = Some(rv);
                self.undo_rows.push(row);
            }
            None => self.ended.push((old.meta.resource_version, rv)),
        }
        self.replaced += 1;
        self.tally
            .replace(&old.meta.key.resource, old.stored, old.meta.size);
        let known = self.current.remove(&old.meta.key);
        self.undo.push((old.meta.key.clone(), known));
    }

    fn insert(
        &mut self,
        written: &'a Written,
        kind: EventKind,
        previous: Option<Arc<Meta>>,
    ) -> Arc<Meta> {
        self.tally.rv += 1;
        let rv = self.tally.rv;
        let body = written.draft.body.clone();
        let body = (body.len() as u64 == written.size).then_some(body);
        let meta = Arc::new(Meta {
            size: written.size,
            ..written.draft.clone().into_meta(rv)
        });
        let stored = written.stored.len() as u64;
        self.tally.add(&meta.key.resource, stored, written.size);
        let known = Known {
            meta: Arc::clone(&meta),
            stored,
            row: Some(self.rows.len()),
        };
        let before = self.current.insert(meta.key.clone(), known);
        self.undo.push((meta.key.clone(), before));
        self.rows.push(NewRow {
            meta: Arc::clone(&meta),
            kind,
            until: None,
            prev: previous.as_ref().map(|p| p.resource_version),
            body: Some(&written.stored),
        });
        self.events.push(Event {
            resource_version: rv,
            kind,
            object: Arc::clone(&meta),
            previous,
            body,
        });
        meta
    }

    fn delete(&mut self, old: &Known) -> Arc<Meta> {
        self.tally.rv += 1;
        let rv = self.tally.rv;
        self.end(old, rv);
        let meta = Arc::new(Meta {
            resource_version: rv,
            ..Meta::clone(&old.meta)
        });
        self.rows.push(NewRow {
            meta: Arc::clone(&meta),
            kind: EventKind::Deleted,
            until: Some(rv),
            prev: Some(old.meta.resource_version),
            body: None,
        });
        self.replaced += 1;
        self.events.push(Event {
            resource_version: rv,
            kind: EventKind::Deleted,
            object: Arc::clone(&meta),
            previous: Some(Arc::clone(&old.meta)),
            body: None,
        });
        meta
    }
}

fn conflict(old: &Known, uid: bool) -> Error {
    Error::Conflict {
        current: Arc::clone(&old.meta),
        uid,
    }
}
