//! Pods that share the node's namespaces or ports.

use kubescape_engine::{Out, Value, Workload};

use super::places;

/// The pod shares the node's network namespace.
pub(crate) fn host_network<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    shared(workload, "hostNetwork", out);
}

/// The pod sees and can signal the processes of the node.
pub(crate) fn host_pid<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    shared(workload, "hostPID", out);
}

/// The pod can reach the shared memory of the node's processes.
pub(crate) fn host_ipc<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    shared(workload, "hostIPC", out);
}

/// The pod shares the node's process or IPC namespace; a finding for each.
pub(crate) fn host_pid_or_ipc<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    host_pid(workload, out);
    host_ipc(workload, out);
}

fn shared<'a>(workload: &Workload<'a>, key: &str, out: &mut Out<'a>) {
    if workload.pod.at(key).is_true() {
        out.fail(workload.object)
            .delete(format_args!("{workload}.{key}"));
    }
}

/// A container claims ports of the node. One finding per container, with
/// every such port.
pub(crate) fn host_port<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.containers() {
        let is_of_node = |port: Value<'_>| !port.at("hostPort").is_nothing();
        let mut ports = places(container.at("ports").items(), is_of_node);
        if ports.peek().is_none() {
            continue;
        }
        let finding = out.fail(workload.object);
        for index in ports {
            finding.delete(format_args!("{container}.ports[{index}].hostPort"));
        }
    }
}
