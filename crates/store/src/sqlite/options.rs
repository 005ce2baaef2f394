//! How the embedded engine is to run.

use std::path::PathBuf;
use std::time::Duration;

use crate::limits::{Budgets, Retention, WatchLimits};

/// Settings of a [`crate::SqliteStore`].
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The database file; made if absent. It needs a local file system: the
    /// write-ahead log uses shared memory.
    pub path: PathBuf,
    /// How much history stays.
    pub retention: Retention,
    /// What resources may keep.
    pub budgets: Budgets,
    /// What watches may keep in memory.
    pub watch: WatchLimits,
    /// The largest body in bytes.
    pub max_body: u64,
    /// Connections that read at the same time; each may hold 4 MiB of pages.
    pub readers: usize,
    /// Commits that may wait for the writer.
    pub queue: usize,
    /// Bytes that may wait for the writer; one larger commit waits alone.
    pub queue_bytes: usize,
    /// How long a commit or a read waits for its turn before it is refused.
    pub patience: Duration,
    /// The most bytes of the database file; growing writes are refused beyond.
    pub max_bytes: Option<u64>,
    /// Bytes that stay free on the volume: with less, large writes are refused,
    /// with a quarter of it all but deletions.
    pub reserve: u64,
    /// Bytes held in a file beside the database, given up for deletions when the
    /// volume is full in spite of `reserve`, and taken again when it is not.
    pub deletion_reserve: u64,
}

impl SqliteOptions {
    /// The defaults for a database at that path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            retention: Retention::default(),
            budgets: Budgets::default(),
            watch: WatchLimits::default(),
            max_body: 1 << 30,
            readers: 4,
            queue: 4096,
            queue_bytes: 64 << 20,
            patience: Duration::from_secs(5),
            max_bytes: None,
            reserve: 64 << 20,
            deletion_reserve: 16 << 20,
        }
    }
}
