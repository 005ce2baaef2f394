//! One scan of files or of a cluster: read, judge on all cores, keep what reports
//! need. Reads files; what comes from a cluster is handed in by a [`Feed`].
//!
//! One thread cuts documents out of files (or a feed's own threads out of lists), workers parse and judge them, and
//! the caller's thread puts the results back into input order; every queue
//! between them is bounded, so memory follows what joins and reports need and
//! not the size of the input.

mod cancel;
mod feed;
mod filter;
mod gathered;
mod identity;
mod pipeline;
mod reread;
mod spool;
mod versions;
mod worker;

use std::collections::BTreeMap;

use kubescape_collect::{Descriptions, Format, Problem, Source};
use kubescape_engine::{Outcome, Plan};

pub use cancel::{Cancel, Cancelled};
pub use feed::{Fed, Feed, Inlet, Inlets};
pub use filter::{Filter, WorkloadName};
pub use pipeline::{scan, scan_feed};
pub use spool::Spool;

/// How to scan.
pub struct Options {
    /// What to judge.
    pub plan: Plan,
    /// Whom to judge.
    pub filter: Filter,
    /// What is judged beside the input: what nodes and clouds say of themselves.
    pub descriptions: Descriptions,
    /// How many workers; at least one.
    pub threads: usize,
    /// Whether reports will want the objects themselves.
    pub keep_objects: bool,
    /// Whether reports will want to quote the input.
    pub keep_texts: bool,
    /// Whether somebody will want to know of each object whether it changed.
    pub digests: bool,
    /// Limits of reading.
    pub limits: kubescape_collect::Limits,
    /// Ends the scan early when somebody sets it.
    pub cancel: Cancel,
}

impl Options {
    /// Judges everything with one worker, and keeps nothing for reports.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            filter: Filter::default(),
            descriptions: Descriptions::default(),
            threads: 1,
            keep_objects: false,
            keep_texts: false,
            digests: false,
            limits: kubescape_collect::Limits::default(),
            cancel: Cancel::default(),
        }
    }
}

/// Where an object stands in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the source.
    pub source: u32,
    /// Number of the document in it, from 0.
    pub document: u32,
    /// Which item of a JSON list the text is, from 0.
    pub item: Option<u32>,
    /// 1-based line that the text starts in.
    pub line: u64,
    /// 1-based column that the text starts in.
    pub column: u64,
    /// Where the text starts, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u32,
    /// How it is written.
    pub format: Format,
    /// What to put before a path in the object to have one in the text:
    /// `items[3].` in a YAML list.
    pub prefix: Box<str>,
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
    /// The texts of standard input and pipes, which cannot be read again; by record
    /// number, when reports want to show them.
    texts: Option<Spool>,
    /// How many objects there were.
    pub objects_seen: usize,
    /// How many more belong to others and are judged through them: Pods of a
    /// Deployment, say.
    pub objects_owned: usize,
    /// SHA-256 over everything that was read, in hexadecimal.
    pub digest: String,
}

impl Scan {
    /// Whether something that was asked for could not be judged.
    pub fn is_partial(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_note())
    }
}
