//! Server-side apply, and the bookkeeping of all other writes.

use kubescape_api::schema::Schema;
use serde_json::Value;

use crate::Error;

/// Makes the fields of `config` so in `live`, and `manager` their owner:
/// server-side apply. What `manager` applied before and no longer does goes,
/// unless others own it too. Without `live` the object is made from `config`.
///
/// The result has the new `metadata.managedFields`; it equals `live` when
/// nothing changes, times included. `now` is RFC 3339 in whole seconds and UTC.
/// Neither object is validated; `metadata.name` and the like are the caller's.
///
/// # Errors
///
/// [`Error::Conflict`] when others own fields that would change and `force` is
/// off, [`Error::BadRequest`] when `config` is of another `apiVersion`, has
/// `metadata.managedFields`, repeats a key in a list, or has values that do not
/// fit the schema.
pub fn apply(
    live: Option<&Value>,
    config: &Value,
    schema: Schema,
    manager: &str,
    force: bool,
    now: &str,
) -> Result<Value, Error> {
    let _ = (live, config, schema, manager, force, now);
    Err(Error::BadRequest(String::new()))
}

/// Gives `new`, which a create, update or patch other than apply is about to
/// write over `live`, its `metadata.managedFields`: `manager` owns by operation
/// `Update` what differs from `live`, and others lose it.
///
/// What `new` says in `metadata.managedFields` is the ownership before the
/// write, as clients send back what they read; absent, null or unreadable, that
/// of `live` counts; `[]` and `[{}]` forget all owners, and then nobody is
/// recorded. Never fails: ownership is a service, not a condition. `now` as for
/// [`apply`].
pub fn track_update(
    live: Option<&Value>,
    new: Value,
    schema: Schema,
    manager: &str,
    now: &str,
) -> Value {
    let _ = (live, schema, manager, now);
    new
}
