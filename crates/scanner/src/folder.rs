//! Scans of a folder of manifests that stands for a cluster.

use std::path::PathBuf;
use std::time::Instant;

use kubescape_collect::find;
use kubescape_engine::Scope;
use kubescape_report::ClusterFacts;
use kubescape_scan::{Cancel, Cancelled, Options, scan};

use crate::beyond::Beyond;
use crate::live::facts;
use crate::plans;
use crate::request::{ScanObject, ScanRequest};
use crate::work::{Finished, Work, WorkError};

/// Scans the manifests in a folder as they are then.
pub struct FolderWork {
    folder: PathBuf,
    /// What reports call the cluster.
    name: String,
    beyond: Beyond,
}

impl FolderWork {
    /// Nothing is read yet.
    pub fn new(folder: PathBuf, name: String) -> Self {
        Self {
            folder,
            name,
            beyond: Beyond::default(),
        }
    }

    /// Scans also judge by what these files say at their time.
    #[must_use]
    pub fn with_files(mut self, beyond: Beyond) -> Self {
        self.beyond = beyond;
        self
    }

    fn judge(
        &self,
        request: &ScanRequest,
        mut options: Options,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        let started = Instant::now();
        options.filter.skip_owned = true;
        let names = std::slice::from_ref(&self.name);
        let problems = self.beyond.add_to(&mut options, request, names);
        let found = find(&[&self.folder]);
        let mut scan = scan(found.sources, options, progress).map_err(|error| {
            if Cancelled::is(&error) {
                WorkError::Cancelled
            } else {
                WorkError::Failed(error.to_string())
            }
        })?;
        scan.problems
            .extend(found.problems.into_iter().chain(problems));
        let cluster = ClusterFacts {
            context: self.name.clone(),
            ..ClusterFacts::default()
        };
        let facts = facts(request, started.elapsed(), cluster);
        Ok(Finished { scan, facts })
    }
}

impl Work for FolderWork {
    fn full(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        let options = plans::of_all(request, Scope::Cluster, cancel)?;
        let finished = self.judge(request, options, progress)?;
        plans::require_any(&finished.scan)?;
        Ok(finished)
    }

    fn object(
        &self,
        request: &ScanRequest,
        object: &ScanObject,
        deleted: bool,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError> {
        let options = plans::of_object(request, object, deleted, Scope::Cluster, cancel)?;
        let finished = self.judge(request, options, &mut |_| {})?;
        if !deleted {
            plans::require(&finished.scan, object)?;
        }
        Ok(finished)
    }

    fn check(&self) -> Result<(), String> {
        std::fs::read_dir(&self.folder).map(drop).map_err(|error| {
            let folder = self.folder.display();
            format!("cannot read {folder}: {error}")
        })
    }
}
