//! Encryption of what the API server stores.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubescape_engine::{Arena, Object, Out, Value};
use kubescape_yaml::from_yaml;

use super::component::{Component, is_api_server};

const NODE_DATA: &str = "hostdata.kubescape.cloud";

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
        out.fail(named(config, out.arena));
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
    let finding = out.fail(named(config, out.arena));
    for (index, entry) in weak() {
        let place = entry.at("providers").items().len();
        finding.fix(
            format_args!("resources[{index}].providers[{place}]"),
            r#"{"aescbc" | "secretbox" | "kms" : <provider config>}"#,
        );
    }
}

fn is_control_plane_info(object: &Object<'_>) -> bool {
    object.kind == "ControlPlaneInfo" && object.group == NODE_DATA
}

/// The encryption configuration that a node agent found.
fn config_of<'a>(object: &'a Object<'a>, arena: &'a Arena) -> Option<Value<'a>> {
    if !is_control_plane_info(object) {
        return None;
    }
    let path = [
        "data",
        "APIServerInfo",
        "encryptionProviderConfigFile",
        "content",
    ];
    let content = object.value.dig(&path).as_str()?;
    let text = String::from_utf8(STANDARD.decode(content).ok()?).ok()?;
    from_yaml(arena.str(&text), arena)
        .ok()
        .flatten()
        .filter(|config| config.is_object())
}

/// The configuration with the name that it goes by in a finding.
fn named<'a>(config: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut entries = config.entries().to_vec();
    entries.push(("name", Value::Str("encryption-provider-config")));
    arena.object(&entries)
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
