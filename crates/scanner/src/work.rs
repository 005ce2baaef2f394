//! What the service has done for it, so that it can be served by a cluster, by a
//! cache of one, or by a test.

use std::fmt;

use kubescape_report::Facts;
use kubescape_scan::{Cancel, Scan};

use crate::request::{ScanObject, ScanRequest};

/// A scan that came to its end.
pub struct Finished {
    /// Its result.
    pub scan: Scan,
    /// What reports say beside it.
    pub facts: Facts,
}

impl fmt::Debug for Finished {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Finished").finish_non_exhaustive()
    }
}

/// Why a scan has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// It was asked to end early.
    #[error("the scan was cancelled")]
    Cancelled,
    /// Anything else, with a remedy where one is known.
    #[error("{0}")]
    Failed(String),
}

/// Does the scans. Its methods may take long and block; each runs on a thread that
/// is no runtime's, and a panic ends just the scan that it happened in.
pub trait Work: Send + Sync + 'static {
    /// Scans the whole cluster. `progress` hears how many objects were judged.
    ///
    /// # Errors
    ///
    /// Why there is no result.
    fn full(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError>;

    /// Scans one object, or, when it was deleted, what depended on it.
    ///
    /// # Errors
    ///
    /// Why there is no result.
    fn object(
        &self,
        request: &ScanRequest,
        object: &ScanObject,
        deleted: bool,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError>;

    /// Whether scans can succeed at all just now; asked every now and then, for
    /// readiness.
    ///
    /// # Errors
    ///
    /// Why not.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Hears of every scan that has a result and may be kept, on the thread that made
/// it and before anybody is told that it is done.
pub trait Observer: Send + Sync + 'static {
    /// A scan ended.
    fn finished(&self, request: &ScanRequest, scan: &Scan, facts: &Facts);
}
