//! Deletion.

use serde_json::Value;

use crate::failure::Failure;
use crate::options::{DeleteOptions, Preconditions};

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
    let _ = (object, now, options);
    todo!()
}

/// Whether an object that is being deleted has no finalizers left: an update
/// that brings it there removes it.
pub fn is_released(object: &Value) -> bool {
    let _ = object;
    todo!()
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
    let _ = (wanted, uid, resource_version, group, resource, name);
    todo!()
}
