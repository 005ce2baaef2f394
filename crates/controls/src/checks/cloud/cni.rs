//! Network plugins of nodes.

use kubescape_engine::{Object, Out};

/// None of the node's network plugins enforces network policies.
pub(crate) fn no_network_policies<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "CNIInfo" {
        return;
    }
    let names = object.at("data").at("CNINames");
    if !names.contains_str("Calico") && !names.contains_str("Cilium") {
        out.fail(object)
            .message("No network plugin of the node enforces network policies");
    }
}
