//! The metadata service of the cloud.

use kubescape_engine::{Object, Out};

use crate::node_data;

/// The node, and so every pod that can reach what the node can, may ask the
/// cloud's metadata service for credentials.
pub(crate) fn metadata_reachable<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !node_data::is(object, "CloudProviderInfo") {
        return;
    }
    if object.at("data").at("providerMetaDataAPIAccess").is_true() {
        out.fail(object)
            .review("data.providerMetaDataAPIAccess")
            .message(format_args!(
                "The node {} reaches the cloud's metadata service",
                object.name
            ));
    }
}
