//! How history ends: `compacted` moves forward at once, the rows behind it go in
//! small transactions between commits.

use super::apply;
use super::connection::sql;
use super::rows::{self, int};
use super::schema;
use super::writer::{Writer, now};
use crate::error::Error;
use crate::event::EventKind;

/// Rows that one transaction removes: few enough that commits do not wait long.
const STEP: usize = 500;

impl Writer {
    /// Forgets what the retention no longer keeps. Errors are left to the next
    /// write to report: nothing is lost by history that stays.
    pub(crate) fn keep_retention(&mut self) {
        if self.broken.is_some() {
            return;
        }
        let target = self.target().unwrap_or(self.tally.compacted);
        let _ = self.step(target);
    }

    /// Forgets everything up to that version.
    pub(crate) fn compact_to(&mut self, up_to: u64) -> Result<u64, Error> {
        let target = up_to.min(self.tally.rv);
        while self.step(target)? {}
        Ok(self.tally.compacted)
    }

    /// The version up to which history may go.
    fn target(&self) -> Result<u64, Error> {
        let (keep, rv) = (self.retention, self.tally.rv);
        let mut target = self.tally.compacted;
        // A margin of an eighth, so that not every commit compacts.
        if rv - target > keep.changes + keep.changes / 8 {
            target = rv - keep.changes;
        }
        if self.tally.history_bytes > keep.bytes + keep.bytes / 8 {
            target = target.max(self.by_bytes(keep.bytes)?);
        }
        let age = i64::try_from(keep.age.as_millis()).unwrap_or(i64::MAX);
        Ok(target.max(self.by_age(now().saturating_sub(age))?).min(rv))
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
        if young - old < 2 {
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

    /// Moves `compacted` to `target` and removes some rows behind it; whether
    /// there are more.
    fn step(&mut self, target: u64) -> Result<bool, Error> {
        let target = target.max(self.tally.compacted);
        if target == self.tally.compacted && !self.has_garbage()? {
            return Ok(false);
        }
        let before = self.tally.clone();
        let done = self.remove(target);
        match done {
            Ok(more) => Ok(more),
            Err(error) => {
                self.roll_back(before);
                Err(error)
            }
        }
    }

    fn has_garbage(&self) -> Result<bool, Error> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM versions INDEXED BY past \
                 WHERE until IS NOT NULL AND until <= ?1)",
            )
            .and_then(|mut s| s.query_row([int(self.tally.compacted)], |row| row.get(0)))
            .map_err(sql)
    }

    fn remove(&mut self, target: u64) -> Result<bool, Error> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
        schema::set_state(&self.db, "compacted", target)?;
        self.tally.compacted = target;
        let gone = {
            let mut statement = self
                .db
                .prepare_cached(&format!(
                    "SELECT {} FROM versions v INDEXED BY past \
                     WHERE until IS NOT NULL AND until <= ?1 ORDER BY until LIMIT {STEP}",
                    rows::columns("v")
                ))
                .map_err(sql)?;
            let mut found = statement.query([int(target)]).map_err(sql)?;
            let mut gone = Vec::new();
            while let Some(row) = found.next().map_err(sql)? {
                gone.push(rows::version(row, 0)?);
            }
            gone
        };
        for version in &gone {
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
        }
        self.db.execute_batch("COMMIT").map_err(sql)?;
        Ok(gone.len() == STEP)
    }
}
