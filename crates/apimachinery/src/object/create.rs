//! Creation.

use serde_json::Value;

use crate::failure::Failure;

/// What the caller knows of a creation.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// The namespace of the path; `None` for cluster-scoped kinds.
    pub namespace: Option<&'a str>,
    /// The name of the path, if it has one: an apply or update that creates.
    pub name: Option<&'a str>,
    /// A fresh uid.
    pub uid: &'a str,
    /// Now, as RFC 3339 with seconds and `Z`.
    pub now: &'a str,
    /// The suffix for `generateName` ([`crate::name::suffix`]).
    pub suffix: &'a str,
}

/// Sets what the server owns: name (from `generateName`), namespace, uid,
/// creationTimestamp, generation; clears what a client may not set. Then see
/// [`super::validate_meta`].
///
/// # Errors
///
/// 400 if this is no object, or for another namespace or name than the path's.
pub fn prepare_create(object: &mut Value, creation: &Creation<'_>) -> Result<(), Failure> {
    let _ = (object, creation);
    todo!()
}
