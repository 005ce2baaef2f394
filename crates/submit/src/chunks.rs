//! Cuts a report into messages. Pure: what it reads is a [`Pieces`], and only the
//! message that is being made stands in memory.

mod fit;

use std::collections::BTreeMap;
use std::io;

use kubescape_report::{Detail, Parts};

use crate::pieces::{Item, Pieces};
use fit::{Fit, fit};

/// Every message has fewer bytes than this. (config-scanning reference §10.1)
pub const CHUNK_LIMIT: usize = 2 << 20;

/// The most bytes of an ID that errors quote.
const SHOWN: usize = 200;

const RESOURCES: &[u8] = br#""resources":["#;
const RESULTS: &[u8] = br#"],"attributes":[],"results":["#;
const AFTER: &[u8] = b"],";

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its number, from 0.
    pub number: usize,
    /// Whether it is the report's last.
    pub last: bool,
    /// JSON.
    pub body: Vec<u8>,
}

/// What a resource lost because a message would have had too many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// The resource's ID, shortened if need be.
    pub id: String,
    /// What is left of it.
    pub left: Detail,
}

/// Why a report cannot be cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// What each message repeats leaves no room for results.
    #[error(
        "what every message repeats, the summary for the most part, has {bytes} of {limit} bytes: judge by fewer frameworks, and name a folder instead of many files"
    )]
    Frame {
        /// Its bytes.
        bytes: usize,
        /// The bytes of a message.
        limit: usize,
    },
    /// Even the least of a result is too much.
    #[error(
        "{id}: its result has more than {room} bytes even without its object and without paths: leave it out, with --exclude-kinds or --exclude-namespaces"
    )]
    Result {
        /// The resource's ID, shortened.
        id: String,
        /// The bytes that were left for it.
        room: usize,
    },
    /// Objects cannot be read back, for the most part.
    #[error("the report cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// The messages of a report, in order. Ends after the first error.
pub struct Chunks<P> {
    pieces: P,
    limit: usize,
    /// What every message begins and ends with.
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Bytes that items of one message can have.
    room: usize,
    next: Option<Item>,
    /// The next item, when it was written for a message that was full already.
    waiting: Vec<u8>,
    number: usize,
    done: bool,
    omitted: BTreeMap<usize, Detail>,
}

impl<'s> Chunks<Parts<'s>> {
    /// Of a finished scan.
    ///
    /// # Errors
    ///
    /// [`ChunkError::Frame`], for the most part.
    pub fn of(
        scan: &'s kubescape_scan::Scan,
        facts: &'s kubescape_report::Facts,
    ) -> Result<Self, ChunkError> {
        Self::new(Parts::for_backend(scan, facts), CHUNK_LIMIT)
    }
}

impl<P: Pieces> Chunks<P> {
    /// Messages of fewer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// See [`Chunks::of`].
    pub fn new(pieces: P, limit: usize) -> Result<Self, ChunkError> {
        let (mut head, mut tail, mut end) = (Vec::new(), Vec::new(), Vec::new());
        pieces.head(&mut head)?;
        pieces.tail(&mut tail)?;
        // No number is longer.
        Parts::end(usize::MAX, false, &mut end)?;
        let joints = RESOURCES.len() + RESULTS.len() + AFTER.len();
        let frame = head.len() + tail.len() + end.len() + joints;
        // A message that is nearly all frame would make thousands of them.
        if frame > limit / 2 {
            return Err(ChunkError::Frame {
                bytes: frame,
                limit,
            });
        }
        let mut chunks = Self {
            next: None,
            room: limit - 1 - frame,
            pieces,
            limit,
            head,
            tail,
            waiting: Vec::new(),
            number: 0,
            done: false,
            omitted: BTreeMap::new(),
        };
        chunks.next = chunks.at(Item::Resource(0));
        Ok(chunks)
    }

    /// The report itself.
    pub fn pieces(&self) -> &P {
        &self.pieces
    }

    /// Items that are in messages already, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        let all = self.pieces.resources() + self.pieces.results();
        let written = match self.next {
            Some(Item::Resource(number)) => number,
            Some(Item::Result(number)) => self.pieces.resources() + number,
            None => all,
        };
        (written, all)
    }

    /// What was left out so far, by ID.
    pub fn omissions(&self) -> impl Iterator<Item = Omission> {
        self.omitted.iter().map(|(number, left)| Omission {
            id: shown(self.pieces.id(*number)),
            left: *left,
        })
    }

    /// The item itself, or the first after it when there is no such number.
    fn at(&self, item: Item) -> Option<Item> {
        match item {
            Item::Resource(number) if number < self.pieces.resources() => Some(item),
            Item::Resource(_) => self.at(Item::Result(0)),
            Item::Result(number) => (number < self.pieces.results()).then_some(item),
        }
    }

    fn chunk(&mut self) -> Result<Chunk, ChunkError> {
        // At once, so that no message is moved as it grows.
        let mut body = Vec::with_capacity(self.limit);
        body.extend_from_slice(&self.head);
        body.extend_from_slice(RESOURCES);
        let mut used = 0;
        // The lists have no item yet; the second is not begun.
        let (mut empty, mut in_results) = (true, false);
        while let Some(item) = self.next {
            if self.waiting.is_empty() {
                self.write(item)?;
            }
            let is_result = matches!(item, Item::Result(_));
            let comma = usize::from(!empty && is_result == in_results);
            if used + comma + self.waiting.len() > self.room {
                break;
            }
            used += comma + self.waiting.len();
            if is_result && !in_results {
                body.extend_from_slice(RESULTS);
                in_results = true;
            } else if comma > 0 {
                body.push(b',');
            }
            body.append(&mut self.waiting);
            empty = false;
            self.next = match item {
                Item::Resource(number) => self.at(Item::Resource(number + 1)),
                Item::Result(number) => self.at(Item::Result(number + 1)),
            };
        }
        if !in_results {
            body.extend_from_slice(RESULTS);
        }
        body.extend_from_slice(AFTER);
        body.extend_from_slice(&self.tail);
        let last = self.next.is_none();
        Parts::end(self.number, last, &mut body)?;
        let number = self.number;
        self.number += 1;
        self.done = last;
        Ok(Chunk { number, last, body })
    }

    /// Writes the item to `waiting`, with as much detail as a message takes.
    fn write(&mut self, item: Item) -> Result<(), ChunkError> {
        match fit(&mut self.pieces, item, self.room, &mut self.waiting)? {
            Fit::Fits(Detail::Whole) => {}
            Fit::Fits(left) => {
                self.omitted.insert(item.number(), left);
            }
            Fit::Never => {
                return Err(ChunkError::Result {
                    id: shown(self.pieces.id(item.number())),
                    room: self.room,
                });
            }
        }
        Ok(())
    }
}

impl<P: Pieces> Iterator for Chunks<P> {
    type Item = Result<Chunk, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let chunk = self.chunk();
        self.done |= chunk.is_err();
        Some(chunk)
    }
}

/// An ID in a message for people.
fn shown(id: &str) -> String {
    id.chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN)
        .collect()
}
