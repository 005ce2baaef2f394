//! Gives an object the form in which Kubernetes' Go types would write it:
//! fields that are always there appear, empty optional ones go.

use serde_json::{Map, Value};

use crate::inspect::DEEPEST;
use crate::schema::{Object, Presence, Schema};

/// Gives `value` its canonical form. Fields of the wrong type stay as they
/// are, for validation to name; unknown fields stay, so that what a newer
/// client writes survives. Running it twice changes nothing more.
pub(crate) fn normalize(schema: Schema, value: &mut Value) {
    shape(schema, value, 0);
}

/// Drops the fields that no schema knows, as a decoder into Go types would.
pub(crate) fn prune(schema: Schema, value: &mut Value) {
    match (schema, value) {
        (Schema::Object(object), Value::Object(fields)) => {
            fields.retain(|name, value| {
                let field = object.field(name);
                if let Some(field) = field {
                    prune(field.schema, value);
                }
                field.is_some()
            });
        }
        (Schema::OrString(inner), value) => prune(*inner, value),
        (Schema::List(item) | Schema::ListOrOne(item), Value::Array(items)) => {
            for value in items {
                prune(*item, value);
            }
        }
        (Schema::Map(item), Value::Object(entries)) => {
            for value in entries.values_mut() {
                prune(*item, value);
            }
        }
        _ => {}
    }
}

fn shape(schema: Schema, value: &mut Value, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    if value.is_null() {
        *value = schema.zero();
    }
    match (schema, &mut *value) {
        (Schema::Object(object), Value::Object(fields)) => shape_object(object, fields, depth),
        (Schema::OrString(inner), value) => shape(*inner, value, depth),
        (Schema::List(item) | Schema::ListOrOne(item), Value::Array(items)) => {
            for value in items {
                shape(*item, value, depth + 1);
            }
        }
        (Schema::ListOrOne(_), Value::String(text)) => {
            let text = std::mem::take(text);
            *value = match text.as_str() {
                "" => Value::Null,
                _ => Value::Array(vec![Value::String(text)]),
            };
        }
        (Schema::Map(item), Value::Object(entries)) => {
            for value in entries.values_mut() {
                shape(*item, value, depth + 1);
            }
        }
        _ => {}
    }
}

fn shape_object(object: &'static Object, fields: &mut Map<String, Value>, depth: usize) {
    for field in object.all_fields() {
        match (field.presence, fields.get_mut(field.name)) {
            (Presence::Always, None) => {
                let mut value = Value::Null;
                shape(field.schema, &mut value, depth + 1);
                fields.insert(field.name.to_owned(), value);
            }
            (Presence::Nullable, None) => {
                fields.insert(field.name.to_owned(), Value::Null);
            }
            (Presence::Nullable, Some(Value::Null)) | (_, None) => {}
            (Presence::Optional, Some(Value::Null)) => {
                fields.remove(field.name);
            }
            (Presence::Always | Presence::Nullable | Presence::Optional, Some(value)) => {
                shape(field.schema, value, depth + 1);
            }
            (Presence::Omitted, Some(value)) => {
                // Twice: shaping can empty an object, and would fill an empty one.
                let mut empty = is_empty(value);
                if !empty {
                    shape(field.schema, value, depth + 1);
                    empty = is_empty(value);
                }
                if empty {
                    fields.remove(field.name);
                }
            }
        }
    }
}

/// Whether Go's `omitempty` would leave it out; an object only when it is `{}`.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
