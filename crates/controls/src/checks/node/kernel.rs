//! Vulnerable kernels.

use kubescape_engine::{Corpus, Object, Out, Value};

use crate::node_data;
use crate::version::{Numbers, Version, leading_number};

/// Nodes that run Linux.
pub(crate) fn is_linux_node(object: &Object<'_>) -> bool {
    object.kind == "Node"
        && object.group.is_empty()
        && !object
            .value
            .dig(&["status", "nodeInfo", "operatingSystem"])
            .is("windows")
}

/// CVE-2022-0185: a heap overflow in the file system context, which takes any
/// process that may make a user namespace out of its container.
pub(crate) fn fs_context_overflow<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for variables in corpus.of_kind("LinuxKernelVariables") {
        if variables.group != node_data::GROUP || !allows_user_namespaces(variables) {
            continue;
        }
        // Nodes have no namespace, which the index takes for `default`.
        let node = corpus.named("Node", "", variables.name);
        let Some(node) = node.filter(|node| is_linux_node(node)) else {
            continue;
        };
        let version = node.value.dig(&["status", "nodeInfo", "kernelVersion"]);
        if !is_vulnerable(version.str()) {
            continue;
        }
        let shown = out.arena.object(&[
            ("kernelVersion", version),
            ("kind", Value::Str("Node")),
            ("name", Value::Str(node.name)),
            ("namespace", Value::Str("")),
            ("relatedObjects", out.arena.array(&[variables.value])),
        ]);
        out.fail(shown)
            .review("kernelVersion")
            .message(format_args!(
                "The kernel {} of node {} is vulnerable to CVE-2022-0185",
                version.str(),
                node.name
            ));
    }
}

/// Kernels without the switch allow user namespaces to everybody.
fn allows_user_namespaces(variables: &Object<'_>) -> bool {
    let mut variables = variables.at("data").items().iter();
    let switch = variables.find(|variable| variable.at("key").is("unprivileged_userns_clone"));
    switch.is_none_or(|switch| switch.at("value").str().trim() != "0")
}

/// The first release with the flaw.
const INTRODUCED: Numbers = (5, 1, 0);

/// The first release without it, and the stable ones that repair it.
const REPAIRED: [Numbers; 4] = [(5, 4, 173), (5, 10, 93), (5, 15, 16), (5, 16, 2)];

/// Azure's kernels for Ubuntu have a numbering of their own: they kept 5.4.0
/// and took code of later releases, up to this build, which repaired it.
const AZURE_REPAIRED: u32 = 1067;

fn is_vulnerable(text: &str) -> bool {
    let Some(version) = Version::parse(text) else {
        return false;
    };
    if version.rest.ends_with("-azure") && version.numbers == (5, 4, 0) {
        let build = version.rest.strip_prefix('-').and_then(leading_number);
        return build.is_none_or(|(build, _)| build < AZURE_REPAIRED);
    }
    let repaired = |stable: &Numbers| {
        let (major, minor, patch) = version.numbers;
        (major, minor) == (stable.0, stable.1) && patch >= stable.2
    };
    let [.., last] = REPAIRED;
    (INTRODUCED..last).contains(&version.numbers) && !REPAIRED.iter().any(repaired)
}

#[cfg(test)]
mod tests {
    use super::is_vulnerable;

    #[test]
    fn releases_before_and_after_are_safe() {
        for safe in [
            "4.19.0-18-amd64",
            "5.0.21",
            "5.4.173",
            "5.10.93-87.444.amzn2.x86_64",
            "5.15.16",
            "5.16.2",
            "6.1.0",
            "",
            "x",
        ] {
            assert!(!is_vulnerable(safe), "{safe}");
        }
        for vulnerable in [
            "5.1.0",
            "5.4.0-96-generic",
            "5.10.92",
            "5.15.15",
            "5.16.1",
            "5.4.0-1059-azure",
        ] {
            assert!(is_vulnerable(vulnerable), "{vulnerable}");
        }
    }
}
