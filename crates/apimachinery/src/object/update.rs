//! Updates. (`apiserver/pkg/registry/rest/update.go`)

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::meta::{of, restore, text, texts, tidy};
use super::place::{match_name, match_namespace};
use crate::causes::{forbidden, invalid_raw};
use crate::failure::{Cause, Failure};
use crate::quote::quote;

/// The place that a path names.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<&'a str>,
    /// The name.
    pub name: &'a str,
}

/// Keeps what the server owns as it was in `old` and counts `generation` up if
/// anything but `metadata` and `status` changed. Then see
/// [`super::validate_meta`] and [`validate_update`].
///
/// # Errors
///
/// 400 if this is no object, its metadata is of wrong types, or it has another
/// namespace or name than the path.
pub fn prepare_update(new: &mut Value, old: &Value, target: &Target<'_>) -> Result<(), Failure> {
    let generation = generation(new, old);
    let metadata = tidy(new)?;
    match_namespace(metadata, target.namespace)?;
    match_name(metadata, target.name)?;
    let before = of(old);
    metadata.remove("selfLink");
    metadata.insert("generation".to_owned(), generation.into());
    if text(metadata, "uid").is_empty() {
        restore(metadata, before, "uid");
    }
    restore(metadata, before, "creationTimestamp");
    if before.contains_key("deletionTimestamp") {
        restore(metadata, before, "deletionTimestamp");
    }
    if !metadata.contains_key("deletionGracePeriodSeconds") {
        restore(metadata, before, "deletionGracePeriodSeconds");
    }
    Ok(())
}

/// The generation after the update.
fn generation(new: &Value, old: &Value) -> i64 {
    let before = of(old).get("generation").and_then(Value::as_i64);
    let Some(before) = before else { return 1 };
    let changed = wanted(new) != wanted(old);
    before.saturating_add(i64::from(changed))
}

/// What an object is beside its metadata and status.
fn wanted(object: &Value) -> Vec<(&String, &Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status"))
        .collect()
}

/// Fields that an update must leave alone; the server has restored others.
const IMMUTABLE: [&str; 5] = [
    "name",
    "namespace",
    "uid",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// What an update may not do to metadata; after [`prepare_update`]. A patch
/// whose result lacks a `resourceVersion` gets that of the stored object first.
/// (`ValidateObjectMetaAccessorUpdate`)
pub fn validate_update(new: &Value, old: &Value) -> Vec<Cause> {
    let (new, old) = (of(new), of(old));
    let mut causes = Vec::new();
    if old.contains_key("deletionTimestamp") {
        causes.extend(new_finalizers(new, old));
    }
    if matches!(text(new, "resourceVersion"), "" | "0") {
        let why = "must be specified for an update";
        causes.push(invalid_raw("metadata.resourceVersion", 0, why));
    }
    for name in IMMUTABLE {
        if new.get(name) != old.get(name) {
            let value = match new.get(name) {
                None => "null".to_owned(),
                Some(Value::String(text)) => quote(text),
                Some(other) => other.to_string(),
            };
            let path = format!("metadata.{name}");
            causes.push(invalid_raw(&path, value, "field is immutable"));
        }
    }
    causes
}

/// (`ValidateNoNewFinalizers`)
fn new_finalizers(new: &Map<String, Value>, old: &Map<String, Value>) -> Option<Cause> {
    let old: BTreeSet<&str> = texts(old, "finalizers").collect();
    let extra: BTreeSet<&str> = texts(new, "finalizers")
        .filter(|finalizer| !old.contains(finalizer))
        .collect();
    if extra.is_empty() {
        return None;
    }
    let extra: Vec<String> = extra.into_iter().take(10).map(quote).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        extra.join(", ")
    );
    Some(forbidden("metadata.finalizers", &why))
}
