//! The first bytes of a database file. Ours always begin alike, so that damage
//! there can be undone; without that nothing of the file could be read.
//! The layout: <https://www.sqlite.org/fileformat2.html#the_database_header>.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::open::beside;

/// Bytes at their places, as `open_writer` makes them.
const FIXED: [(usize, &[u8]); 4] = [
    (0, b"SQLite format 3\0"),
    // Pages of 8192 bytes, write-ahead log, no reserved bytes, the only legal fractions.
    (16, &[0x20, 0, 2, 2, 0, 64, 32, 32]),
    // The newest format of schemas.
    (44, &[0, 0, 0, 4]),
    // UTF-8.
    (56, &[0, 0, 0, 1]),
];

const SIZE: usize = 100;

/// If the header of `from` is damaged, makes `to` a copy with a sound one and
/// says so.
pub(crate) fn repair(from: &Path, to: &Path) -> io::Result<bool> {
    let mut header = [0; SIZE];
    if File::open(from)?.read_exact(&mut header).is_err() {
        return Ok(false);
    }
    let found = header;
    for (at, bytes) in FIXED {
        if let Some(place) = header.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
    if header == found {
        return Ok(false);
    }
    fs::copy(from, to)?;
    let log = beside(from, "-wal");
    if log.exists() {
        fs::copy(log, beside(to, "-wal"))?;
    }
    let mut file = File::options().write(true).open(to)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    Ok(true)
}
