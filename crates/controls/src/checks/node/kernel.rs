//! Vulnerable kernels.

use kubescape_engine::{Corpus, Object, Out, Value};

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
        if variables.group != "hostdata.kubescape.cloud" || !allows_user_namespaces(variables) {
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

/// Came with 5.1, was repaired in 5.16.2 and in these stable releases.
const REPAIRED: [[u32; 3]; 3] = [[5, 4, 173], [5, 10, 93], [5, 15, 16]];

/// Azure's kernels for Ubuntu have a numbering of their own: they kept 5.4.0
/// and took code of later releases, up to this build, which repaired it.
const AZURE_REPAIRED: u32 = 1067;

fn is_vulnerable(version: &str) -> bool {
    let mut numbers = version
        .split(|letter: char| !letter.is_ascii_digit())
        .map_while(|part| part.parse().ok());
    let mut next = || numbers.next().unwrap_or(0u32);
    let release = [next(), next(), next()];
    if !([5, 1, 0]..[5, 16, 2]).contains(&release) {
        return false;
    }
    if version.ends_with("-azure") && release == [5, 4, 0] {
        return next() < AZURE_REPAIRED;
    }
    let repaired = |stable: &[u32; 3]| release[..2] == stable[..2] && release[2] >= stable[2];
    !REPAIRED.iter().any(repaired)
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
