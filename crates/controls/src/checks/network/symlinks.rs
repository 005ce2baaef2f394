//! CVE-2021-25741: containers that mount a part of a volume can reach the
//! node's files through a symbolic link.

use kubescape_engine::{Container, Corpus, Object, Out};

use crate::checks::kinds::workloads;
use crate::version::{Numbers, Version, is_before_repair};

/// A kubelet is of a vulnerable version, and the container mounts parts of volumes.
pub(crate) fn sub_path_mounts<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    if !corpus
        .of_kind("Node")
        .iter()
        .any(|node| is_vulnerable(node))
    {
        return;
    }
    for workload in workloads(corpus) {
        for container in workload.containers() {
            report(workload.object, container, out);
        }
    }
}

fn report<'a>(object: &'a Object<'a>, container: &Container<'a>, out: &mut Out<'a>) {
    let mounts = || container.at("volumeMounts").items().iter().enumerate();
    let keys = ["subPath", "subPathExpr"];
    if !mounts().any(|(_, mount)| keys.iter().any(|key| !mount.at(key).is_empty())) {
        return;
    }
    let finding = out.fail(object);
    finding.message(format_args!(
        "A node's kubelet has CVE-2021-25741 and container {} of {} {} mounts a part of a volume",
        container.name, object.kind, object.name
    ));
    for (index, mount) in mounts() {
        for key in keys {
            if !mount.at(key).is_empty() {
                finding.delete(format_args!("{container}.volumeMounts[{index}].{key}"));
            }
        }
    }
}

/// Releases of Kubernetes that repair it.
const REPAIRED: [Numbers; 4] = [(1, 19, 15), (1, 20, 11), (1, 21, 5), (1, 22, 2)];

fn is_vulnerable(node: &Object<'_>) -> bool {
    let path = ["status", "nodeInfo", "kubeletVersion"];
    let version = Version::find(node.value.dig(&path).str());
    version.is_some_and(|version| is_before_repair(version.numbers, &REPAIRED))
}
