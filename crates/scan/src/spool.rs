//! A place for the objects of a report that need not be in memory.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use tempfile::SpooledTempFile;

/// Up to this size everything stays in memory.
const IN_MEMORY: usize = 8 << 20;

/// Texts by number, in memory while they are few and in an unnamed temporary
/// file when they are many.
pub struct Spool {
    file: RefCell<SpooledTempFile>,
    /// Where each text is.
    texts: Vec<Range<u64>>,
}

impl Spool {
    pub(crate) fn new() -> Self {
        Self {
            file: RefCell::new(SpooledTempFile::new(IN_MEMORY)),
            texts: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.get_mut().write_all(text)?;
        let start = self.last().end;
        self.texts.push(start..start + text.len() as u64);
        Ok(())
    }

    /// The next number has the same text as the one before it.
    pub(crate) fn repeat(&mut self) {
        self.texts.push(self.last());
    }

    /// Gives the texts new numbers: the first is that which had the number
    /// `order[0]`. Texts that are not named are gone.
    pub(crate) fn reorder(&mut self, order: &[usize]) {
        let texts = order.iter().filter_map(|number| self.texts.get(*number));
        self.texts = texts.cloned().collect();
    }

    fn last(&self) -> Range<u64> {
        self.texts.last().cloned().unwrap_or(0..0)
    }

    /// Bytes of the text of that number; 0 when there is none.
    pub fn length(&self, number: usize) -> u64 {
        self.texts
            .get(number)
            .map_or(0, |text| text.end - text.start)
    }

    /// Copies the text of that number to `into`, which is cleared first.
    /// Reading in order costs one pass over the file.
    ///
    /// # Errors
    ///
    /// No such number, or a temporary file that cannot be read.
    pub fn read(&self, number: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let Range { start, end } = self
            .texts
            .get(number)
            .ok_or_else(|| io::Error::other("the spool has no such object"))?;
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
        assert_eq!([0, 2, 3].map(|number| spool.length(number)), [3, 5, 0]);
    }

    #[test]
    fn a_text_can_stand_for_several_numbers() {
        let mut spool = Spool::new();
        spool.push(b"one").unwrap();
        spool.repeat();
        spool.push(b"two").unwrap();
        let mut text = Vec::new();
        for (number, expected) in [(1, "one"), (2, "two"), (0, "one")] {
            spool.read(number, &mut text).unwrap();
            assert_eq!(text, expected.as_bytes());
        }
    }
}
