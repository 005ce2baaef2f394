//! JSON merge patches (RFC 7386).

use serde_json::{Map, Value};

use crate::value::deeper;
use crate::{Error, Limits};

/// Changes `object` by a JSON merge patch (RFC 7386): fields of the patch
/// replace those of the object, null removes, objects merge.
///
/// # Errors
///
/// [`Error::BadRequest`] when `patch` is no object, [`Error::TooLarge`] when it
/// nests too deeply.
pub fn merge_patch(mut object: Value, patch: Value, limits: &Limits) -> Result<Value, Error> {
    let Value::Object(fields) = patch else {
        return Err(Error::BadRequest("Invalid JSON Patch".to_owned()));
    };
    if fields.values().any(|value| deeper(value, limits.depth)) {
        return Err(limits.too_deep());
    }
    merge(&mut object, fields);
    Ok(object)
}

fn merge(target: &mut Value, patch: Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (key, value) in patch {
        match value {
            Value::Null => {
                fields.remove(&key);
            }
            Value::Object(patch) => merge(fields.entry(key).or_insert(Value::Null), patch),
            value => {
                fields.insert(key, value);
            }
        }
    }
}
