//! Containers that are, or may become, more than an ordinary process.

use kubescape_engine::{ContainerKind, Corpus, Object, Out, Workload};

use super::capabilities::{added, is_capability};
use super::places;
use crate::checks::kinds::workloads;

/// A container is privileged or may administer the node.
pub(crate) fn privileged<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.all_containers() {
        let context = container.security_context();
        let privileged = context.at("privileged").is_true();
        let is_admin = |value| is_capability(value, "SYS_ADMIN");
        let mut admin = places(added(container), is_admin);
        if !privileged && admin.peek().is_none() {
            continue;
        }
        let finding = out.fail(workload.object);
        if privileged {
            finding.delete(format_args!("{container}.securityContext.privileged"));
        }
        for index in admin {
            finding.delete(format_args!(
                "{container}.securityContext.capabilities.add[{index}]"
            ));
        }
    }
}

/// A container may gain privileges that its parent process does not have;
/// Kubernetes allows that unless told otherwise. Where pod security policies
/// exist and all of them forbid it, they are the ones who tell.
pub(crate) fn escalation<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let policies = corpus.of_kind("PodSecurityPolicy");
    let forbids = |policy: &Object<'_>| policy.spec().at("allowPrivilegeEscalation").is_false();
    if !policies.is_empty() && policies.iter().all(|policy| forbids(policy)) {
        return;
    }
    for workload in workloads(corpus) {
        for container in workload.containers() {
            let allowed = container.security_context().at("allowPrivilegeEscalation");
            if allowed.is_false() {
                continue;
            }
            out.fail(workload.object).fix(
                format_args!("{container}.securityContext.allowPrivilegeEscalation"),
                "false",
            );
        }
    }
}

/// A container may write to the file system it was started from. Ephemeral
/// containers cannot be changed any more, so there is nothing to fix in them.
pub(crate) fn mutable_file_system<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.all_containers() {
        let context = container.security_context();
        if context.at("readOnlyRootFilesystem").is_true() {
            continue;
        }
        let finding = out.fail(workload.object);
        if container.kind != ContainerKind::Ephemeral {
            finding.fix(
                format_args!("{container}.securityContext.readOnlyRootFilesystem"),
                "true",
            );
        }
    }
}
