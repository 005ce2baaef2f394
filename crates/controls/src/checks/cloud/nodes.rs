//! What runs the nodes.

use kubescape_engine::{Corpus, Object, Out};

use crate::version::Version;

/// The minors of Kubernetes that get patches, oldest first, as of 24 November
/// 2026 (<https://kubernetes.io/releases/>: 1.34 ended on 27 October 2026).
/// To be renewed with every release of Kubernetes.
const SUPPORTED_KUBERNETES: [(u32, u32); 3] = [(1, 35), (1, 36), (1, 37)];

/// What operating systems made for containers call themselves.
const CONTAINER_SYSTEMS: [&str; 2] = ["Bottlerocket", "Container-Optimized OS"];

/// The node runs a general-purpose operating system.
pub(crate) fn general_purpose_system<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "Node" {
        return;
    }
    let Some(system) = object
        .value
        .dig(&["status", "nodeInfo", "osImage"])
        .as_str()
    else {
        return;
    };
    if !CONTAINER_SYSTEMS.iter().any(|name| system.contains(name)) {
        out.fail(object)
            .review("status.nodeInfo.osImage")
            .message(format_args!(
                "The node runs {system}, which is not made for containers alone"
            ));
    }
}

/// The node's kubelet belongs to a minor that gets no patches any more. A
/// minor newer than the list is not outdated; the list is.
pub(crate) fn outdated_kubernetes<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "Node" {
        return;
    }
    let path = ["status", "nodeInfo", "kubeletVersion"];
    let text = object.value.dig(&path).str();
    let Some(version) = Version::parse(text) else {
        return;
    };
    let (major, minor, _) = version.numbers;
    if (major, minor) < SUPPORTED_KUBERNETES[0] {
        out.fail(object)
            .review("status.nodeInfo.kubeletVersion")
            .message(format_args!(
                "Kubelet {text} of node {} gets no patches any more",
                object.name
            ));
    }
}

/// There are nodes, and none of them is Fargate's, which calls its nodes
/// `fargate-…`. All nodes are at fault together.
pub(crate) fn no_fargate<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let nodes = corpus.of_kind("Node");
    if nodes.iter().any(|node| node.name.starts_with("fargate")) {
        return;
    }
    let Some((first, others)) = nodes.split_first() else {
        return;
    };
    let finding = out.fail(*first);
    for node in others {
        finding.and_about(*node);
    }
    finding.message("No node isolates its pods with Fargate");
}
