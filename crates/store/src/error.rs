//! Everything that can go wrong, with the code that the API answers with.

use std::path::PathBuf;
use std::sync::Arc;

use crate::key::Key;
use crate::object::Meta;

/// What went wrong. Texts name the object and the remedy; none holds a body.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such object: 404.
    #[error("{0} not found")]
    NotFound(Key),
    /// The key is taken: 409 `AlreadyExists`.
    #[error("{} already exists", .0.key)]
    AlreadyExists(Arc<Meta>),
    /// The stored object is not the expected one: 409 `Conflict`.
    #[error("{} is at version {}: read it again and repeat the change", .current.key, .current.resource_version)]
    Conflict {
        /// What is stored.
        current: Arc<Meta>,
        /// Whether it is another object of the same name, not another version.
        uid: bool,
    },
    /// The history before this version is gone: 410 `Expired`.
    #[error("version {wanted} is too old, history starts after {oldest}: list again")]
    Compacted {
        /// What was asked for.
        wanted: u64,
        /// The oldest version that can still be asked for.
        oldest: u64,
    },
    /// A version that does not exist yet: 504 `Timeout`, as Kubernetes does.
    #[error("version {wanted} is in the future, the newest is {current}: list again")]
    FutureVersion {
        /// What was asked for.
        wanted: u64,
        /// The newest.
        current: u64,
    },
    /// A watcher that does not read fast enough: 410.
    #[error("the watch is {lag} changes behind and was dropped: watch again from {position}")]
    TooSlow {
        /// Changes that it is behind.
        lag: u64,
        /// Everything up to here was given.
        position: u64,
    },
    /// A `continue` that the store did not write: 400.
    #[error("the continue token is not one of this server: list again from the start")]
    BadToken,
    /// A body above the limit: 413.
    #[error("{key} has {size} bytes, the most is {limit}")]
    TooLarge {
        /// Which object.
        key: Key,
        /// Bytes of the body.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The resource has used up its budget: 507.
    #[error("{resource} may keep {limit} {unit} and has {used}: delete some or raise its budget")]
    OverBudget {
        /// Which resource.
        resource: String,
        /// `objects` or `bytes`.
        unit: &'static str,
        /// How many are allowed.
        limit: u64,
        /// How many there are.
        used: u64,
    },
    /// No space for more: 507. Reads and deletes go on.
    #[error("no space left for objects ({detail}): delete some, or give the volume more space")]
    Full {
        /// Which space.
        detail: String,
    },
    /// Too many changes wait already: 429.
    #[error("the store is busy: try again in {retry_after_seconds} s")]
    Busy {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The data are damaged: 500.
    #[error(
        "stored data are damaged ({detail}): restart the storage to recover, or restore a backup"
    )]
    Corrupt {
        /// Where, or what the engine said.
        detail: String,
    },
    /// Written by a newer version of this program; nothing was touched.
    #[error(
        "{place} has schema {found}, this program knows up to {known}: run the newer version again, or restore a backup that this one made"
    )]
    NewerSchema {
        /// The file or database.
        place: String,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file is a database of something else; nothing was touched.
    #[error("{} is not a database of kubescape: give another --data-dir", .0.display())]
    Foreign(PathBuf),
    /// Another process has the file.
    #[error("{} is in use by another process: stop it first, or give another --data-dir", .0.display())]
    InUse(PathBuf),
    /// The engine cannot be reached or the file not be opened: 503.
    #[error("the store is unavailable ({detail})")]
    Unavailable {
        /// What the system said.
        detail: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A bug of ours: 500.
    #[error("internal error of the store: {0}")]
    Internal(String),
}

impl Error {
    /// The HTTP code that the API answers with.
    pub fn http_code(&self) -> u16 {
        match self {
            Error::NotFound(_) => 404,
            Error::AlreadyExists(_) | Error::Conflict { .. } => 409,
            Error::Compacted { .. } | Error::TooSlow { .. } => 410,
            Error::FutureVersion { .. } => 504,
            Error::BadToken => 400,
            Error::TooLarge { .. } => 413,
            Error::OverBudget { .. } | Error::Full { .. } => 507,
            Error::Busy { .. } => 429,
            Error::Unavailable { .. } | Error::Closed => 503,
            Error::Corrupt { .. }
            | Error::NewerSchema { .. }
            | Error::Foreign(_)
            | Error::InUse(_)
            | Error::Internal(_) => 500,
        }
    }

    pub(crate) fn unavailable(what: impl std::fmt::Display) -> Self {
        Error::Unavailable {
            detail: what.to_string(),
        }
    }
}
