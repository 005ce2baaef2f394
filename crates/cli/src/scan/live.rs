//! Scanning a living cluster.

use kubescape_live::{About, Access, Cluster, ConnectError, Namespaces, Patience, Target};
use kubescape_report::ClusterFacts;
use kubescape_scan::{Filter, Scan, scan_feed};

use super::{Request, limits, options, plan};
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
    let plan = plan(arguments, request, Some(scope))?;
    let namespaces = Namespaces {
        include: request.filter.include_namespaces.clone(),
        exclude: request.filter.exclude_namespaces.clone(),
    };
    let target = request.filter.workload.as_ref().map(|workload| Target {
        kind: workload.kind.clone(),
        name: workload.name.clone(),
        namespace: workload.namespace.clone(),
    });
    let survey = cluster
        .survey(&plan, &namespaces, target.as_ref())
        .map_err(failure)?
        .with_limits(limits(arguments));
    let mut filter = Filter {
        skip_owned: true,
        ..request.filter.clone()
    };
    if let (Some(workload), Some(kind)) = (&mut filter.workload, survey.target_kind()) {
        kind.clone_into(&mut workload.kind);
    }
    let mut progress = Progress::new();
    let scan = scan_feed(
        &survey,
        survey.sources(),
        options(arguments, request, plan, filter),
        &mut |objects| progress.set(objects),
    )?;
    progress.finish();
    Ok((scan, facts(survey.about())))
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

fn facts(about: About) -> ClusterFacts {
    ClusterFacts {
        git_version: about.git_version().to_owned(),
        context: about.context,
        version: about.version,
        provider: about.provider.unwrap_or_default(),
        worker_nodes: about.worker_nodes,
    }
}
