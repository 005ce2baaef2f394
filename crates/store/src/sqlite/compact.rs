//! How history ends: `compacted` moves forward at once, the rows behind it go
//! with the commits that follow, at least as many as these add.

use super::apply;
use super::connection::sql;
use super::rows::{self, Version};
use super::schema;
use super::writer::{Writer, now};
use crate::error::Error;
use crate::event::EventKind;
use crate::limits::Retention;
use crate::row::int;

/// Rows that an idle writer, or one that was asked to, removes in one
/// transaction: few enough that commits do not wait long.
const STEP: usize = 2000;

/// Rows that a commit removes beyond those that it replaced.
const SPARE: usize = 256;

impl Writer {
    /// Inside the transaction of a group of commits: forgets what the retention no
    /// longer keeps, more rows than the group replaced. Damage in the history
    /// is noted and does not keep the group from being committed.
    pub(crate) fn forget(&mut self, replaced: usize) -> Result<(), Error> {
        let before = self.tally.clone();
        self.batch_sql("SAVEPOINT history")?;
        match self.advance(replaced * 2 + SPARE) {
            Ok(_) => self.batch_sql("RELEASE history"),
            // SQLite itself has rolled everything back: the disk is full or fails.
            Err(error) if self.db.is_autocommit() => Err(error),
            Err(error) => {
                self.batch_sql("ROLLBACK TO history; RELEASE history")?;
                self.pins.keep_after(before.compacted);
                self.tally = before;
                self.keys.clear();
                self.noticed(&error);
                Ok(())
            }
        }
    }

    fn advance(&mut self, most: usize) -> Result<bool, Error> {
        let target = self.target()?;
        self.remove(target, most)
    }

    /// One step of an idle writer; whether there is more to forget.
    pub(crate) fn tidy(&mut self) -> bool {
        let done = self.target().and_then(|target| self.step(target));
        match done {
            Ok(more) => {
                self.trouble = None;
                more
            }
            Err(error) => {
                self.noticed(&error);
                false
            }
        }
    }

    /// Forgets everything up to that version, or to the oldest pin.
    pub(crate) fn compact_to(&mut self, up_to: u64) -> Result<u64, Error> {
        let target = self.pins.release(up_to.min(self.tally.rv), false);
        let done = loop {
            match self.step(target) {
                Ok(true) => {}
                Ok(false) => break Ok(self.tally.compacted),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = &done {
            self.noticed(error);
        }
        done
    }

    /// What the retention is while there is this much space.
    fn keep(&self) -> Retention {
        if self.space.is_exhausted() {
            // What was deleted has to free space, not to wait for slow watchers.
            return Retention {
                bytes: 0,
                ..self.retention
            };
        }
        self.retention
    }

    /// The version up to which history may go.
    fn target(&self) -> Result<u64, Error> {
        let (keep, rv) = (self.keep(), self.tally.rv);
        let mut target = self.tally.compacted;
        // A margin of an eighth, so that not every commit compacts.
        if rv.saturating_sub(target) > keep.changes.saturating_add(keep.changes / 8) {
            target = rv - keep.changes;
        }
        if self.tally.history_bytes > keep.bytes.saturating_add(keep.bytes / 8) {
            target = target.max(self.by_bytes(keep.bytes)?);
        }
        let age = i64::try_from(keep.age.as_millis()).unwrap_or(i64::MAX);
        target = target.max(self.by_age(now().saturating_sub(age))?).min(rv);
        Ok(self.pins.release(target, self.space.is_exhausted()))
    }

    /// The version to compact to so that at most `most` bytes of history stay.
    fn by_bytes(&self, most: u64) -> Result<u64, Error> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT until, stored FROM versions INDEXED BY past \
                 WHERE until IS NOT NULL ORDER BY until",
            )
            .map_err(sql)?;
        let mut rows = statement.query([]).map_err(sql)?;
        let (mut left, mut target) = (self.tally.history_bytes, self.tally.compacted);
        while left > most
            && let Some(row) = rows.next().map_err(sql)?
        {
            target = row.get::<_, i64>(0).map_err(sql)?.unsigned_abs();
            left -= row.get::<_, i64>(1).map_err(sql)?.unsigned_abs().min(left);
        }
        Ok(target)
    }

    /// The last version that was committed before that time, by bisection: times
    /// never fall, and every version after `compacted` has a row.
    fn by_age(&self, before: i64) -> Result<u64, Error> {
        let (mut old, mut young) = (self.tally.compacted, self.tally.rv + 1);
        if young - old.min(young) < 2 {
            return Ok(old);
        }
        let mut statement = self
            .db
            .prepare_cached("SELECT at FROM versions WHERE rv = ?1")
            .map_err(sql)?;
        let mut is_old = |rv: u64| -> Result<bool, Error> {
            let at: Option<i64> = rusqlite::OptionalExtension::optional(
                statement.query_row([int(rv)], |row| row.get(0)),
            )
            .map_err(sql)?;
            Ok(at.is_none_or(|at| at < before))
        };
        if !is_old(old + 1)? {
            return Ok(old);
        }
        while young - old > 1 {
            let middle = old + (young - old) / 2;
            if is_old(middle)? {
                old = middle;
            } else {
                young = middle;
            }
        }
        Ok(old)
    }

    /// Moves `compacted` to `target` and removes some rows behind it, in a
    /// transaction of its own; whether there are more.
    fn step(&mut self, target: u64) -> Result<bool, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let before = self.tally.clone();
        let done = self.batch_sql("BEGIN IMMEDIATE").and_then(|()| {
            let more = self.remove(target, STEP)?;
            self.batch_sql("COMMIT")?;
            Ok(more)
        });
        if done.is_err() {
            self.roll_back(before);
        }
        done
    }

    /// Moves `compacted` to `target` and removes up to `most` rows behind it;
    /// whether there are more.
    fn remove(&mut self, target: u64, most: usize) -> Result<bool, Error> {
        if target > self.tally.compacted {
            schema::set_state(&self.db, "compacted", target)?;
            self.tally.compacted = target;
        }
        let gone = self.behind(self.tally.compacted, most)?;
        for version in &gone {
            self.erase(version)?;
        }
        Ok(gone.len() == most)
    }

    /// The oldest versions that were replaced up to that change.
    fn behind(&self, target: u64, most: usize) -> Result<Vec<Version>, Error> {
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT {} FROM versions v INDEXED BY past \
                 WHERE until IS NOT NULL AND until <= ?1 ORDER BY until LIMIT ?2",
                rows::columns("v")
            ))
            .map_err(sql)?;
        let mut found = statement
            .query((int(target), int(most as u64)))
            .map_err(sql)?;
        let mut gone = Vec::new();
        while let Some(row) = found.next().map_err(sql)? {
            gone.push(rows::version(row, 0)?);
        }
        Ok(gone)
    }

    fn erase(&mut self, version: &Version) -> Result<(), Error> {
        let rv = version.meta.resource_version;
        let delete = |text: &str| {
            self.db
                .prepare_cached(text)
                .and_then(|mut s| s.execute([int(rv)]))
                .map_err(sql)
        };
        delete("DELETE FROM versions WHERE rv = ?1")?;
        self.tally.history_bytes -= version.stored.min(self.tally.history_bytes);
        // A tombstone shares the body of the version that it ended.
        if version.kind != EventKind::Deleted {
            delete("DELETE FROM bodies WHERE rv = ?1")?;
            let meta = &version.meta;
            apply::remove_labels(
                &self.db,
                &mut self.keys,
                &meta.key.resource,
                &meta.labels,
                rv,
            )?;
        }
        Ok(())
    }
}
