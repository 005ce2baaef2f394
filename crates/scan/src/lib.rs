//! One scan of files: read, judge on all cores, keep what reports need.
//!
//! One thread cuts documents out of files, workers parse and judge them, and
//! the caller's thread puts the results back into input order; every queue
//! between them is bounded, so memory follows what joins and reports need and
//! not the size of the input.

mod filter;
mod identity;
mod pipeline;
mod spool;
mod versions;
mod worker;

use std::collections::BTreeMap;

use kubescape_collect::{Problem, Source};
use kubescape_engine::{Outcome, Plan};

pub use filter::{Filter, WorkloadName};
pub use pipeline::scan;
pub use spool::Spool;

/// How to scan.
pub struct Options {
    /// What to judge.
    pub plan: Plan,
    /// Whom to judge.
    pub filter: Filter,
    /// How many workers; at least one.
    pub threads: usize,
    /// Whether reports will want the objects themselves.
    pub keep_objects: bool,
    /// Limits of reading.
    pub limits: kubescape_collect::Limits,
}

/// Where an object stands in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the source.
    pub source: u32,
    /// Number of the document in it, from 0.
    pub document: u32,
    /// 1-based line that the document starts in.
    pub line: u64,
    /// Where the document's text starts, in bytes.
    pub offset: u64,
    /// How long the text is, in bytes.
    pub length: u32,
    /// Whether the text is JSON.
    pub json: bool,
    /// Place in the document's `items`, when the text is a whole list.
    pub item: Option<u32>,
}

/// A scan's result with all that reports say about it.
pub struct Scan {
    /// What it came to.
    pub outcome: Outcome,
    /// Where the input's objects stand, by record number; the outcome has more
    /// records: subjects and objects made up by checks.
    pub places: Vec<Place>,
    /// What was read.
    pub sources: Vec<Source>,
    /// What could not be read, and notes about what was.
    pub problems: Vec<Problem>,
    /// Objects by kind that no control of the library reads.
    pub unread_kinds: BTreeMap<String, usize>,
    /// The redacted objects, when they were asked for.
    pub objects: Option<Spool>,
    /// How many objects there were.
    pub objects_seen: usize,
    /// SHA-256 over everything that was read, in hexadecimal.
    pub digest: String,
}

impl Scan {
    /// Whether something that was asked for could not be judged.
    pub fn is_partial(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_note())
    }
}
