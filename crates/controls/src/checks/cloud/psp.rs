//! Pod security policies of managed clusters.

use kubescape_engine::{Object, Out};

use super::{GOOGLE, cluster, either};

/// A GKE cluster does not admit pods by pod security policy.
pub(crate) fn not_enabled<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(data) = cluster(object, GOOGLE) else {
        return;
    };
    let policy = either(
        data,
        "pod_security_policy_config",
        "podSecurityPolicyConfig",
    );
    if !policy.at("enabled").is_true() {
        out.fail(object)
            .fix_command(
                "gcloud beta container clusters update <cluster_name> --enable-pod-security-policy",
            )
            .message("Pod security policies are not enabled");
    }
}
