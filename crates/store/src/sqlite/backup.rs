//! Backups of a running store, and the way back.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::{open_reader, open_writer, sql};
use super::open::{beside, lock, sync_directory};
use super::recover::put_aside;
use super::schema::{self, Found, newest};
use crate::error::Error;

/// Writes the state of one moment into a new file, which is there when it is whole.
pub(crate) fn backup(db: &Connection, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::unavailable(format!(
            "{} exists: give a new name for the backup",
            to.display()
        )));
    }
    let part = beside(to, ".part");
    let _ = std::fs::remove_file(&part);
    let name = part
        .to_str()
        .ok_or_else(|| Error::unavailable("the name of the backup is not UTF-8"))?;
    // Readers may not write, and SQLite takes the copy for writing.
    db.pragma_update(None, "query_only", false).map_err(sql)?;
    let copied = db.execute("VACUUM INTO ?1", [name]);
    db.pragma_update(None, "query_only", true).map_err(sql)?;
    copied.map_err(sql)?;
    File::open(&part)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&part, to))
        .map_err(Error::unavailable)?;
    sync_directory(to);
    Ok(())
}

/// Writes a backup of the database at `path` to a new file, whether or not a
/// server runs on it. Gives the version that is in it. Blocks.
///
/// # Errors
///
/// There is no database, the new file exists or cannot be written, or what
/// ails the database.
pub fn backup_file(path: &Path, to: &Path) -> Result<u64, Error> {
    backup(&reader_of_ours(path)?, to)?;
    schema::state(&open_reader(to)?, "rv")
}

/// Reads the whole database at `path`, whether or not a server runs on it, and
/// gives what is damaged, in words, and how many objects there are. Blocks.
///
/// # Errors
///
/// There is no database of ours.
pub fn check_file(path: &Path) -> Result<(Vec<String>, u64), Error> {
    let db = reader_of_ours(path)?;
    let problems = super::check::full(&db)?;
    let objects = if problems.is_empty() {
        let tally = super::tally::load(&db)?;
        tally.usage.values().map(|one| one.objects).sum()
    } else {
        0
    };
    Ok((problems, objects))
}

fn reader_of_ours(path: &Path) -> Result<Connection, Error> {
    if !path.is_file() {
        let detail = format!("there is no database {}", path.display());
        return Err(Error::unavailable(detail));
    }
    let db = open_reader(path)?;
    match schema::identify(&db)? {
        Found::Ours(found) if found > newest() => Err(Error::NewerSchema {
            place: path.display().to_string(),
            found,
            known: newest(),
        }),
        Found::Ours(_) => Ok(db),
        Found::Empty | Found::Foreign => Err(Error::Foreign(path.to_owned())),
    }
}

/// Puts a backup in the place of the database at `path`, which must not be in
/// use, and gives where the old one is kept. Versions go on beyond both, so that
/// every watcher lists again and none misses a change.
///
/// # Errors
///
/// [`Error::InUse`]; [`Error::Foreign`], [`Error::NewerSchema`], [`Error::Corrupt`]
/// for a backup that cannot serve, and then nothing was changed.
pub fn restore(backup: &Path, path: &Path) -> Result<Option<PathBuf>, Error> {
    let _lock = lock(path)?;
    if !backup.exists() {
        return Err(Error::unavailable(format!(
            "{} does not exist: give the file of a backup",
            backup.display()
        )));
    }
    let fresh = beside(path, ".restoring");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&fresh, suffix));
    }
    std::fs::copy(backup, &fresh).map_err(Error::unavailable)?;
    inspect(&fresh, backup)?;
    let old = newest_version(path).unwrap_or(0);
    let db = open_writer(&fresh)?;
    let rv = schema::state(&db, "rv")?.max(old).saturating_add(1);
    schema::set_state(&db, "rv", rv)?;
    schema::set_state(&db, "compacted", rv)?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(sql)?;
    drop(db);
    let kept = if path.exists() {
        Some(put_aside(path, "replaced")?)
    } else {
        None
    };
    std::fs::rename(&fresh, path).map_err(Error::unavailable)?;
    sync_directory(path);
    Ok(kept)
}

fn inspect(fresh: &Path, backup: &Path) -> Result<(), Error> {
    let db = open_reader(fresh)?;
    match schema::identify(&db)? {
        Found::Ours(found) if found > newest() => {
            return Err(Error::NewerSchema {
                place: backup.display().to_string(),
                found,
                known: newest(),
            });
        }
        Found::Ours(_) => {}
        Found::Empty | Found::Foreign => return Err(Error::Foreign(backup.to_owned())),
    }
    let problems = super::check::full(&db)?;
    match problems.into_iter().next() {
        Some(detail) => Err(Error::Corrupt { detail }),
        None => Ok(()),
    }
}

/// The counter of the database that is replaced, if it can still be read.
fn newest_version(path: &Path) -> Option<u64> {
    path.exists()
        .then(|| schema::state(&open_reader(path).ok()?, "rv").ok())
        .flatten()
}
