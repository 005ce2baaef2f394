//! How much of an item a message takes.

use std::io::{self, Write};

use kubescape_report::Detail;

use crate::pieces::{Item, Pieces};

/// Paths of each rule that are tried, from most to least.
const PATHS: [usize; 4] = [1000, 100, 10, 0];

pub(super) enum Fit {
    /// It is written, with this much of it.
    Fits(Detail),
    /// The least of it is too much.
    Never,
}

/// Writes an item to `out`, which is empty, in at most `room` bytes.
pub(super) fn fit(
    pieces: &mut impl Pieces,
    item: Item,
    room: usize,
    out: &mut Vec<u8>,
) -> io::Result<Fit> {
    let large = pieces.object_bytes(item.number()) > room as u64;
    let whole = (!large).then_some(Detail::Whole);
    let shorter = [Detail::NoObject].into_iter();
    let paths = PATHS.into_iter().map(Detail::Paths);
    for detail in whole.into_iter().chain(shorter).chain(paths) {
        out.clear();
        let mut bounded = Bounded {
            out,
            room,
            full: false,
        };
        let written = pieces.item(item, detail, &mut bounded);
        match written {
            Ok(()) => return Ok(Fit::Fits(detail)),
            Err(_) if bounded.full => {}
            Err(error) => return Err(error),
        }
    }
    out.clear();
    Ok(Fit::Never)
}

/// Takes so many bytes and not one more.
struct Bounded<'o> {
    out: &'o mut Vec<u8>,
    room: usize,
    full: bool,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.out.len() + bytes.len() > self.room {
            self.full = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
