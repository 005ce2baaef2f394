//! Metadata as the rules look at it: of the right types, and without fields
//! that say nothing.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// The finalizer that keeps an object until its dependents are orphaned.
pub(super) const ORPHAN: &str = "orphan";
/// The finalizer that keeps an object until its dependents are deleted.
pub(super) const FOREGROUND: &str = "foregroundDeletion";

/// What an object without metadata has.
static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The JSON type of a field of metadata, and Go's name for it.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Integer,
    Texts,
    TextMap,
    Objects,
}

const FIELDS: [(&str, Type); 15] = [
    ("annotations", Type::TextMap),
    ("creationTimestamp", Type::Text),
    ("deletionGracePeriodSeconds", Type::Integer),
    ("deletionTimestamp", Type::Text),
    ("finalizers", Type::Texts),
    ("generateName", Type::Text),
    ("generation", Type::Integer),
    ("labels", Type::TextMap),
    ("managedFields", Type::Objects),
    ("name", Type::Text),
    ("namespace", Type::Text),
    ("ownerReferences", Type::Objects),
    ("resourceVersion", Type::Text),
    ("selfLink", Type::Text),
    ("uid", Type::Text),
];

impl Type {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Texts => all(value, Value::is_string),
            Self::Objects => all(value, Value::is_object),
            Self::TextMap => value
                .as_object()
                .is_some_and(|map| map.values().all(Value::is_string)),
        }
    }

    fn go(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Integer => "int64",
            Self::Texts => "[]string",
            Self::TextMap => "map[string]string",
            Self::Objects => "[]object",
        }
    }
}

fn all(value: &Value, fits: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(fits))
}

/// The metadata of an object; empty when there is none.
pub(super) fn of(object: &Value) -> &Map<String, Value> {
    let metadata = object.get("metadata").and_then(Value::as_object);
    metadata.unwrap_or(&NONE)
}

/// The metadata of an object, to change. Made if there is none; fields that say
/// nothing (null, empty) go, as they do when a real server reads an object.
pub(super) fn tidy(object: &mut Value) -> Result<&mut Map<String, Value>, Failure> {
    let Value::Object(fields) = object else {
        let message = "the object provided is unrecognized: it is no JSON object";
        return Err(Failure::bad_request(message));
    };
    let metadata = fields.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Value::Object(Map::new());
    }
    let Value::Object(metadata) = metadata else {
        return Err(wrong_type("metadata", "v1.ObjectMeta"));
    };
    for (name, kind) in FIELDS {
        let Some(value) = metadata.get_mut(name) else {
            continue;
        };
        if let (Type::TextMap, Value::Object(map)) = (kind, &mut *value) {
            // In Go a null is the empty text.
            for text in map.values_mut().filter(|text| text.is_null()) {
                *text = "".into();
            }
        }
        if says_nothing(value) {
            metadata.remove(name);
        } else if !kind.fits(value) {
            return Err(wrong_type(&format!("metadata.{name}"), kind.go()));
        }
    }
    Ok(metadata)
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn wrong_type(field: &str, go: &str) -> Failure {
    Failure::bad_request(format!(
        "json: cannot unmarshal: the field {field} must be of type {go}"
    ))
}

/// A text field; empty when it is not there.
pub(super) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> &'m str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list field.
pub(super) fn texts<'m>(
    map: &'m Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'m str> + use<'m> {
    let items = map.get(name).and_then(Value::as_array).into_iter();
    items.flatten().filter_map(Value::as_str)
}

/// A field as it was before, absent if it was.
pub(super) fn restore(metadata: &mut Map<String, Value>, old: &Map<String, Value>, name: &str) {
    match old.get(name) {
        Some(value) => {
            metadata.insert(name.to_owned(), value.clone());
        }
        None => {
            metadata.remove(name);
        }
    }
}
