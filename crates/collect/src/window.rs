//! A stretch of a stream in memory that knows where in the stream it is.

use std::io::{self, Read};

/// How much is read at once.
pub(crate) const CHUNK: usize = 128 * 1024;

/// The bytes of a stream from the first that is still needed to the last that
/// was read. Splitters look at them, ask for more, and let go of what is done.
pub(crate) struct Window<'r> {
    input: &'r mut dyn Read,
    chunk: usize,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    /// Of the first byte: its place in the stream, from 0.
    pub(crate) offset: u64,
    /// Of the first byte: its line, from 1.
    pub(crate) line: u64,
    /// Of the first byte: its column in characters, from 1.
    pub(crate) column: u64,
}

impl<'r> Window<'r> {
    pub(crate) fn new(input: &'r mut dyn Read, chunk: usize) -> Self {
        Self {
            input,
            chunk,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    /// What is in memory and still needed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Whether the last byte in memory is the last of the stream.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Reads on; `false` at the end of the stream.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        // `read_to_end` spares us from zeroing memory that is overwritten at once.
        let mut part = (&mut *self.input).take(self.chunk as u64);
        let count = part.read_to_end(&mut self.buffer)?;
        self.ended = count < self.chunk;
        Ok(count > 0)
    }

    /// Lets go of the first `count` bytes.
    pub(crate) fn pass(&mut self, count: usize) {
        let (line, column) = self.place(count);
        self.line = line;
        self.column = column;
        self.offset += count as u64;
        self.start += count;
    }

    /// Line and column of the byte `at`.
    pub(crate) fn place(&self, at: usize) -> (u64, u64) {
        place_after(&self.bytes()[..at], self.line, self.column)
    }

    /// Lets go of a byte order mark, which takes no column.
    pub(crate) fn pass_mark(&mut self) {
        if self.bytes().starts_with(b"\xEF\xBB\xBF") {
            self.start += 3;
            self.offset += 3;
        }
    }
}

/// Line and column behind `text`, which starts at `line` and `column`.
pub(crate) fn place_after(text: &[u8], line: u64, column: u64) -> (u64, u64) {
    let chars = |text: &[u8]| text.iter().filter(|byte| !is_continuation(**byte)).count() as u64;
    match memchr::memrchr(b'\n', text) {
        None => (line, column + chars(text)),
        Some(last) => {
            let lines = memchr::memchr_iter(b'\n', text).count() as u64;
            (line + lines, 1 + chars(&text[last + 1..]))
        }
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
