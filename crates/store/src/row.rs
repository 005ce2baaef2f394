//! What a row of `versions` means, whichever engine keeps it.

use crate::body;
use crate::error::Error;
use crate::event::EventKind;
use crate::object::{Labels, Meta};

/// The engines' integers are signed; ours stay far below.
pub(crate) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Back again, of that column of a version.
pub(crate) fn unsigned(n: i64, column: usize) -> Result<u64, Error> {
    u64::try_from(n).map_err(|_| Error::Corrupt {
        detail: format!("column {column} of a version is {n}"),
    })
}

/// The number of a kind in the tables.
pub(crate) fn number(kind: EventKind) -> i16 {
    match kind {
        EventKind::Added => 0,
        EventKind::Modified => 1,
        EventKind::Deleted => 2,
    }
}

/// The kind of that number.
pub(crate) fn kind(number: i64) -> Result<EventKind, Error> {
    match number {
        0 => Ok(EventKind::Added),
        1 => Ok(EventKind::Modified),
        2 => Ok(EventKind::Deleted),
        n => Err(Error::Corrupt {
            detail: format!("kind of a version is {n}"),
        }),
    }
}

/// Labels as they are kept: JSON.
pub(crate) fn labels(text: &str) -> Result<Labels, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt {
        detail: "labels of a version are not JSON".into(),
    })
}

/// What ails the body of a version, in words; `stored` as it was found.
pub(crate) fn body_problem(meta: &Meta, stored: Option<&[u8]>) -> Option<String> {
    let problem = match stored {
        None => "has no body".to_owned(),
        Some(stored) => body::decompress(stored, meta.size).err()?.to_string(),
    };
    let (key, version) = (&meta.key, meta.resource_version);
    Some(format!("{key} at version {version}: {problem}"))
}
