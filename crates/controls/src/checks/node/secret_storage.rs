//! Where the keys that encrypt secrets are.

use kubescape_engine::{Arena, Finding, Object, Out, Value};

use super::host;

/// The API server encrypts with keys on its own disk, or not at all, instead
/// of asking a key management service outside the cluster.
pub(crate) fn no_key_service<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !host::is(object, "ControlPlaneInfo") {
        return;
    }
    let server = object.at("data").at("APIServerInfo");
    let file = server.at("encryptionProviderConfigFile");
    let arena = out.arena;
    let config = host::file_text(file, arena).and_then(|text| host::parse(text, arena));
    if let Some(config) = config {
        let resources = config.at("resources").items();
        if resources.iter().any(lacks_key_service) {
            let finding = out.fail(named(config, arena));
            finding.message("The encryption configuration uses no key management service");
            add_fixes(resources, finding);
        }
        return;
    }
    let command = server.at("cmdLine");
    if command
        .as_str()
        .is_some_and(|command| !command.contains("--encryption-provider-config"))
    {
        let shown = host::excerpt(object, &["APIServerInfo", "cmdLine"], command, arena);
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

/// The configuration has no name of its own, and the report needs one.
fn named<'a>(config: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut entries = config.entries().to_vec();
    entries.push(("name", Value::Str("encryption-provider-config")));
    arena.object(&entries)
}
