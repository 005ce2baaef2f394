//! Objects in the namespace `default`, where permissions and policies made for
//! one team meet the objects of all others.

use kubescape_engine::{Object, Out, Workload};

fn judge<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const NAMESPACE: &str = "metadata.namespace";
    if !matches!(object.namespace, "" | "default") {
        return;
    }
    let finding = out.fail(object);
    finding.with_review_list().message(format_args!(
        "{} {} is in the namespace default.",
        object.kind, object.name
    ));
    if object.namespace.is_empty() {
        finding.fix(NAMESPACE, "YOUR_NAMESPACE");
    } else {
        finding.review(NAMESPACE);
    }
}

/// The workload is in the namespace `default`.
pub(crate) fn workload<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    judge(workload.object, out);
}

macro_rules! kinds {
    ($($name:ident: $kind:literal $(except $own:literal)?;)*) => {$(
        #[doc = concat!("The ", $kind, " is in the namespace `default`.")]
        pub(crate) fn $name<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
            if object.kind == $kind $(&& object.name != $own)? {
                judge(object, out);
            }
        }
    )*};
}

// The API server itself is reached through the service `kubernetes`, which has
// to be in `default`, with its endpoints.
kinds! {
    config_map: "ConfigMap";
    csi_storage_capacity: "CSIStorageCapacity";
    endpoints: "Endpoints" except "kubernetes";
    endpoint_slice: "EndpointSlice" except "kubernetes";
    horizontal_pod_autoscaler: "HorizontalPodAutoscaler";
    ingress: "Ingress";
    lease: "Lease";
    persistent_volume_claim: "PersistentVolumeClaim";
    pod_disruption_budget: "PodDisruptionBudget";
    pod_template: "PodTemplate";
    replication_controller: "ReplicationController";
    role: "Role";
    role_binding: "RoleBinding";
    secret: "Secret";
    service: "Service" except "kubernetes";
    service_account: "ServiceAccount";
}
