//! Where the keys that encrypt secrets are.

use kubescape_engine::{Finding, Object, Out, Value};

use crate::node_data;

/// The API server encrypts with keys on its own disk, or not at all, instead
/// of asking a key management service outside the cluster.
pub(crate) fn no_key_service<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !node_data::is(object, "ControlPlaneInfo") {
        return;
    }
    let arena = out.arena;
    if let Some(config) = node_data::encryption_config(object, arena) {
        let resources = config.at("resources").items();
        if resources.iter().any(lacks_key_service) {
            let finding = out.fail(node_data::named_encryption_config(config, arena));
            finding.message("The encryption configuration uses no key management service");
            add_fixes(resources, finding);
        }
        return;
    }
    let command = object.value.dig(&["data", "APIServerInfo", "cmdLine"]);
    if command
        .as_str()
        .is_some_and(|command| !command.contains("--encryption-provider-config"))
    {
        let shown = node_data::excerpt(object, &["APIServerInfo", "cmdLine"], command, arena);
        out.fail(shown)
            .message("The API server does not encrypt secrets");
    }
}

fn lacks_key_service(resource: &Value<'_>) -> bool {
    !resource
        .at("providers")
        .items()
        .iter()
        .any(|provider| provider.at("kms").exists())
}

fn add_fixes(resources: &[Value<'_>], finding: &mut Finding<'_>) {
    for (index, resource) in resources.iter().enumerate() {
        if lacks_key_service(resource) {
            let next = resource.at("providers").items().len();
            finding.fix(
                format_args!("resources[{index}].providers[{next}].kms"),
                "YOUR_EXTERNAL_KMS",
            );
        }
    }
}
