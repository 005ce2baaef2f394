//! Encryption of what the API server stores.

use kubescape_engine::{Arena, Object, Out, Value};

use super::component::{Component, is_api_server};
use crate::node_data;

/// Providers that a benchmark accepts.
const APPROVED: [&str; 3] = ["aescbc", "kms", "secretbox"];

/// The API server has no file that says what to encrypt, or the file, as a
/// node agent read it, leaves Secrets out.
pub(crate) fn provider_config<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const FLAG: &str = "encryption-provider-config";
    if let Some(component) = Component::api_server(object) {
        if component.flag(FLAG).is_none() {
            let value = format_args!("--{FLAG}=<path/to/encryption-config.yaml>");
            out.fail(object).fix(component.end(0), value);
        }
    } else if let Some(config) = config_of(object, out.arena)
        && !config.at("resources").items().iter().any(covers_secrets)
    {
        out.fail(node_data::named_encryption_config(config, out.arena));
    }
}

/// Whether [`provider_config`] judges this object.
pub(crate) fn has_provider_config(object: &Object<'_>) -> bool {
    is_control_plane_info(object) || is_api_server(object)
}

/// Some resources are encrypted by none of the providers that protect well.
pub(crate) fn weak_providers<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(config) = config_of(object, out.arena) else {
        return;
    };
    let weak = || {
        let resources = config.at("resources").items().iter().enumerate();
        resources.filter(|(_, entry)| !is_protected(**entry))
    };
    if weak().next().is_none() {
        return;
    }
    let finding = out.fail(node_data::named_encryption_config(config, out.arena));
    for (index, entry) in weak() {
        let place = entry.at("providers").items().len();
        finding.fix(
            format_args!("resources[{index}].providers[{place}]"),
            r#"{"aescbc" | "secretbox" | "kms" : <provider config>}"#,
        );
    }
}

fn is_control_plane_info(object: &Object<'_>) -> bool {
    node_data::is(object, "ControlPlaneInfo")
}

/// The encryption configuration that a node agent found.
fn config_of<'a>(object: &Object<'a>, arena: &'a Arena) -> Option<Value<'a>> {
    is_control_plane_info(object)
        .then(|| node_data::encryption_config(object, arena))
        .flatten()
        .filter(|config| config.is_object())
}

/// Whether an entry of the configuration covers Secrets, by name or by one of
/// the two patterns that include the core group.
fn covers_secrets(entry: &Value<'_>) -> bool {
    let mut resources = entry.at("resources").strs();
    resources.any(|resource| matches!(resource, "secrets" | "*." | "*.*"))
}

fn is_protected(entry: Value<'_>) -> bool {
    let mut providers = entry.at("providers").items().iter();
    providers.any(|provider| APPROVED.iter().any(|name| provider.at(name).exists()))
}
