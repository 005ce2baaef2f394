//! Deletion. (`apiserver/pkg/registry/generic/registry/store.go`)

use std::collections::BTreeSet;

use serde_json::Value;

use super::meta::{FOREGROUND, ORPHAN, of, text, texts};
use crate::failure::Failure;
use crate::options::{DeleteOptions, Preconditions, Propagation};

/// What a deletion comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Remove the object now.
    Remove,
    /// Store the object, now marked as being deleted: finalizers remain.
    Keep,
    /// Finalizers remain and the object was marked before: nothing to store.
    Unchanged,
}

/// Marks an object as being deleted, if it cannot go at once. `now` is RFC 3339
/// with seconds and `Z`.
pub fn begin_delete(object: &mut Value, now: &str, options: &DeleteOptions) -> Deletion {
    let metadata = of(object);
    let before: Vec<&str> = texts(metadata, "finalizers").collect();
    let after = finalizers(&before, options);
    if after.is_empty() {
        return Deletion::Remove;
    }
    let same = before.iter().collect::<BTreeSet<_>>() == after.iter().collect::<BTreeSet<_>>();
    let deleted = text(metadata, "deletionTimestamp");
    // Times of one form compare as texts.
    let marked = !deleted.is_empty() && deleted <= now;
    let grace = metadata.get("deletionGracePeriodSeconds");
    if same && marked && grace.and_then(Value::as_i64) == Some(0) {
        return Deletion::Unchanged;
    }
    let first = deleted.is_empty();
    let generation = metadata.get("generation").and_then(Value::as_i64);
    let after: Value = after.into();
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        // There were finalizers, so there is metadata.
        return Deletion::Remove;
    };
    if !same {
        metadata.insert("finalizers".to_owned(), after);
    }
    if let Some(generation) = generation.filter(|generation| first && *generation > 0) {
        let next = generation.saturating_add(1);
        metadata.insert("generation".to_owned(), next.into());
    }
    if !marked {
        metadata.insert("deletionTimestamp".to_owned(), now.into());
    }
    metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
    Deletion::Keep
}

/// The finalizers once the garbage collector's two are set as asked for. An
/// explicit wish beats those that are there. (`deletionFinalizersForGarbageCollection`)
fn finalizers<'f>(before: &[&'f str], options: &DeleteOptions) -> Vec<&'f str> {
    let policy = match (options.orphan_dependents, options.propagation) {
        (Some(true), _) => Some(Propagation::Orphan),
        (Some(false), _) => Some(Propagation::Background),
        (None, policy) => policy,
    };
    let policy = policy.or_else(|| {
        before.iter().find_map(|finalizer| match *finalizer {
            ORPHAN => Some(Propagation::Orphan),
            FOREGROUND => Some(Propagation::Foreground),
            _ => None,
        })
    });
    let others = before
        .iter()
        .filter(|finalizer| !matches!(**finalizer, ORPHAN | FOREGROUND));
    let mut after: Vec<&str> = others.copied().collect();
    match policy {
        Some(Propagation::Orphan) => after.push(ORPHAN),
        Some(Propagation::Foreground) => after.push(FOREGROUND),
        Some(Propagation::Background) | None => {}
    }
    after
}

/// Whether an object that is being deleted has no finalizers left: an update
/// that brings it there removes it.
pub fn is_released(object: &Value) -> bool {
    let metadata = of(object);
    !text(metadata, "deletionTimestamp").is_empty()
        && texts(metadata, "finalizers").next().is_none()
}

/// Sees that an object is as the request demands.
///
/// # Errors
///
/// 409 that says what differs.
pub fn check_preconditions(
    wanted: &Preconditions,
    uid: &str,
    resource_version: u64,
    group: &str,
    resource: &str,
    name: &str,
) -> Result<(), Failure> {
    let conflict = |why: &str| Err(Failure::conflict(group, resource, name, why));
    if let Some(wanted) = wanted.uid.as_deref()
        && wanted != uid
    {
        return conflict(&format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        ));
    }
    if let Some(wanted) = wanted.resource_version.as_deref()
        && wanted != resource_version.to_string()
    {
        return conflict(&format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({resource_version}). The object might have been modified"
        ));
    }
    Ok(())
}
