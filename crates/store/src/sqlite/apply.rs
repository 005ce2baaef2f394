//! One change inside the writer's transaction.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::connection::sql;
use super::rows::{self, Version};
use crate::change::Expect;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::key::Key;
use crate::limits::Budgets;
use crate::object::Meta;
use crate::prepare::{Prepared, Written};
use crate::row::int;
use crate::tally::Tally;

/// Numbers of label keys, so that a label costs few bytes. Bounded: the keys
/// come from users.
#[derive(Default)]
pub(crate) struct LabelKeys(HashMap<(String, String), i64>);

const MOST_LABEL_KEYS: usize = 4096;

impl LabelKeys {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn id(&mut self, db: &Connection, resource: &str, key: &str) -> Result<i64, Error> {
        let name = (resource.to_owned(), key.to_owned());
        if let Some(id) = self.0.get(&name) {
            return Ok(*id);
        }
        if self.0.len() >= MOST_LABEL_KEYS {
            self.clear();
        }
        let id = match label_key(db, resource, key)? {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO label_keys (resource, key) VALUES (?1, ?2)")
                .and_then(|mut s| s.insert((resource, key)))
                .map_err(sql)?,
        };
        self.0.insert(name, id);
        Ok(id)
    }
}

/// The number of a label key, if any version ever had it.
pub(crate) fn label_key(db: &Connection, resource: &str, key: &str) -> Result<Option<i64>, Error> {
    db.prepare_cached("SELECT id FROM label_keys WHERE resource = ?1 AND key = ?2")
        .and_then(|mut s| s.query_row((resource, key), |row| row.get(0)).optional())
        .map_err(sql)
}

/// Why a change was not made.
pub(crate) enum Failure {
    /// It may not be made; nothing was written for it.
    Refused(Error),
    /// The engine failed, maybe half-way: the transaction is spoilt.
    Engine(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Engine(error)
    }
}

/// What changes are applied to.
pub(crate) struct Applier<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) tally: &'a mut Tally,
    pub(crate) keys: &'a mut LabelKeys,
    pub(crate) budgets: &'a Budgets,
    /// Compressed bytes that a write may have, for want of space.
    pub(crate) largest: u64,
    pub(crate) events: &'a mut Vec<Event>,
}

impl Applier<'_> {
    /// Makes the change, or refuses it before anything was written.
    pub(crate) fn apply(&mut self, change: &Prepared) -> Result<Arc<Meta>, Failure> {
        match change {
            Prepared::Create(written) => self.create(written),
            Prepared::Update(written, expect) => self.update(written, expect),
            Prepared::Delete(key, expect) => self.delete(key, expect),
        }
    }

    fn create(&mut self, written: &Written) -> Result<Arc<Meta>, Failure> {
        if let Some(found) = rows::current(self.db, &written.draft.key)? {
            return Err(Failure::Refused(Error::AlreadyExists(Arc::new(found.meta))));
        }
        self.room(written, None).map_err(Failure::Refused)?;
        Ok(self.insert(written, EventKind::Added, None)?)
    }

    fn update(&mut self, written: &Written, expect: &Expect) -> Result<Arc<Meta>, Failure> {
        let old = self.existing(&written.draft.key, expect)?;
        if old.meta.uid != written.draft.uid {
            return Err(conflict(old, true));
        }
        self.room(written, Some(old.stored))
            .map_err(Failure::Refused)?;
        self.end(&old, self.tally.rv + 1)?;
        Ok(self.insert(written, EventKind::Modified, Some(old))?)
    }

    fn delete(&mut self, key: &Key, expect: &Expect) -> Result<Arc<Meta>, Failure> {
        let old = self.existing(key, expect)?;
        let rv = self.next();
        self.end(&old, rv)?;
        let previous = Arc::new(old.meta);
        let meta = Arc::new(Meta {
            resource_version: rv,
            ..Meta::clone(&previous)
        });
        self.insert_row(
            &meta,
            EventKind::Deleted,
            0,
            Some(previous.resource_version),
        )?;
        self.events.push(Event {
            resource_version: rv,
            kind: EventKind::Deleted,
            object: Arc::clone(&meta),
            previous: Some(previous),
            body: None,
        });
        Ok(meta)
    }

    fn existing(&self, key: &Key, expect: &Expect) -> Result<Version, Failure> {
        let Some(old) = rows::current(self.db, key)? else {
            return Err(Failure::Refused(Error::NotFound(key.clone())));
        };
        if let Some(uid) = expect.broken_by(&old.meta) {
            return Err(conflict(old, uid));
        }
        Ok(old)
    }

    fn room(&self, written: &Written, before: Option<u64>) -> Result<(), Error> {
        let after = written.stored.len() as u64;
        if after > self.largest {
            return Err(Error::Full {
                detail: "the reserve is reached".into(),
            });
        }
        self.tally
            .check(self.budgets, &written.draft.key.resource, before, after)
    }

    fn next(&mut self) -> u64 {
        self.tally.rv += 1;
        self.tally.rv
    }

    /// The version is no longer the current one.
    fn end(&mut self, old: &Version, rv: u64) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE versions SET until = ?1 WHERE rv = ?2")
            .and_then(|mut s| s.execute((int(rv), int(old.meta.resource_version))))
            .map_err(sql)?;
        self.tally
            .replace(&old.meta.key.resource, old.stored, old.meta.size);
        Ok(())
    }

    /// Writes a new version and its body.
    pub(crate) fn insert(
        &mut self,
        written: &Written,
        kind: EventKind,
        old: Option<Version>,
    ) -> Result<Arc<Meta>, Error> {
        let rv = self.next();
        let Written {
            draft,
            size,
            stored,
        } = written;
        let (size, body) = (*size, draft.body.clone());
        let body = (body.len() as u64 == size).then_some(body);
        let meta = Arc::new(Meta {
            size,
            ..draft.clone().into_meta(rv)
        });
        let previous = old.map(|old| Arc::new(old.meta));
        let bytes = stored.len() as u64;
        self.insert_row(
            &meta,
            kind,
            bytes,
            previous.as_ref().map(|p| p.resource_version),
        )?;
        self.db
            .prepare_cached("INSERT INTO bodies (rv, data) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute((int(rv), stored)))
            .map_err(sql)?;
        for (key, value) in &meta.labels {
            let id = self.keys.id(self.db, &meta.key.resource, key)?;
            self.db
                .prepare_cached("INSERT INTO labels (key, value, rv) VALUES (?1, ?2, ?3)")
                .and_then(|mut s| s.execute((id, value, int(rv))))
                .map_err(sql)?;
        }
        self.tally.add(&meta.key.resource, bytes, size);
        self.events.push(Event {
            resource_version: rv,
            kind,
            object: Arc::clone(&meta),
            previous,
            body,
        });
        Ok(meta)
    }

    fn insert_row(
        &mut self,
        meta: &Meta,
        kind: EventKind,
        stored: u64,
        prev: Option<u64>,
    ) -> Result<(), Error> {
        let labels = serde_json::to_string(&meta.labels)
            .map_err(|e| Error::Internal(format!("labels: {e}")))?;
        let sum = rows::sum(meta, kind, stored, &labels);
        let until = (kind == EventKind::Deleted).then(|| int(meta.resource_version));
        self.db
            .prepare_cached(
                "INSERT INTO versions (rv, kind, until, prev, body, size, stored, at, created, \
                 generation, deleting, finalizers, resource, namespace, name, uid, labels, \
                 columns, metadata, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
                 ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    int(meta.resource_version),
                    crate::row::number(kind),
                    until,
                    prev.map(int),
                    int(meta.body),
                    int(meta.size),
                    int(stored),
                    self.tally.at,
                    meta.created,
                    meta.generation,
                    meta.deleting,
                    meta.finalizers,
                    meta.key.resource,
                    meta.key.namespace,
                    meta.key.name,
                    meta.uid,
                    labels,
                    meta.columns,
                    meta.metadata,
                    sum,
                ])
            })
            .map_err(sql)?;
        Ok(())
    }
}

fn conflict(old: Version, uid: bool) -> Failure {
    Failure::Refused(Error::Conflict {
        current: Arc::new(old.meta),
        uid,
    })
}

/// Labels of a version leave the index.
pub(crate) fn remove_labels(
    db: &Connection,
    keys: &mut LabelKeys,
    resource: &str,
    labels: &crate::object::Labels,
    rv: u64,
) -> Result<(), Error> {
    for (key, value) in labels {
        let id = keys.id(db, resource, key)?;
        db.prepare_cached("DELETE FROM labels WHERE key = ?1 AND value = ?2 AND rv = ?3")
            .and_then(|mut s| s.execute((id, value, int(rv))))
            .map_err(sql)?;
    }
    Ok(())
}
