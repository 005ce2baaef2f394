//! Stored texts, and the `resourceVersion` that is put into them on the way out.

use serde_json::Value;

/// An object as it is stored: without `metadata.resourceVersion`, which only
/// the commit knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The whole object as JSON.
    pub body: Vec<u8>,
    /// Its `metadata` as JSON.
    pub metadata: String,
}

/// Writes an object for the store.
pub fn store_form(object: &Value) -> Stored {
    let _ = object;
    todo!()
}

/// Appends a stored body to `out` with its version put in, without parsing it:
/// only what stands before `metadata` is looked at. Whether that worked; `out`
/// is unchanged if not (the body is no JSON object with a `metadata` object).
#[must_use]
pub fn splice_resource_version(body: &[u8], resource_version: u64, out: &mut Vec<u8>) -> bool {
    let _ = (body, resource_version, out);
    todo!()
}

/// Appends a `PartialObjectMetadata` made of stored metadata. Whether that
/// worked; `out` is unchanged if not.
#[must_use]
pub fn partial_metadata(
    metadata: &str,
    resource_version: u64,
    beta: bool,
    out: &mut Vec<u8>,
) -> bool {
    let _ = (metadata, resource_version, beta, out);
    todo!()
}
