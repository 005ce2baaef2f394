//! Security options of Windows pods.

use kubescape_engine::{Out, Value, Workload};

const OPTIONS: &str = "securityContext.windowsOptions";

/// The pod or one of its containers runs on the node itself, outside of any
/// container.
pub(crate) fn host_process<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let is_on = |context: Value<'_>| context.at("windowsOptions").at("hostProcess").is_true();
    if is_on(workload.security_context()) {
        let path = format_args!("{workload}.{OPTIONS}.hostProcess");
        out.fail(workload.object).failed(path).fix(path, "false");
    }
    for container in workload.all_containers() {
        if is_on(container.security_context()) {
            let path = format_args!("{container}.{OPTIONS}.hostProcess");
            out.fail(workload.object).failed(path).fix(path, "false");
        }
    }
}

/// A Windows pod has no group managed service account to log on with.
pub(crate) fn no_gmsa_credential_spec<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, "gmsaCredentialSpecName", out);
}

/// A Windows pod leaves to the image which user it runs as.
pub(crate) fn no_user_name<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, "runAsUserName", out);
}

/// Neither the pod nor all of its containers set the option. Linux pods cannot
/// have it and are left alone.
fn missing<'a>(workload: &Workload<'a>, key: &str, out: &mut Out<'a>) {
    if !is_windows(workload) {
        return;
    }
    let of_pod = workload.security_context().at("windowsOptions").at(key);
    let containers = workload.containers();
    let all_set = !containers.is_empty()
        && containers.iter().all(|container| {
            let options = container.security_context().at("windowsOptions");
            !options.at(key).is_nothing()
        });
    if of_pod.is_nothing() && !all_set {
        out.fail(workload.object)
            .fix(format_args!("{workload}.{OPTIONS}.{key}"), "YOUR_VALUE");
    }
}

fn is_windows(workload: &Workload<'_>) -> bool {
    let has_options = |context: Value<'_>| context.at("windowsOptions").is_object();
    let selector = workload.pod.at("nodeSelector").at("kubernetes.io/os");
    workload.pod.at("os").at("name").is("windows")
        || selector.is("windows")
        || has_options(workload.security_context())
        || workload
            .all_containers()
            .iter()
            .any(|container| has_options(container.security_context()))
}
