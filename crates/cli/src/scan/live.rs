//! Scanning a living cluster.

use kubescape_live::{Access, Cluster, ConnectError, JudgeError, Patience};
use kubescape_report::ClusterFacts;
use kubescape_scan::Scan;
use kubescape_scanner::cluster_facts;

use super::{Request, options, plan};
use crate::arguments::ScanArguments;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;

/// Reads and judges the cluster.
pub(super) fn judge(
    arguments: &ScanArguments,
    request: &Request,
) -> Result<(Scan, ClusterFacts), Failure> {
    let access = Access {
        kubeconfig: arguments.cluster.kubeconfig.clone(),
        context: arguments.cluster.kube_context.clone(),
    };
    let cluster = Cluster::connect(&access, Patience::default()).map_err(failure)?;
    let scope = request.scope.unwrap_or(cluster.scope());
    let name = &cluster.about().context;
    let plan = plan(arguments, request, Some(scope), Some(name))?;
    let options = options(arguments, request, plan, request.filter.clone());
    let mut progress = Progress::new();
    let judged = cluster.judge(options, &mut |objects| progress.set(objects));
    let (scan, about) = judged.map_err(|error| match error {
        JudgeError::Scan(error) => error.into(),
        JudgeError::Cluster(error) => failure(error),
        other => Failure::new(Exit::Internal, other),
    })?;
    progress.finish();
    Ok((scan, cluster_facts(about)))
}

fn failure(error: ConnectError) -> Failure {
    match error {
        ConnectError::NoSuchContext { .. } => Failure::usage(error),
        ConnectError::Kubeconfig(reason) => Failure::input(format!(
            "no files are named, and there is no cluster to scan: {reason}"
        )),
        ConnectError::Start(_) => Failure::new(Exit::Internal, error),
        _ => Failure::input(error),
    }
}
