//! Fields of the security context that a benchmark asks to be thought about.

use kubescape_engine::{Corpus, Object, Out, Workload};

use crate::checks::kinds::workloads;

/// The pod sets no group, or an impossible one, as owner of its volumes.
pub(crate) fn no_fs_group<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let group = workload.security_context().at("fsGroup").as_i64();
    if group.is_none_or(|group| group < 0) {
        out.fail(workload.object).without_failed_list().fix(
            format_args!("{workload}.securityContext.fsGroup"),
            "YOUR_VALUE",
        );
    }
}

/// The pod does not say when the owner of its volumes is changed.
pub(crate) fn no_fs_group_change_policy<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let policy = workload.security_context().at("fsGroupChangePolicy");
    if !policy.is("Always") && !policy.is("OnRootMismatch") {
        out.fail(workload.object).without_failed_list().fix(
            format_args!("{workload}.securityContext.fsGroupChangePolicy"),
            "Always",
        );
    }
}

/// The pod sets no kernel parameters; the one for TCP SYN cookies is an example.
pub(crate) fn no_sysctls<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.security_context().at("sysctls").is_nothing() {
        out.fail(workload.object)
            .fix(format_args!("{workload}.securityContext.sysctls"), "1");
    }
}

/// The pod does not list the groups that its processes belong to.
pub(crate) fn no_supplemental_groups<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let groups = workload.security_context().at("supplementalGroups");
    if groups.is_nothing() {
        out.fail(workload.object).fix(
            format_args!("{workload}.securityContext.supplementalGroups"),
            "YOUR_VALUE",
        );
    }
}

/// A container sees all of `/proc`. Only API servers with the feature gate
/// `ProcMountType` let it, so without such a one there is nothing to find.
pub(crate) fn unmasked_proc<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut control_planes = corpus.of_kind("ControlPlaneInfo").iter();
    if !control_planes.any(|info| allows_proc_mount(info)) {
        return;
    }
    for workload in workloads(corpus) {
        for container in workload.containers() {
            let mount = container.security_context().at("procMount");
            if !mount.is_nothing() && !mount.is("Default") {
                out.fail(workload.object)
                    .review(format_args!("{container}.securityContext.procMount"));
            }
        }
    }
}

fn allows_proc_mount(info: &Object<'_>) -> bool {
    let command = info.value.dig(&["data", "APIServerInfo", "cmdLine"]).str();
    command
        .split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix("--feature-gates="))
        .flat_map(|gates| gates.split(','))
        .any(|gate| {
            gate.trim_matches(['"', '\''])
                .eq_ignore_ascii_case("ProcMountType=true")
        })
}
