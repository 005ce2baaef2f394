//! Room on the volume and in the file.
//!
//! A database without any room cannot even delete: the deletion itself has to be
//! written down. So large writes are refused while there still is a reserve, and
//! deletions live on that. Others may fill the volume, too: against that, a file
//! of a few MiB holds space that is given up when the engine runs out of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::sql;
use super::open::beside;
use super::options::SqliteOptions;
use crate::error::Error;

#[derive(Clone, Debug)]
pub(crate) struct Space {
    path: PathBuf,
    /// Bytes that large writes leave free on the volume.
    reserve: u64,
    /// Bytes of the file that holds space for deletions.
    held: u64,
    /// The most bytes of the database.
    most: Option<u64>,
    room: Room,
    /// Looks until the engine's own "full" is forgotten.
    exhausted: u32,
}

/// So many commits only delete after the engine ran out of space.
const EXHAUSTED: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Enough,
    /// Only light writes and deletions.
    Short,
    /// Only deletions.
    None,
}

/// What a light write may have, in compressed bytes.
const LIGHT: u64 = 16 << 10;

impl Space {
    pub(crate) fn new(options: &SqliteOptions) -> Self {
        let space = Self {
            path: options.path.clone(),
            reserve: options.reserve,
            held: options.deletion_reserve,
            most: options.max_bytes,
            room: Room::Enough,
            exhausted: 0,
        };
        space.hold();
        space
    }

    /// Takes the space that deletions may need one day, while there is plenty.
    pub(crate) fn hold(&self) {
        let file = beside(&self.path, ".reserve");
        let has = fs::metadata(&file).map_or(0, |m| m.len());
        let plenty = volume_free(&self.path).is_some_and(|free| free / 2 >= self.held);
        if self.exhausted > 0 || has == self.held || !plenty {
            return;
        }
        // Without it deletions may fail on a full disk, as they would anyway.
        if self.held == 0 || allocate(&file, self.held).is_err() {
            let _ = fs::remove_file(&file);
        }
    }

    /// The engine ran out of space, whatever the numbers said.
    pub(crate) fn exhaust(&mut self) {
        self.exhausted = EXHAUSTED;
        self.room = Room::None;
        let _ = fs::remove_file(beside(&self.path, ".reserve"));
    }

    /// Looks how much room there is.
    pub(crate) fn look(&mut self, db: &Connection) -> Result<(), Error> {
        let volume = volume_free(&self.path).map_or(Room::Enough, |free| {
            if free >= self.reserve {
                Room::Enough
            } else if free >= self.reserve / 4 {
                Room::Short
            } else {
                Room::None
            }
        });
        let file = match self.most {
            None => Room::Enough,
            Some(most) => match used(db)? {
                used if used >= most => Room::None,
                used if used >= most - most / 16 => Room::Short,
                _ => Room::Enough,
            },
        };
        self.exhausted = self.exhausted.saturating_sub(1);
        self.room = match (volume, file) {
            _ if self.exhausted > 0 => Room::None,
            (Room::None, _) | (_, Room::None) => Room::None,
            (Room::Short, _) | (_, Room::Short) => Room::Short,
            _ => Room::Enough,
        };
        Ok(())
    }

    /// Compressed bytes that a write may have now.
    pub(crate) fn largest(&self) -> u64 {
        match self.room {
            Room::Enough => u64::MAX,
            Room::Short => LIGHT,
            Room::None => 0,
        }
    }

    pub(crate) fn is_short(&self) -> bool {
        self.room != Room::Enough
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.room == Room::None
    }
}

fn allocate(path: &Path, bytes: u64) -> std::io::Result<()> {
    let file = File::create(path)?;
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)?;
    file.sync_all()
}

/// Bytes of pages that are in use.
fn used(db: &Connection) -> Result<u64, Error> {
    let (total, free) = pages(db)?;
    Ok(total - free.min(total))
}

/// Bytes of the file, and those of them that are free for reuse.
pub(crate) fn pages(db: &Connection) -> Result<(u64, u64), Error> {
    let pragma = |name: &str| {
        db.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map(|n| u64::try_from(n).unwrap_or(0))
            .map_err(sql)
    };
    let page = pragma("page_size")?;
    Ok((
        pragma("page_count")? * page,
        pragma("freelist_count")? * page,
    ))
}

/// Bytes free on the volume of that file.
pub(crate) fn volume_free(path: &Path) -> Option<u64> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty());
    let stat = rustix::fs::statvfs(directory.unwrap_or(Path::new("."))).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
