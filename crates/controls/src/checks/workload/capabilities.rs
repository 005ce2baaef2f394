//! Linux capabilities that containers add or do not drop.

use kubescape_engine::{Container, Out, Value, Workload};

use super::places;

/// Whether `value` is the capability `name`, without regard to case and to the
/// prefix that the kernel uses and Kubernetes does not; container runtimes
/// accept all of these.
pub(super) fn is_capability(value: Value<'_>, name: &str) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let bare = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("CAP_") => &text[4..],
        _ => text,
    };
    bare.eq_ignore_ascii_case(name)
}

/// The capabilities that a container adds.
pub(super) fn added<'a>(container: &Container<'a>) -> &'a [Value<'a>] {
    let capabilities = container.security_context().at("capabilities");
    capabilities.at("add").items()
}

/// A container adds a capability from the user's list of dangerous ones. One
/// finding per container, with every such capability.
pub(crate) fn insecure<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let insecure = out.inputs.list("insecureCapabilities");
    for container in workload.all_containers() {
        let is_listed = |value| insecure.iter().any(|name| is_capability(value, name));
        let mut at = places(added(container), is_listed);
        if at.peek().is_none() {
            continue;
        }
        let finding = out.fail(workload.object);
        for index in at {
            finding.delete(format_args!(
                "{container}.securityContext.capabilities.add[{index}]"
            ));
        }
    }
}

/// A container may send raw packets, and so pretend to be another one: it does
/// not drop `NET_RAW`, or drops everything but adds it again.
pub(crate) fn net_raw_kept<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.containers() {
        let dropped = container.security_context().at("capabilities").at("drop");
        let drops = |name| has(dropped.items(), name);
        let path = "securityContext.capabilities";
        if !drops("ALL") && !drops("NET_RAW") {
            let next = dropped.items().len();
            out.fail(workload.object)
                .with_delete_list()
                .fix(format_args!("{container}.{path}.drop[{next}]"), "NET_RAW");
        } else if drops("ALL") && has(added(container), "NET_RAW") {
            out.fail(workload.object)
                .delete(format_args!("{container}.{path}.add"));
        }
    }
}

fn has(capabilities: &[Value<'_>], name: &str) -> bool {
    capabilities.iter().any(|value| is_capability(*value, name))
}
