//! Room on the volume and in the file.
//!
//! A database without any room cannot even delete: the deletion itself has to be
//! written down. So large writes are refused while there still is a reserve, and
//! deletions live on that.

use std::path::Path;

use rusqlite::Connection;

use super::connection::sql;
use crate::error::Error;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    /// Bytes that large writes leave free on the volume.
    reserve: u64,
    /// The most bytes of the file.
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
    pub(crate) fn new(reserve: u64, most: Option<u64>) -> Self {
        Self {
            reserve,
            most,
            room: Room::Enough,
            exhausted: 0,
        }
    }

    /// The engine ran out of space, whatever the numbers said.
    pub(crate) fn exhaust(&mut self) {
        self.exhausted = EXHAUSTED;
    }

    /// Looks how much room there is.
    pub(crate) fn look(&mut self, db: &Connection, path: &Path) -> Result<(), Error> {
        let volume = volume_free(path).map_or(Room::Enough, |free| {
            if free >= self.reserve {
                Room::Enough
            } else if free >= self.reserve / 4 {
                Room::Short
            } else {
                Room::None
            }
        });
        let file = match self.most {
            Some(most) if used(db)? >= most => Room::None,
            Some(most) if used(db)? >= most - most / 16 => Room::Short,
            _ => Room::Enough,
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
