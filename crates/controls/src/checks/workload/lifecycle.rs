//! How workloads start, how Kubernetes knows that they are well, and who looks
//! after them.

use kubescape_engine::{Object, Out, Workload};

use super::places;

/// Kubernetes cannot tell when the container hangs.
pub(crate) fn no_liveness_probe<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    no_probe(workload, "livenessProbe", out);
}

/// Kubernetes sends requests before the container can answer them.
pub(crate) fn no_readiness_probe<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    no_probe(workload, "readinessProbe", out);
}

fn no_probe<'a>(workload: &Workload<'a>, probe: &str, out: &mut Out<'a>) {
    for container in workload.containers() {
        if container.at(probe).is_nothing() {
            out.fail(workload.object)
                .fix(format_args!("{container}.{probe}"), "YOUR_VALUE");
        }
    }
}

/// A pod that nothing replaces when it or its node dies.
pub(crate) fn naked_pod<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "Pod" && object.metadata().at("ownerReferences").is_empty() {
        out.fail(object);
    }
}

/// Any `CronJob`: attackers use them to come back.
pub(crate) fn cron_job<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "CronJob" {
        out.fail(object);
    }
}

/// The deployment stops all old pods before it starts new ones. Rolling
/// updates are the default.
pub(crate) fn no_rolling_update<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "Deployment" {
        return;
    }
    let strategy = object.spec().at("strategy").at("type");
    if !strategy.is_nothing() && !strategy.is("RollingUpdate") {
        let path = "spec.strategy.type";
        out.fail(object).failed(path).fix(path, "RollingUpdate");
    }
}

/// The container starts with `sudo`, so it expects to become root.
pub(crate) fn sudo<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.containers() {
        let command = container.at("command").items();
        let mut at = places(command, |word| is_sudo(word.str()));
        if at.peek().is_none() {
            continue;
        }
        let finding = out.fail(workload.object);
        for index in at {
            finding.review(format_args!("{container}.command[{index}]"));
        }
    }
}

fn is_sudo(command: &str) -> bool {
    let program = command.split_ascii_whitespace().next().unwrap_or("");
    program == "sudo" || program.ends_with("/sudo")
}
