//! Documents that come from somewhere else than files.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Sender;
use kubescape_collect::{Problem, RawDocument};
use kubescape_engine::Gap;

use crate::Cancel;

/// Documents travel in batches of about this many bytes, so that small ones do
/// not cost a queue operation each.
const BATCH_BYTES: usize = 256 << 10;

/// Something that reads documents, with as many threads as it likes.
///
/// A document names its source by its number. A source that has to be read
/// again from the start is read as another attempt: `RawDocument::index` is the
/// number of the attempt, `RawDocument::item` the number of the object in it.
pub trait Feed: Sync {
    /// Puts all documents into inlets of `inlets` and says how that went. Stops
    /// when an inlet breaks.
    fn run(&self, inlets: &Inlets) -> Fed;
}

/// How reading went.
#[derive(Default)]
pub struct Fed {
    /// Objects that are missing.
    pub gaps: Vec<Gap>,
    /// What to tell users about that.
    pub problems: Vec<Problem>,
    /// For each source, the attempt that counts: results of others are dropped.
    /// Of a source without one everything counts.
    pub attempts: Vec<Option<u32>>,
}

/// Documents on their way to the workers.
pub(crate) struct Batch {
    pub(crate) number: u64,
    pub(crate) documents: Vec<Result<RawDocument, Problem>>,
}

/// Makes inlets, one for each thread that reads.
pub struct Inlets {
    to_workers: Sender<Batch>,
    numbers: Arc<AtomicU64>,
    cancel: Cancel,
}

impl Inlets {
    pub(crate) fn new(to_workers: Sender<Batch>, cancel: Cancel) -> Self {
        Self {
            to_workers,
            numbers: Arc::default(),
            cancel,
        }
    }

    /// Set when nobody wants more: a feed that waits for something gives up then.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// A way into the queue.
    pub fn inlet(&self) -> Inlet {
        Inlet {
            to_workers: self.to_workers.clone(),
            numbers: Arc::clone(&self.numbers),
            documents: Vec::new(),
            bytes: 0,
            cancel: self.cancel.clone(),
        }
    }
}

/// A way into the queue; what was put in is on its way at the latest when this
/// is dropped.
pub struct Inlet {
    to_workers: Sender<Batch>,
    numbers: Arc<AtomicU64>,
    documents: Vec<Result<RawDocument, Problem>>,
    bytes: usize,
    cancel: Cancel,
}

impl Inlet {
    /// Puts a document in; waits while the workers are behind. Breaks when
    /// nobody wants more.
    pub fn put(&mut self, document: Result<RawDocument, Problem>) -> ControlFlow<()> {
        self.bytes += document.as_ref().map_or(0, |document| document.text.len());
        self.documents.push(document);
        if self.bytes < BATCH_BYTES {
            return ControlFlow::Continue(());
        }
        if self.cancel.is_cancelled() {
            return ControlFlow::Break(());
        }
        self.send()
    }

    fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        let batch = Batch {
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            documents: std::mem::take(&mut self.documents),
        };
        match self.to_workers.send(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        if !self.documents.is_empty() {
            // Nobody is left to hear it when this fails.
            let _ = self.send();
        }
    }
}
