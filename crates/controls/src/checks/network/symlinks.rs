//! CVE-2021-25741: containers that mount a part of a volume can reach the
//! node's files through a symbolic link.

use kubescape_engine::{Container, Corpus, Object, Out};

use super::image_versions::Version;
use crate::checks::kinds::workloads;

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

/// Fixed in 1.19.15, 1.20.11, 1.21.5 and 1.22.2.
fn is_vulnerable(node: &Object<'_>) -> bool {
    let text = node
        .value
        .dig(&["status", "nodeInfo", "kubeletVersion"])
        .str();
    match Version::find(text) {
        Some(Version {
            major: 1,
            minor,
            patch,
            ..
        }) => match minor {
            0..=18 => true,
            19 => patch < 15,
            20 => patch < 11,
            21 => patch < 5,
            22 => patch < 2,
            _ => false,
        },
        _ => false,
    }
}
