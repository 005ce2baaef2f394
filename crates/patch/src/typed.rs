//! What a schema says of a value to merging: where it is one thing, where its
//! parts have owners of their own.

use kubescape_api::schema::{Merge, Object, Presence, Schema};
use serde_json::{Map, Value};

use crate::managed::PathElement;
use crate::value::{Scalar, is_scalar};

/// Deepest nesting that is looked into; what is deeper is one thing.
pub(crate) const DEEPEST: usize = 256;

/// The type of a place in an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    /// `None` where nothing is known: then the value decides.
    schema: Option<Schema>,
    merge: Merge,
}

/// How the value at a place is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Not at all.
    Leaf,
    /// By field.
    Map,
    /// By entry, which this field tells apart.
    Keyed(&'static str),
    /// By entry, which is a scalar.
    Set,
}

impl Type {
    const UNKNOWN: Self = Self {
        schema: None,
        merge: Merge::Atomic,
    };

    pub(crate) fn new(schema: Schema, merge: Merge) -> Self {
        let schema = match schema {
            Schema::Any => None,
            Schema::OrString(inner) => return Self::new(*inner, merge),
            schema => Some(schema),
        };
        Self { schema, merge }
    }

    pub(crate) fn schema(self) -> Option<Schema> {
        self.schema
    }

    pub(crate) fn merge(self) -> Merge {
        self.merge
    }

    /// The fields that the schema names here.
    pub(crate) fn object(self) -> Option<&'static Object> {
        match self.schema {
            Some(Schema::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The name as the schema has it, when it names the field, and the type.
    pub(crate) fn field(self, name: &str) -> (Option<&'static str>, Self) {
        match self.schema {
            Some(Schema::Object(object)) => match object.field(name) {
                Some(field) => (Some(field.name), Self::new(field.schema, field.merge)),
                None => (None, Self::UNKNOWN),
            },
            Some(Schema::Map(value)) => (None, Self::new(*value, Merge::Atomic)),
            _ => (None, Self::UNKNOWN),
        }
    }

    /// The type of a list's entries.
    pub(crate) fn item(self) -> Self {
        match self.schema {
            Some(Schema::List(item) | Schema::ListOrOne(item)) => Self::new(*item, Merge::Atomic),
            _ => Self::UNKNOWN,
        }
    }

    /// How a value here is divided. Null is the empty one of its type; a value
    /// of the wrong type, or a list whose entries cannot be told apart, is one
    /// thing.
    pub(crate) fn shape(self, value: &Value) -> Shape {
        match (self.schema, value) {
            (None | Some(Schema::Object(_) | Schema::Map(_)), Value::Object(_))
            | (Some(Schema::Object(_) | Schema::Map(_)), Value::Null) => Shape::Map,
            (Some(Schema::List(_) | Schema::ListOrOne(_)), Value::Array(items)) => {
                let shape = self.list();
                let told_apart = |item: &Value| match shape {
                    Shape::Keyed(key) => item.get(key).is_some_and(is_scalar),
                    _ => is_scalar(item),
                };
                if shape == Shape::Leaf || items.iter().all(told_apart) {
                    return shape;
                }
                Shape::Leaf
            }
            (Some(Schema::List(_) | Schema::ListOrOne(_)), Value::Null) => self.list(),
            _ => Shape::Leaf,
        }
    }

    fn list(self) -> Shape {
        match self.merge {
            Merge::Key(key) => Shape::Keyed(key),
            Merge::Set => Shape::Set,
            Merge::Atomic | Merge::PatchKey(_) => Shape::Leaf,
        }
    }

    /// The element that leads to a field.
    pub(crate) fn step(named: Option<&'static str>, key: &str) -> PathElement {
        match named {
            Some(name) => PathElement::Field(name.into()),
            None => PathElement::Field(key.to_owned().into()),
        }
    }
}

/// What leads to an entry of a list; `None` when nothing can.
pub(crate) fn element(shape: Shape, item: &Value) -> Option<PathElement> {
    match shape {
        Shape::Keyed(key) => {
            let value = item.as_object()?.get(key)?;
            is_scalar(value).then(|| PathElement::key(key, value.clone()))
        }
        Shape::Set => is_scalar(item).then(|| PathElement::Value(Scalar(item.clone()))),
        Shape::Leaf | Shape::Map => None,
    }
}

/// Whether a value has no parts.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// An object before anything was written to it, as Go has it: what is always
/// there is there.
pub(crate) fn blank(object: &'static Object) -> Value {
    let fields = object.all_fields().filter_map(|field| {
        let value = match (field.presence, field.schema) {
            (Presence::Always, Schema::Object(object)) => blank(object),
            (Presence::Always, schema) => schema.zero(),
            (Presence::Nullable, _) => Value::Null,
            (Presence::Omitted | Presence::Optional, _) => return None,
        };
        Some((field.name.to_owned(), value))
    });
    Value::Object(fields.collect::<Map<_, _>>())
}
