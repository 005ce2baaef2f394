//! Strategic merge patches.

mod directive;
mod list;
mod order;

use kubescape_api::schema::{Merge, Schema};
use serde_json::{Map, Value};

use crate::typed::Type;
use crate::value::deeper;
use crate::{Error, Limits};
use directive::{DELETE_FROM, Directive, ORDER, RETAIN, cleaned};

/// Changes `object` by a strategic merge patch: as a merge patch, but lists
/// with a merge key in `schema` merge entry by entry, and directives
/// (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`)
/// are heeded. None of them ends up in the result.
///
/// Like kube-apiserver, new entries come before those that were there.
///
/// # Errors
///
/// [`Error::BadRequest`] when `patch` is no object or a directive or entry is
/// malformed, [`Error::Unprocessable`] when it does not fit the object,
/// [`Error::TooLarge`] when it nests too deeply.
pub fn strategic_merge(
    object: Value,
    patch: Value,
    schema: Schema,
    limits: &Limits,
) -> Result<Value, Error> {
    let Value::Object(patch) = patch else {
        let message = "cannot unmarshal patch: a strategic merge patch is an object".to_owned();
        return Err(Error::BadRequest(message));
    };
    let deep = |value: &Value| deeper(value, limits.depth);
    if patch.values().any(deep) || deep(&object) {
        return Err(limits.too_deep());
    }
    let Value::Object(object) = object else {
        let message = "cannot patch what is no object".to_owned();
        return Err(Error::Unprocessable(message));
    };
    let of = Type::new(schema, Merge::Atomic);
    merge_map(object, patch, of).map(Value::Object)
}

fn merge_map(
    mut object: Map<String, Value>,
    mut patch: Map<String, Value>,
    of: Type,
) -> Result<Map<String, Value>, Error> {
    match Directive::take(&mut patch)? {
        Some(Directive::Replace) => return Ok(cleaned(patch)),
        Some(Directive::Delete) => return Ok(Map::new()),
        Some(Directive::Merge) | None => {}
    }
    if let Some(retained) = patch.remove(RETAIN) {
        directive::retain(&mut object, &patch, &retained)?;
    }
    let orders = patch.keys().filter(|key| key.starts_with(ORDER));
    for key in orders.cloned().collect::<Vec<_>>() {
        let order = patch.remove(&key).unwrap_or_default();
        order::apply(&mut object, &mut patch, &key, order, of)?;
    }
    // What is deleted from a list goes before what is added to it.
    let deletions = patch.keys().filter(|key| key.starts_with(DELETE_FROM));
    for key in deletions.cloned().collect::<Vec<_>>() {
        let unwanted = patch.remove(&key).unwrap_or_default();
        directive::delete_from(&mut object, &key, unwanted)?;
    }
    for (key, value) in patch {
        merge_field(&mut object, key, value, of)?;
    }
    Ok(object)
}

fn merge_field(
    object: &mut Map<String, Value>,
    key: String,
    patch: Value,
    of: Type,
) -> Result<(), Error> {
    // A field that is deleted becomes empty, an entry of a map goes.
    let entry = matches!(of.schema(), Some(Schema::Map(_)));
    if patch.is_null() || (entry && directive::deletes(&patch)) {
        object.remove(&key);
        return Ok(());
    }
    let of = of.field(&key).1;
    let known = object.get_mut(&key).map(Value::take);
    let merged = match (known, patch) {
        (Some(Value::Object(object)), Value::Object(patch)) => {
            Value::Object(merge_map(object, patch, of)?)
        }
        (Some(Value::Array(items)), Value::Array(patch)) => {
            Value::Array(list::merge(items, patch, of)?)
        }
        (_, patch) => {
            let Some(value) = directive::clean(patch) else {
                object.remove(&key);
                return Ok(());
            };
            value
        }
    };
    object.insert(key, merged);
    Ok(())
}

/// How much of a patch an error quotes, in bytes.
const QUOTED: usize = 200;

/// A value as Go prints it in errors, cut: `map[name:a port:1]`, `[a b]`.
fn shown(value: &Value) -> String {
    let mut text = String::new();
    show(value, &mut text);
    if text.len() > QUOTED {
        text.truncate(text.floor_char_boundary(QUOTED));
        text.push('…');
    }
    text
}

fn show(value: &Value, text: &mut String) {
    match value {
        _ if text.len() > QUOTED => {}
        Value::Null => text.push_str("<nil>"),
        Value::String(value) => text.push_str(&value[..value.floor_char_boundary(QUOTED)]),
        Value::Array(items) => {
            text.push('[');
            for (number, item) in items.iter().enumerate().take(QUOTED) {
                text.push_str(if number > 0 { " " } else { "" });
                show(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push_str("map[");
            for (number, (key, value)) in fields.iter().enumerate().take(QUOTED) {
                text.push_str(if number > 0 { " " } else { "" });
                text.push_str(&key[..key.floor_char_boundary(QUOTED)]);
                text.push(':');
                show(value, text);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// The name of a value's type in Go, as errors give it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Says that a list was wanted.
fn no_list(value: &Value) -> Error {
    Error::BadRequest(format!(
        "expected a []interface {{}}, but received a {}",
        go_type(value)
    ))
}
