//! Name and namespace: those of the object must be those of the path.

use serde_json::{Map, Value};

use super::meta::text;
use crate::failure::Failure;

/// An absent namespace becomes that of the path; a cluster-scoped object loses
/// its own. (`EnsureObjectNamespaceMatchesRequestNamespace`)
pub(super) fn match_namespace(
    metadata: &mut Map<String, Value>,
    namespace: Option<&str>,
) -> Result<(), Failure> {
    let Some(namespace) = namespace else {
        metadata.remove("namespace");
        return Ok(());
    };
    match text(metadata, "namespace") {
        own if own == namespace => Ok(()),
        "" => {
            metadata.insert("namespace".to_owned(), namespace.into());
            Ok(())
        }
        _ => Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
    }
}

/// (`checkName` in `apiserver/pkg/endpoints/handlers/rest.go`)
pub(super) fn match_name(metadata: &Map<String, Value>, name: &str) -> Result<(), Failure> {
    match text(metadata, "name") {
        own if own == name => Ok(()),
        "" => Err(Failure::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        own => Err(Failure::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            &own[..own.floor_char_boundary(256)]
        ))),
    }
}
