//! Creation. (`apiserver/pkg/registry/rest/create.go`, `meta.go`)

use serde_json::Value;

use super::meta::{text, tidy};
use super::place::{match_name, match_namespace};
use crate::failure::Failure;
use crate::name::generate;

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
/// 400 if this is no object, its metadata is of wrong types, it has a
/// `resourceVersion`, or another namespace or name than the path.
pub fn prepare_create(object: &mut Value, creation: &Creation<'_>) -> Result<(), Failure> {
    let metadata = tidy(object)?;
    if !matches!(text(metadata, "resourceVersion"), "" | "0") {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Failure::bad_request(message));
    }
    match_namespace(metadata, creation.namespace)?;
    if let Some(name) = creation.name {
        match_name(metadata, name)?;
    }
    let base = text(metadata, "generateName");
    if text(metadata, "name").is_empty() && !base.is_empty() {
        let name = generate(base, creation.suffix);
        metadata.insert("name".to_owned(), name.into());
    }
    let cleared = [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
        "selfLink",
    ];
    for name in cleared {
        metadata.remove(name);
    }
    metadata.insert("uid".to_owned(), creation.uid.into());
    metadata.insert("creationTimestamp".to_owned(), creation.now.into());
    metadata.insert("generation".to_owned(), 1.into());
    Ok(())
}
