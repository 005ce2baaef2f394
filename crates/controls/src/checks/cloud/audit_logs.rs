//! Whether the provider keeps the logs of the control plane.

use kubescape_engine::{Object, Out, Value};

use super::eks::described_cluster;
use super::{GOOGLE, cluster, either};

const EKS_LOGS: [&str; 5] = [
    "api",
    "audit",
    "authenticator",
    "controllerManager",
    "scheduler",
];

/// A managed cluster does not keep all logs of its control plane.
pub(crate) fn not_kept<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "ClusterDescribe" {
        return;
    }
    if let Some(cluster) = described_cluster(object) {
        if !EKS_LOGS.iter().all(|log| eks_keeps(cluster, log)) {
            out.fail(object)
                .fix_command("aws eks update-cluster-config --region '${REGION_CODE}' --name '${CLUSTER_NAME}' --logging '{'clusterLogging':[{'types':['api','audit','authenticator','controllerManager','scheduler'],'enabled':true}]}'")
                .message("Not all logs of the control plane are enabled");
        }
    } else if let Some(data) = cluster(object, GOOGLE) {
        let logging = either(data, "logging_config", "loggingConfig");
        let components = either(logging, "component_config", "componentConfig");
        if either(components, "enable_components", "enableComponents")
            .items()
            .is_empty()
        {
            out.fail(object)
                .message("No component of the cluster writes logs");
        }
    }
}

/// Whether an enabled entry of the logging settings names this log.
fn eks_keeps(cluster: Value<'_>, log: &str) -> bool {
    let logging = either(cluster, "Logging", "logging");
    let entries = either(logging, "ClusterLogging", "clusterLogging").items();
    entries.iter().any(|entry| {
        either(*entry, "Enabled", "enabled").is_true()
            && either(*entry, "Types", "types").contains_str(log)
    })
}
