//! A scan of a cluster, from the plan to the result.

use std::io;

use kubescape_scan::{Options, Scan, scan_feed};

use crate::cluster::{About, Cluster, ConnectError};
use crate::overhear::Overhear;
use crate::wanted::{Namespaces, Target};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The cluster cannot be asked.
    #[error(transparent)]
    Cluster(#[from] ConnectError),
    /// A temporary file cannot be written, or the scan was cancelled.
    #[error(transparent)]
    Scan(#[from] io::Error),
}

impl Cluster {
    /// Reads just what plan and filter of `options` want, and judges it. What
    /// belongs to another object is judged through that. Descriptions of another
    /// provider than the plan's target are left out, with a problem. `progress` hears
    /// how many objects have been judged so far.
    ///
    /// # Errors
    ///
    /// The cluster does not have the kind of the only workload; see also
    /// [`scan_feed`]. What cannot be read is said in the result.
    pub fn judge(
        &self,
        options: Options,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Scan, About), JudgeError> {
        self.judge_beside(options, None, progress)
    }

    /// The same; what the only workload is joined to is asked of `follower` first.
    ///
    /// # Errors
    ///
    /// As [`Cluster::judge`].
    pub fn judge_beside(
        &self,
        mut options: Options,
        follower: Option<&dyn Overhear>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Scan, About), JudgeError> {
        let filter = &mut options.filter;
        filter.skip_owned = true;
        let namespaces = Namespaces {
            include: filter.include_namespaces.clone(),
            exclude: filter.exclude_namespaces.clone(),
        };
        let target = filter.workload.as_ref().map(|workload| Target {
            kind: workload.kind.clone(),
            name: workload.name.clone(),
            namespace: workload.namespace.clone(),
        });
        let descriptions = &mut options.descriptions;
        descriptions.agree_with(options.plan.target.provider());
        descriptions.without_server_info();
        let mut survey = self
            .survey(&options.plan, &namespaces, target.as_ref())?
            .with_limits(options.limits);
        if let Some(follower) = follower {
            survey = survey.overhearing(follower);
        }
        if let (Some(workload), Some(kind)) = (&mut filter.workload, survey.target_kind()) {
            kind.clone_into(&mut workload.kind);
        }
        let scan = scan_feed(&survey, survey.sources(), options, progress)?;
        Ok((scan, survey.about()))
    }
}
