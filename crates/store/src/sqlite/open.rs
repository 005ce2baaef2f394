//! From a path to a database that may be written: lock, look, migrate, recover.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::{open_reader, open_writer, sql};
use super::recover::{self, Recovery};
use super::schema::{self, Found, newest};
use super::tally;
use crate::error::Error;
use crate::tally::Tally;

/// What opening gave.
pub(crate) struct Opened {
    pub(crate) db: Connection,
    pub(crate) tally: Tally,
    /// Holds the file against other processes.
    pub(crate) lock: File,
    pub(crate) recovery: Option<Recovery>,
}

/// The path with something behind it, as SQLite names its files.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the next start look at the whole file: damage was met.
pub(crate) fn mark_suspect(path: &Path) {
    // On a full or failing disk nothing better can be done.
    let _ = std::fs::write(beside(path, ".suspect"), b"");
}

pub(crate) fn open(path: &Path) -> Result<Opened, Error> {
    let lock = lock(path)?;
    let suspect = beside(path, ".suspect");
    let first = if suspect.exists() {
        examine(path).and_then(|()| load(path))
    } else {
        load(path)
    };
    let (db, tally, recovery) = match first {
        Ok((db, tally)) => (db, tally, None),
        Err(Error::Corrupt { detail }) => {
            let recovery = recover::recover(path, &detail)?;
            let (db, tally) = load(path)?;
            (db, tally, Some(recovery))
        }
        Err(other) => return Err(other),
    };
    if suspect.exists() {
        std::fs::remove_file(&suspect).map_err(Error::unavailable)?;
    }
    sync_directory(path);
    Ok(Opened {
        db,
        tally,
        lock,
        recovery,
    })
}

/// Takes the file for this process until the lock is dropped.
pub(crate) fn lock(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(|e| Error::unavailable(format!("{}: {e}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
        Err(TryLockError::Error(e)) => Err(Error::unavailable(format!(
            "lock of {}: {e}",
            path.display()
        ))),
    }
}

/// Opens and brings the schema up to date. Nothing is written to a file that is
/// not ours or newer.
fn load(path: &Path) -> Result<(Connection, Tally), Error> {
    let has_content = std::fs::metadata(path).is_ok_and(|m| m.len() > 0);
    let mut from = 0;
    if has_content {
        let db = open_reader(path)?;
        match schema::identify(&db)? {
            Found::Empty => {}
            Found::Foreign => return Err(Error::Foreign(path.to_owned())),
            Found::Ours(found) if found > newest() => {
                return Err(Error::NewerSchema {
                    place: path.display().to_string(),
                    found,
                    known: newest(),
                });
            }
            Found::Ours(found) => from = found,
        }
    }
    prepare(path, from).map_err(|error| match error {
        // It is ours, so that a statement that does not fit it means damage.
        Error::Internal(detail) if has_content => Error::Corrupt { detail },
        other => other,
    })
}

fn prepare(path: &Path, from: i64) -> Result<(Connection, Tally), Error> {
    let mut db = open_writer(path)?;
    schema::migrate(&mut db, from)?;
    let tally = tally::load(&db)?;
    // Label keys that no version has any more.
    db.execute_batch(
        "DELETE FROM label_keys WHERE NOT EXISTS \
         (SELECT 1 FROM labels WHERE labels.key = label_keys.id)",
    )
    .map_err(sql)?;
    Ok((db, tally))
}

/// A look at all of a file that was found damaged while it ran.
fn examine(path: &Path) -> Result<(), Error> {
    let db = open_reader(path)?;
    // What is not ours, or newer, is left to be refused.
    if !matches!(schema::identify(&db)?, Found::Ours(found) if found <= newest()) {
        return Ok(());
    }
    let problems = super::check::full(&db)?;
    match problems.first() {
        None => Ok(()),
        Some(first) => Err(Error::Corrupt {
            detail: first.clone(),
        }),
    }
}

/// A new file's name survives a power loss only with its directory.
pub(crate) fn sync_directory(path: &Path) {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Ok(directory) = File::open(directory.unwrap_or(Path::new("."))) {
        // Some file systems cannot; then there is nothing better to do.
        let _ = directory.sync_all();
    }
}
