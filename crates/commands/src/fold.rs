//! Keys without case, as upstream's decoder reads them and shipped bodies rely on.

use serde_json::{Map, Value};

/// The field of this name: written exactly, or else in another case. `null` is absent.
pub fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| {
            object
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
        .filter(|value| !value.is_null())
}

/// The field as a text; empty when it is absent.
///
/// # Errors
///
/// It is something else.
pub fn text_of<'a>(object: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Wrong> {
    match field(object, name) {
        None => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Wrong {
            field: name,
            wanted: "a text",
        }),
    }
}

/// A field of another type than documented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not {wanted}")]
pub struct Wrong {
    /// Which.
    pub field: &'static str,
    /// What it should be.
    pub wanted: &'static str,
}

/// The field as an object.
pub(crate) fn object_of<'a>(
    object: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a Map<String, Value>>, Wrong> {
    match field(object, name) {
        None => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(Wrong {
            field: name,
            wanted: "an object",
        }),
    }
}

/// The field as a list.
pub(crate) fn list_of<'a>(
    object: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a [Value], Wrong> {
    match field(object, name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Wrong {
            field: name,
            wanted: "a list",
        }),
    }
}

/// Takes a field out, whatever its case.
pub(crate) fn remove(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object
        .keys()
        .find(|key| *key == name)
        .or_else(|| object.keys().find(|key| key.eq_ignore_ascii_case(name)))?
        .clone();
    object.remove(&key)
}

/// Sets a field under this name, in place of any in another case.
pub(crate) fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    while remove(object, name).is_some() {}
    object.insert(name.to_owned(), value);
}
