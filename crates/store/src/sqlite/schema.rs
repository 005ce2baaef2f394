//! The tables, and how older ones become them.
//!
//! One row of `versions` is one change: it is the index of current objects
//! (`until IS NULL`), the log that watches read (`rv > n`), and the history that
//! lists of an older state need (`rv <= n < until`). So a change cannot be in
//! one of them and not in the others.

use rusqlite::{Connection, TransactionBehavior};

use super::connection::sql;
use crate::error::Error;

/// `kube` in ASCII: marks the file as ours.
pub(crate) const APPLICATION_ID: i64 = 0x6b75_6265;

/// Each takes the schema one version further; never change one that was released.
pub(crate) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    -- 0 is no version: an empty store is at 1, so that a watch can start from it.
    INSERT INTO state VALUES ('rv', 1), ('compacted', 1);

    CREATE TABLE versions (
        rv INTEGER PRIMARY KEY,      -- the change that made it
        kind INTEGER NOT NULL,       -- 0 added, 1 modified, 2 deleted (a tombstone)
        until INTEGER,               -- the change that replaced it; of a tombstone its own
        prev INTEGER,                -- the version before
        body INTEGER NOT NULL,       -- row of bodies
        size INTEGER NOT NULL,       -- bytes of the body
        stored INTEGER NOT NULL,     -- bytes of it compressed; 0 for a tombstone
        at INTEGER NOT NULL,         -- commit, ms since 1970, never falling
        created INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        deleting INTEGER,
        finalizers INTEGER NOT NULL,
        resource TEXT NOT NULL,
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        uid TEXT NOT NULL,
        labels TEXT NOT NULL,        -- JSON object
        columns TEXT NOT NULL,
        metadata TEXT NOT NULL
    );
    CREATE UNIQUE INDEX current ON versions (resource, namespace, name) WHERE until IS NULL;
    CREATE INDEX past ON versions (until) WHERE until IS NOT NULL;
    CREATE INDEX log ON versions (resource, rv);

    CREATE TABLE bodies (rv INTEGER PRIMARY KEY, data BLOB NOT NULL);

    CREATE TABLE label_keys (
        id INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL,
        UNIQUE (resource, key)
    );
    CREATE TABLE labels (
        key INTEGER NOT NULL, value TEXT NOT NULL, rv INTEGER NOT NULL,
        PRIMARY KEY (key, value, rv)
    ) WITHOUT ROWID;
",
    "
    ALTER TABLE versions ADD COLUMN sum INTEGER; -- of what never changes in the row
    -- Later pages of a list need what was replaced meanwhile, in the order of the list.
    CREATE INDEX past_keys ON versions (resource, namespace, name, rv) WHERE until IS NOT NULL;
",
];

/// The schema that this program writes.
pub(crate) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// What a database file turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing in it yet.
    Empty,
    /// Ours, of that schema.
    Ours(i64),
    /// Of another program.
    Foreign,
}

/// The tables of every schema so far.
const TABLES: [&str; 5] = ["state", "versions", "bodies", "label_keys", "labels"];

/// Pages that a file has before its first table: itself and a map of pages.
const EMPTY_PAGES: i64 = 2;

/// # Errors
///
/// [`Error::Corrupt`] for a file of ours whose header does not say so, or that
/// has lost its tables.
pub(crate) fn identify(db: &Connection) -> Result<Found, Error> {
    let pragma = |name: &str| {
        db.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(sql)
    };
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    let names: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .map_err(sql)?;
    let ours = TABLES.iter().all(|t| names.iter().any(|name| name == t));
    let damaged = || Error::Corrupt {
        detail: format!(
            "header: application {id:#x}, schema {version}, {} tables",
            names.len()
        ),
    };
    if id == APPLICATION_ID {
        return match version {
            version if version > newest() => Ok(Found::Ours(version)),
            version if version > 0 && ours => Ok(Found::Ours(version)),
            _ => Err(damaged()),
        };
    }
    if ours {
        return Err(damaged());
    }
    if !names.is_empty() {
        return Ok(Found::Foreign);
    }
    match (id, version, pragma("page_count")?) {
        (0, 0, pages) if pages <= EMPTY_PAGES => Ok(Found::Empty),
        (0, 0, _) => Err(damaged()),
        _ => Ok(Found::Foreign),
    }
}

/// Brings the schema to [`newest`], one transaction a step.
pub(crate) fn migrate(db: &mut Connection, from: i64) -> Result<(), Error> {
    for (step, text) in (0_i64..).zip(MIGRATIONS).filter(|(step, _)| *step >= from) {
        let tx = db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sql)?;
        tx.execute_batch(text).map_err(sql)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(sql)?;
        tx.pragma_update(None, "user_version", step + 1)
            .map_err(sql)?;
        tx.commit().map_err(sql)?;
    }
    Ok(())
}

/// One of the counters in `state`.
pub(crate) fn state(db: &Connection, name: &str) -> Result<u64, Error> {
    let value: i64 = db
        .prepare_cached("SELECT value FROM state WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |row| row.get(0)))
        .map_err(sql)?;
    u64::try_from(value).map_err(|_| Error::Corrupt {
        detail: format!("state {name} is {value}"),
    })
}

pub(crate) fn set_state(db: &Connection, name: &str, value: u64) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO state VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")
        .and_then(|mut s| s.execute((name, crate::row::int(value))))
        .map_err(sql)?;
    Ok(())
}
