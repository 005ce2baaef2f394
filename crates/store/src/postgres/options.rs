//! How the shared engine is to run.

use std::path::PathBuf;
use std::time::Duration;

use crate::limits::{Budgets, Retention, WatchLimits};

/// Settings of a [`crate::PostgresStore`].
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host/database` or `host=… user=…`, as libpq
    /// has them. Several hosts may be named for a database that fails over.
    pub connection: String,
    /// Authorities of the database's certificate, as a PEM file; those of the
    /// system if none. Used when the connection says `sslmode=require`.
    pub roots: Option<PathBuf>,
    /// The schema that holds the tables; made if absent. Lower-case letters,
    /// digits and `_`; stores of several clusters may share a database.
    pub schema: String,
    /// How much history stays.
    pub retention: Retention,
    /// What resources may keep; the same for all replicas.
    pub budgets: Budgets,
    /// What watches may keep in memory.
    pub watch: WatchLimits,
    /// The largest body in bytes.
    pub max_body: u64,
    /// Connections for reads and commits; one more listens.
    pub connections: usize,
    /// Commits that may wait for the writer of this replica.
    pub queue: usize,
    /// Bytes that may wait for it; one larger commit waits alone.
    pub queue_bytes: usize,
    /// How long a commit or a read waits for its turn before it is refused.
    pub patience: Duration,
    /// How long one statement may take before it is given up.
    pub timeout: Duration,
    /// How often the log is looked at even if nobody rang.
    pub poll: Duration,
}

impl PostgresOptions {
    /// The defaults for a database.
    pub fn new(connection: impl Into<String>) -> Self {
        Self {
            connection: connection.into(),
            roots: None,
            schema: "kubescape".to_owned(),
            retention: Retention::default(),
            budgets: Budgets::default(),
            watch: WatchLimits::default(),
            max_body: 256 << 20,
            connections: 8,
            queue: 4096,
            queue_bytes: 64 << 20,
            patience: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            poll: Duration::from_secs(1),
        }
    }
}

impl std::fmt::Debug for PostgresOptions {
    /// Without the connection: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("retention", &self.retention)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
