//! What kind an object is, for checks of all families and for the `applies` of
//! rules.

use kubescape_engine::{Corpus, Object, Workload};

/// A namespace.
pub(crate) fn is_namespace(object: &Object<'_>) -> bool {
    object.kind == "Namespace"
}

/// A pod that stands for itself.
pub(crate) fn is_pod(object: &Object<'_>) -> bool {
    object.kind == "Pod"
}

/// The seven kinds that rules name `workloads`: those whose pods Kubernetes
/// itself runs, without ReplicationControllers.
pub(crate) fn is_workload(object: &Object<'_>) -> bool {
    matches!(
        object.kind,
        "Pod" | "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job" | "CronJob"
    )
}

/// The workloads of a corpus that [`is_workload`] lets through.
pub(crate) fn workloads<'c, 'a>(
    corpus: &'c Corpus<'a>,
) -> impl Iterator<Item = &'c Workload<'a>> + use<'c, 'a> {
    let workloads = corpus.workloads().iter();
    workloads.filter(|workload| is_workload(workload.object))
}
