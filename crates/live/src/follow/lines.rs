//! A stream of bytes → its lines, in bounded memory however long they are.

use bytes::Bytes;
use memchr::memchr;

/// Of a line that is too long, as much is kept: enough to tell whose it is.
const HEAD: usize = 64 << 10;

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line, or the first bytes of one that is too long.
    pub(crate) bytes: Bytes,
    /// How long it is.
    pub(crate) length: usize,
}

impl Line {
    /// Whether only its head is here.
    pub(crate) fn is_cut(&self) -> bool {
        self.bytes.len() < self.length
    }
}

/// Cuts lines.
pub(crate) struct Lines {
    limit: usize,
    /// What came last and is not cut yet.
    chunk: Bytes,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// The whole length of what has begun, also when not all of it was kept.
    length: usize,
}

impl Lines {
    /// Lines up to so many bytes; of longer ones the head.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            chunk: Bytes::new(),
            begun: Vec::new(),
            length: 0,
        }
    }

    /// Takes the next bytes; all lines of those before them have been read.
    pub(crate) fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty());
        self.chunk = chunk;
    }

    /// The next line whose end has come. Empty ones are passed over.
    pub(crate) fn next(&mut self) -> Option<Line> {
        loop {
            let Some(end) = memchr(b'\n', &self.chunk) else {
                let rest = std::mem::take(&mut self.chunk);
                self.keep(&rest);
                return None;
            };
            let mut piece = self.chunk.split_to(end + 1);
            piece.truncate(end);
            let line = if self.length == 0 && piece.len() <= self.limit {
                // Not copied: the usual way.
                Line {
                    length: piece.len(),
                    bytes: piece,
                }
            } else {
                self.keep(&piece);
                Line {
                    length: std::mem::take(&mut self.length),
                    bytes: Bytes::from(std::mem::take(&mut self.begun)),
                }
            };
            if !line.bytes.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        self.length += piece.len();
        if self.length <= self.limit {
            self.begun.extend_from_slice(piece);
            return;
        }
        let head = HEAD.min(self.limit);
        let room = head.saturating_sub(self.begun.len());
        self.begun
            .extend_from_slice(&piece[..room.min(piece.len())]);
        self.begun.truncate(head);
        self.begun.shrink_to(head);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], chunk: usize, limit: usize) -> Vec<Line> {
        let mut lines = Lines::new(limit);
        let mut all = Vec::new();
        for piece in text.chunks(chunk) {
            lines.feed(Bytes::copy_from_slice(piece));
            while let Some(line) = lines.next() {
                all.push(line);
            }
        }
        all
    }

    #[test]
    fn a_line_that_is_too_long_leaves_its_head_and_length() {
        let lines = cut(b"abcdefgh\nab\n\r\nabcd\nunfinished", 3, 4);
        let lines: Vec<_> = lines
            .iter()
            .map(|line| (&*line.bytes, line.length))
            .collect();
        assert_eq!(lines, [(&b"abcd"[..], 8), (b"ab", 2), (b"abcd", 4)]);
    }

    #[test]
    fn memory_does_not_grow_with_the_length_of_a_line() {
        let mut lines = Lines::new(1 << 20);
        for _ in 0..100 {
            lines.feed(Bytes::from(vec![b'a'; 1 << 16]));
            assert_eq!(lines.next(), None);
            assert!(lines.begun.capacity() <= 2 << 20);
        }
        lines.feed(Bytes::from_static(b"\n"));
        let line = lines.next().unwrap();
        assert!(line.is_cut() && line.length == 100 << 16 && line.bytes.len() == HEAD);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_stream_is_cut(
            text in prop::collection::vec(prop::sample::select(b"ab\n\r {".to_vec()), 0..200),
            chunk in 1_usize..40,
            limit in 1_usize..30,
        ) {
            let whole = cut(&text, usize::MAX, limit);
            prop_assert_eq!(&cut(&text, chunk, limit), &whole);
            let ends = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let expected: Vec<usize> = text[..ends].split(|byte| *byte == b'\n')
                .filter(|line| !line[..line.len().min(if line.len() > limit { limit } else { line.len() })].trim_ascii().is_empty())
                .map(<[u8]>::len).collect();
            let lengths: Vec<usize> = whole.iter().map(|line| line.length).collect();
            prop_assert_eq!(lengths, expected);
        }
    }
}
