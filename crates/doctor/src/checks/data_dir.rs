//! The data folder of `up` or of a storage on this machine: there, writable, with
//! room, and not damaged before.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::finding::Said;

/// The database in it, the lock of whoever works on it, and the mark of one that was
/// found damaged while it was in use. (`kubescape_store` makes them.)
const DATABASE: &str = "storage.sqlite";
const LOCK: &str = "storage.sqlite.lock";
const SUSPECT: &str = "storage.sqlite.suspect";
/// With less, writing ends soon.
const TIGHT: u64 = 1 << 30;

pub(crate) fn check(folder: &Path) -> Said {
    match seen(folder) {
        Ok(seen) => judge(folder, &seen),
        Err(error) => Said::fail(
            format!("{} cannot be read: {error}", folder.display()),
            "name the folder that --data-dir of `up` or `storage` names",
        ),
    }
}

/// What is to be seen of a folder.
#[derive(Debug, Default)]
struct Seen {
    /// Bytes that may still be written.
    free: u64,
    /// Bytes of the database; `None` without one.
    database: Option<u64>,
    /// Whether a process works on it; `None` when that cannot be told.
    used: Option<bool>,
    /// Damaged databases that were put aside.
    aside: Vec<PathBuf>,
    /// Whether damage was met since the last start.
    suspect: bool,
}

fn seen(folder: &Path) -> io::Result<Seen> {
    let volume = rustix::fs::statvfs(folder)?;
    let mut seen = Seen {
        free: volume.f_bavail.saturating_mul(volume.f_frsize),
        ..Seen::default()
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == DATABASE {
            seen.database = Some(entry.metadata()?.len());
        }
        let aside = name.starts_with(DATABASE) && name.contains(".corrupt-");
        if aside && !name.ends_with("-wal") && !name.ends_with("-shm") {
            seen.aside.push(entry.path());
        }
        seen.suspect |= name == SUSPECT;
        if name == LOCK {
            seen.used = used(&entry.path());
        }
    }
    seen.aside.sort();
    Ok(seen)
}

/// Whether somebody holds the lock. It is given back at once.
fn used(lock: &Path) -> Option<bool> {
    let file = File::open(lock).ok()?;
    match file.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

fn judge(folder: &Path, seen: &Seen) -> Said {
    let mib = |bytes: u64| bytes >> 20;
    let folder = folder.display();
    let Some(database) = seen.database else {
        return Said::warn(
            format!("{folder} has no database"),
            "name the folder that --data-dir of `up` or `storage` names; the first start makes it",
        );
    };
    let used = match seen.used {
        Some(true) => "a process works on it",
        Some(false) => "no process works on it",
        None => "whether a process works on it cannot be told",
    };
    let found = format!(
        "database of {} MiB, {} MiB free; {used}",
        mib(database),
        mib(seen.free)
    );
    if seen.suspect {
        return Said::fail(
            format!("{found}; damage was met while it was in use"),
            "start `up` or the storage again: it saves what can be read; then restore a backup if something is missing",
        );
    }
    if let Some(aside) = seen.aside.last() {
        return Said::warn(
            format!("{found}; it was damaged before: {}", aside.display()),
            "`kubescape storage check` says whether it is sound now; remove the damaged file when nothing of it is needed",
        );
    }
    if seen.free < TIGHT {
        return Said::warn(
            found,
            "make room on its volume, or set budgets and maxDatabaseBytes",
        );
    }
    Said::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    #[test]
    fn a_folder_has_a_database_room_and_no_damage() {
        let folder = Path::new("data");
        let fine = || Seen {
            free: 8 << 30,
            database: Some(3 << 20),
            used: Some(true),
            ..Seen::default()
        };
        let said = judge(folder, &fine());
        assert_eq!(said.state, State::Ok);
        assert!(
            said.found
                .contains("database of 3 MiB, 8192 MiB free; a process works")
        );
        let tight = Seen {
            free: 5 << 20,
            ..fine()
        };
        assert_eq!(judge(folder, &tight).state, State::Warn);
        let damaged = Seen {
            aside: vec!["storage.sqlite.corrupt-1".into()],
            ..fine()
        };
        assert!(judge(folder, &damaged).remedy.contains("storage check"));
        let suspect = Seen {
            suspect: true,
            ..fine()
        };
        assert_eq!(judge(folder, &suspect).state, State::Fail);
        let empty = Seen {
            database: None,
            ..fine()
        };
        assert!(judge(folder, &empty).found.contains("no database"));
    }

    #[test]
    fn a_folder_is_looked_at_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(&folder.path().join("none")).state, State::Fail);
        assert_eq!(check(folder.path()).state, State::Warn);
        fs::write(folder.path().join(DATABASE), "x").unwrap();
        let lock = folder.path().join(LOCK);
        let held = File::create(&lock).unwrap();
        assert!(
            check(folder.path())
                .found
                .contains("no process works on it")
        );
        held.lock().unwrap();
        assert!(check(folder.path()).found.contains("a process works on it"));
    }
}
