//! A place for the objects of a report that need not be in memory.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Up to this size everything stays in memory.
const IN_MEMORY: usize = 8 << 20;

/// Texts by number, in memory while they are few and in an unnamed temporary
/// file when they are many.
pub struct Spool {
    file: RefCell<SpooledTempFile>,
    /// Where each text starts, and where the last one ends.
    starts: Vec<u64>,
}

impl Spool {
    pub(crate) fn new() -> Self {
        Self {
            file: RefCell::new(SpooledTempFile::new(IN_MEMORY)),
            starts: vec![0],
        }
    }

    pub(crate) fn push(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.get_mut().write_all(text)?;
        let end = self.starts.last().copied().unwrap_or_default();
        self.starts.push(end + text.len() as u64);
        Ok(())
    }

    /// Copies the text of that number to `into`, which is cleared first.
    /// Reading in order costs one pass over the file.
    ///
    /// # Errors
    ///
    /// No such number, or a temporary file that cannot be read.
    pub fn read(&self, number: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let bounds = self.starts.get(number).zip(self.starts.get(number + 1));
        let (start, end) =
            bounds.ok_or_else(|| io::Error::other("the spool has no such object"))?;
        let mut file = self.file.borrow_mut();
        if file.stream_position()? != *start {
            file.seek(SeekFrom::Start(*start))?;
        }
        let length = usize::try_from(end - start).map_err(io::Error::other)?;
        into.clear();
        into.resize(length, 0);
        file.read_exact(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_in_any_order() {
        let mut spool = Spool::new();
        for text in ["one", "", "three"] {
            spool.push(text.as_bytes()).unwrap();
        }
        let mut text = Vec::new();
        for (number, expected) in [(2, "three"), (0, "one"), (1, ""), (2, "three")] {
            spool.read(number, &mut text).unwrap();
            assert_eq!(text, expected.as_bytes());
        }
        assert!(spool.read(3, &mut text).is_err());
    }
}
