//! Pods that share the node's namespaces or file system.

use kubescape_engine::{Out, Workload};

/// The pod shares the node's network namespace.
pub(crate) fn host_network<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.pod.at("hostNetwork").is_true() {
        out.fail(workload.object)
            .delete(format_args!("{workload}.hostNetwork"));
    }
}
