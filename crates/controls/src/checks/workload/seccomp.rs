//! Filters of system calls, and `SELinux`.

use kubescape_engine::{Container, ContainerKind, Out, Workload};

/// Neither the container nor its pod sets a seccomp profile, so the kernel
/// takes every system call from it.
pub(crate) fn not_hardened<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, "seccompProfile", out, |container| {
        container.kind != ContainerKind::Ephemeral
    });
}

/// As [`not_hardened`], for the regular containers alone.
pub(crate) fn no_profile<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, "seccompProfile", out, is_regular);
}

/// Neither the container nor its pod sets `SELinux` options.
pub(crate) fn no_selinux_options<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, "seLinuxOptions", out, is_regular);
}

fn is_regular(container: &Container<'_>) -> bool {
    container.kind == ContainerKind::Regular
}

fn missing<'a>(
    workload: &Workload<'a>,
    key: &str,
    out: &mut Out<'a>,
    counts: fn(&Container<'_>) -> bool,
) {
    if !workload.security_context().at(key).is_nothing() {
        return;
    }
    let containers = workload.all_containers().iter();
    for container in containers.filter(|container| counts(container)) {
        if container.security_context().at(key).is_nothing() {
            out.fail(workload.object).fix(
                format_args!("{container}.securityContext.{key}"),
                "YOUR_VALUE",
            );
        }
    }
}

/// The profile in force is not the one of the container runtime. Containers
/// that take over a wrong profile of their pod give one finding together.
pub(crate) fn not_runtime_default<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let path = "securityContext.seccompProfile.type";
    let of_pod = workload.security_context().at("seccompProfile").at("type");
    let mut reported_pod = false;
    for container in workload.containers() {
        let own = container.security_context().at("seccompProfile").at("type");
        let in_force = if own.is_nothing() { of_pod } else { own };
        if in_force.is("RuntimeDefault") {
            continue;
        }
        if !own.is_nothing() {
            out.fail(workload.object)
                .review(format_args!("{container}.{path}"));
        } else if of_pod.is_nothing() {
            out.fail(workload.object)
                .with_review_list()
                .fix(format_args!("{container}.{path}"), "RuntimeDefault");
        } else if !reported_pod {
            reported_pod = true;
            out.fail(workload.object)
                .review(format_args!("{workload}.{path}"));
        }
    }
}
