//! Network plugins.

use kubescape_engine::{Object, Out};

use crate::node_data;

/// Plugins that connect pods but, left to themselves, ignore network policies.
const WITHOUT_POLICIES: [&str; 2] = ["Flannel", "aws"];

/// Plugins that enforce network policies, also for another plugin's pods.
const WITH_POLICIES: [&str; 3] = ["Calico", "Cilium", "WeaveNet"];

/// The node's network plugin does not enforce network policies, and no other
/// one does it in its place.
pub(crate) fn no_network_policies<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !node_data::is(object, "CNIInfo") {
        return;
    }
    let plugins = object.at("data").at("CNINames");
    let any_of = |known: &[&str]| plugins.strs().any(|plugin| known.contains(&plugin));
    if any_of(&WITHOUT_POLICIES) && !any_of(&WITH_POLICIES) {
        let shown = node_data::excerpt(object, &["CNINames"], plugins, out.arena);
        let name = plugins
            .strs()
            .find(|plugin| WITHOUT_POLICIES.contains(plugin));
        out.fail(shown).message(format_args!(
            "The network plugin {} does not enforce network policies",
            name.unwrap_or_default()
        ));
    }
}
