//! Fields of a patch that say how to merge.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{no_list, shown};
use crate::Error;
use crate::value::Scalar;

/// Says what happens to the object or entry that it is in.
pub(super) const MARKER: &str = "$patch";
/// Lists the only fields that stay.
pub(super) const RETAIN: &str = "$retainKeys";
/// Before the name of a list whose order it gives.
pub(super) const ORDER: &str = "$setElementOrder";
/// Before the name of a list that it takes scalars out of.
pub(super) const DELETE_FROM: &str = "$deleteFromPrimitiveList";

/// What happens to an object or an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// The patch takes its place; in a list, that of all entries.
    Replace,
    /// It goes.
    Delete,
    /// It is merged with, as without a directive.
    Merge,
}

impl Directive {
    /// Takes the directive out of a patch.
    pub(super) fn take(patch: &mut Map<String, Value>) -> Result<Option<Self>, Error> {
        let Some(given) = patch.get(MARKER) else {
            return Ok(None);
        };
        let directive = match given.as_str() {
            Some("replace") => Self::Replace,
            Some("delete") => Self::Delete,
            Some("merge") => Self::Merge,
            _ => {
                let given = shown(given);
                let whole = shown(&Value::Object(std::mem::take(patch)));
                let message = format!("unknown patch type: {given} in map: {whole}");
                return Err(Error::BadRequest(message));
            }
        };
        patch.remove(MARKER);
        Ok(Some(directive))
    }
}

/// The field that `$setElementOrder/field` and the like are about.
pub(super) fn field<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    key.strip_prefix(prefix)?.strip_prefix('/')
}

/// Drops the fields that `$retainKeys` does not list.
pub(super) fn retain(
    object: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    retained: &Value,
) -> Result<(), Error> {
    let malformed = || Error::BadRequest("invalid patch format of retainKeys".to_owned());
    let retained = retained.as_array().ok_or_else(malformed)?;
    let retained: HashSet<&str> = retained.iter().filter_map(Value::as_str).collect();
    let mut given = patch.iter().filter(|(key, value)| {
        !value.is_null() && !key.starts_with(DELETE_FROM) && !key.starts_with(ORDER)
    });
    if !given.all(|(key, _)| retained.contains(key.as_str())) {
        return Err(malformed());
    }
    object.retain(|key, _| retained.contains(key.as_str()));
    Ok(())
}

/// Takes scalars out of a list.
pub(super) fn delete_from(
    object: &mut Map<String, Value>,
    key: &str,
    unwanted: Value,
) -> Result<(), Error> {
    let malformed = || Error::BadRequest("invalid patch format of primitive list".to_owned());
    let field = field(key, DELETE_FROM).ok_or_else(malformed)?;
    let unwanted = match unwanted {
        Value::Array(unwanted) => unwanted,
        Value::Null => {
            object.remove(field);
            return Ok(());
        }
        other => return Err(no_list(&other)),
    };
    if unwanted.iter().any(|one| one.is_array() || one.is_object()) {
        return Err(malformed());
    }
    if let Some(Value::Array(items)) = object.get_mut(field) {
        let unwanted: HashSet<Scalar> = unwanted.into_iter().map(Scalar).collect();
        let scalar = |item: &Value| !item.is_array() && !item.is_object();
        // Lent and given back: the set looks up what it would own.
        items.retain_mut(|item| {
            if !scalar(item) {
                return true;
            }
            let one = Scalar(std::mem::take(item));
            let stays = !unwanted.contains(&one);
            *item = one.0;
            stays
        });
    }
    Ok(())
}

/// Whether a patch says to delete what it is about.
pub(super) fn deletes(patch: &Value) -> bool {
    patch.get(MARKER).and_then(Value::as_str) == Some("delete")
}

/// What a patch means where there is nothing to merge with: without nulls and
/// directives; `None` when it deletes.
pub(super) fn clean(patch: Value) -> Option<Value> {
    match patch {
        patch if deletes(&patch) => None,
        Value::Object(fields) => Some(Value::Object(cleaned(fields))),
        Value::Array(items) => Some(Value::Array(
            items.into_iter().filter_map(clean_entry).collect(),
        )),
        value => Some(value),
    }
}

/// An entry of a list; one that only says to replace the list goes.
pub(super) fn clean_entry(entry: Value) -> Option<Value> {
    match &entry {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key(MARKER) => None,
        _ => clean(entry),
    }
}

/// The fields of an object as [`clean`] leaves them.
pub(super) fn cleaned(fields: Map<String, Value>) -> Map<String, Value> {
    let fields = fields.into_iter().filter(|(key, value)| {
        let directive = key == MARKER || key == RETAIN;
        let listed = key.starts_with(ORDER) || key.starts_with(DELETE_FROM);
        !value.is_null() && !directive && !listed
    });
    fields
        .filter_map(|(key, value)| Some((key, clean(value)?)))
        .collect()
}
