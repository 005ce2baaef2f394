//! The server's version as an object that controls read.

use serde_json::{Value as Json, json};

/// Its group and kind.
pub(crate) const SERVER_INFO: (&str, &str) = ("apiserverinfo.kubescape.cloud", "APIServerInfo");

/// The object.
pub(crate) fn server_info(version: &Json, provider: Option<&str>) -> String {
    let object = json!({
        "apiVersion": format!("{}/v1beta0", SERVER_INFO.0),
        "kind": SERVER_INFO.1,
        "metadata": {"name": "version", "provider": provider.unwrap_or_default()},
        "data": version,
    });
    object.to_string()
}
