//! What a report is made of, as far as cutting it goes.

use std::io::{self, Write};

use kubescape_report::{Detail, Parts};

/// One item of a list of the report, by number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Of `resources`.
    Resource(usize),
    /// Of `results`.
    Result(usize),
}

impl Item {
    pub(crate) fn number(self) -> usize {
        match self {
            Self::Resource(number) | Self::Result(number) => number,
        }
    }
}

/// A report in pieces.
pub trait Pieces {
    /// How many resources are written.
    fn resources(&self) -> usize;
    /// How many results are written.
    fn results(&self) -> usize;
    /// The ID of a resource.
    fn id(&self, number: usize) -> &str;
    /// Bytes to read for a resource's object.
    fn object_bytes(&self, number: usize) -> u64;
    /// The fields before `resources`.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    fn head(&self, out: &mut dyn Write) -> io::Result<()>;
    /// The fields after `results`.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    fn tail(&self, out: &mut dyn Write) -> io::Result<()>;
    /// One item.
    ///
    /// # Errors
    ///
    /// Whatever reading its object and writing give.
    fn item(&mut self, item: Item, detail: Detail, out: &mut dyn Write) -> io::Result<()>;
}

impl Pieces for Parts<'_> {
    fn resources(&self) -> usize {
        self.resources()
    }

    fn results(&self) -> usize {
        self.results()
    }

    fn id(&self, number: usize) -> &str {
        self.id(number)
    }

    fn object_bytes(&self, number: usize) -> u64 {
        self.object_bytes(number)
    }

    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        self.head(out)
    }

    fn tail(&self, out: &mut dyn Write) -> io::Result<()> {
        self.tail(out)
    }

    fn item(&mut self, item: Item, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
        match item {
            Item::Resource(number) => self.resource(number, detail, out),
            Item::Result(number) => self.result(number, detail, out),
        }
    }
}
