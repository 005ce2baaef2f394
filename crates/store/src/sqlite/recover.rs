//! What can be read of a damaged file goes into a new one; the damaged one is kept.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::apply::{Applier, LabelKeys};
use super::connection::{open_damaged, open_writer, sql};
use super::header;
use super::open::{beside, sync_directory};
use super::rows::{self, Version};
use super::schema;
use super::tally;
use super::writer::now;
use crate::body;
use crate::error::Error;
use crate::event::EventKind;
use crate::limits::Budgets;
use crate::object::Draft;
use crate::prepare::Written;
use crate::row::int;
use crate::tally::Tally;

/// What a recovery saved, for the log and a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What was found damaged.
    pub reason: String,
    /// Where the damaged file is now.
    pub kept: PathBuf,
    /// Objects in the new file.
    pub saved: u64,
    /// Objects that were named in the damaged file but could not be read.
    pub lost: u64,
}

/// Versions of a recovered store start this far beyond what could be read, so
/// that none is given a second time.
const GAP: u64 = 1_000_000;

/// Places in the file that are skipped before the rest is given up.
const MOST_GAPS: usize = 10_000;

pub(crate) fn recover(path: &Path, reason: &str) -> Result<Recovery, Error> {
    let kept = put_aside(path, "corrupt")?;
    let fresh = beside(path, ".recovering");
    remove(&fresh);
    let repaired = beside(path, ".repairing");
    remove(&repaired);
    // Only a copy is changed: what was found stays as it was found.
    let source = if header::repair(&kept, &repaired).map_err(Error::unavailable)? {
        &repaired
    } else {
        &kept
    };
    let copied = copy(source, &fresh);
    remove(&repaired);
    let (saved, lost) = copied?;
    std::fs::rename(&fresh, path).map_err(Error::unavailable)?;
    sync_directory(path);
    Ok(Recovery {
        reason: reason.to_owned(),
        kept,
        saved,
        lost,
    })
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, suffix));
    }
}

/// Moves a database with its log out of the way; gives its new name.
pub(crate) fn put_aside(path: &Path, why: &str) -> Result<PathBuf, Error> {
    let mut aside = beside(path, &format!(".{why}-{}", now()));
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = beside(path, &format!(".{why}-{}-{number}", now()));
    }
    for suffix in ["", "-wal", "-shm"] {
        let from = beside(path, suffix);
        if from.exists() {
            std::fs::rename(&from, beside(&aside, suffix)).map_err(Error::unavailable)?;
        }
    }
    Ok(aside)
}

/// Copies the readable current objects; how many were saved and lost.
fn copy(from: &Path, to: &Path) -> Result<(u64, u64), Error> {
    let mut db = open_writer(to)?;
    schema::migrate(&mut db, 0)?;
    let mut saver = Saver {
        tally: tally::load(&db)?,
        db,
        keys: LabelKeys::default(),
        seen: HashSet::new(),
        saved: 0,
        lost: 0,
        newest: 0,
    };
    saver.batch("BEGIN IMMEDIATE")?;
    // A file that cannot even be opened gives nothing.
    if let Ok(old) = open_damaged(from) {
        saver.newest = schema::state(&old, "rv").unwrap_or(0);
        saver.walk(&old)?;
    }
    // Without any trace of the old counter, milliseconds are beyond it: nobody
    // makes a thousand changes a second for years.
    let rv = match saver.newest.max(saver.tally.rv) {
        0 | 1 => now().unsigned_abs(),
        known => known.saturating_add(GAP),
    };
    schema::set_state(&saver.db, "rv", rv)?;
    schema::set_state(&saver.db, "compacted", rv)?;
    saver.batch("COMMIT")?;
    saver
        .db
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(sql)?;
    Ok((saver.saved, saver.lost))
}

struct Saver {
    db: Connection,
    tally: Tally,
    keys: LabelKeys,
    seen: HashSet<u64>,
    saved: u64,
    lost: u64,
    newest: u64,
}

impl Saver {
    fn batch(&self, text: &str) -> Result<(), Error> {
        self.db.execute_batch(text).map_err(sql)
    }

    /// Walks the table upwards, and from its end downwards when that breaks off;
    /// between the two, jumps over what cannot be read.
    fn walk(&mut self, old: &Connection) -> Result<(), Error> {
        let up = self.run(old, 0, true)?;
        let Some(mut low) = up else { return Ok(()) };
        let Some(high) = self.run(old, u64::MAX >> 1, false)? else {
            return Ok(());
        };
        let mut step = 1;
        for _ in 0..MOST_GAPS {
            low = low.saturating_add(step);
            if low >= high {
                return Ok(());
            }
            match self.run(old, low, true)? {
                None => return Ok(()),
                Some(further) if further > low => {
                    low = further;
                    step = 1;
                }
                // A damaged page makes all of its rows unreadable.
                Some(_) => step = (step * 2).min(4096),
            }
        }
        Ok(())
    }

    /// Saves rows in one direction until the end (`None`) or damage (the last
    /// version that could be read).
    fn run(&mut self, old: &Connection, from: u64, up: bool) -> Result<Option<u64>, Error> {
        let (compare, order) = if up { (">", "ASC") } else { ("<", "DESC") };
        let text = format!(
            "SELECT {} FROM versions v NOT INDEXED WHERE rv {compare} ?1 ORDER BY rv {order}",
            rows::columns_of_any(old, "v")
        );
        let mut last = from;
        let Ok(mut statement) = old.prepare(&text) else {
            return Ok(Some(last));
        };
        let Ok(mut found) = statement.query([int(from)]) else {
            return Ok(Some(last));
        };
        loop {
            match found.next() {
                Ok(None) => return Ok(None),
                Err(_) => return Ok(Some(last)),
                Ok(Some(row)) => {
                    if let Ok(rv) = row.get::<_, i64>(0) {
                        last = rv.unsigned_abs();
                    }
                    match rows::version(row, 0) {
                        Ok(version) => self.save(old, version)?,
                        Err(_) => self.lost += 1,
                    }
                }
            }
        }
    }

    fn save(&mut self, old: &Connection, version: Version) -> Result<(), Error> {
        let rv = version.meta.resource_version;
        if !self.seen.insert(rv) {
            return Ok(());
        }
        self.newest = self.newest.max(rv);
        if version.until.is_some() || version.kind == EventKind::Deleted {
            return Ok(());
        }
        let stored = rows::stored_body(old, version.meta.body).ok().flatten();
        let Some(stored) =
            stored.filter(|stored| body::decompress(stored, version.meta.size).is_ok())
        else {
            self.lost += 1;
            return Ok(());
        };
        if rows::current(&self.db, &version.meta.key)?.is_some() {
            self.lost += 1;
            return Ok(());
        }
        self.insert(version, stored)?;
        self.saved += 1;
        Ok(())
    }

    /// The object keeps its version: clients may hold it.
    fn insert(&mut self, version: Version, stored: Vec<u8>) -> Result<(), Error> {
        let meta = version.meta;
        self.tally.rv = meta.resource_version.saturating_sub(1);
        let written = Written {
            size: meta.size,
            stored,
            draft: Draft {
                key: meta.key,
                uid: meta.uid,
                labels: meta.labels,
                created: meta.created,
                generation: meta.generation,
                deleting: meta.deleting,
                finalizers: meta.finalizers,
                metadata: meta.metadata,
                columns: meta.columns,
                body: bytes::Bytes::new(),
            },
        };
        let mut applier = Applier {
            db: &self.db,
            tally: &mut self.tally,
            keys: &mut self.keys,
            budgets: &Budgets::default(),
            largest: u64::MAX,
            events: &mut Vec::new(),
        };
        let _: Arc<crate::object::Meta> = applier.insert(&written, EventKind::Added, None)?;
        Ok(())
    }
}
