//! What scans know beyond the objects: descriptions of nodes and clouds, and what is
//! accepted. Reads files, anew for each scan.

use std::path::PathBuf;
use std::time::SystemTime;

use kubescape_collect::{Descriptions, Limits, Problem, read_exceptions};
use kubescape_engine::exceptions::Exceptions;
use kubescape_scan::Options;

use crate::request::ScanRequest;

/// Files or folders that scans read beside the objects.
#[derive(Clone, Debug, Default)]
pub struct Beyond {
    /// About nodes and the cloud.
    pub descriptions: Option<PathBuf>,
    /// Of exceptions.
    pub exceptions: Option<PathBuf>,
}

impl Beyond {
    /// Adds what the files say now, and what the request accepts beside that. The
    /// cluster goes by these names. What is wrong with the files is returned.
    pub(crate) fn add_to(
        &self,
        options: &mut Options,
        request: &ScanRequest,
        names: &[String],
    ) -> Vec<Problem> {
        let (limits, now) = (Limits::default(), SystemTime::now());
        options.descriptions = Descriptions::read(self.descriptions.as_slice(), limits, now);
        let (mut policies, problems) = read_exceptions(self.exceptions.as_slice());
        policies.extend(request.exceptions.iter().cloned());
        options.plan.exceptions = Exceptions::new(policies, names, jiff::Timestamp::now());
        problems
    }
}
