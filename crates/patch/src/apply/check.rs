//! Whether a configuration can be applied: its values are of the types that
//! the schema has, and entries of lists can be told apart.

use std::collections::HashSet;
use std::fmt::Write as _;

use kubescape_api::schema::{Merge, Schema};
use serde_json::Value;

use crate::managed::PathElement;
use crate::typed::{DEEPEST, Shape, Type, element};
use crate::value::is_scalar;

/// Most errors that are named.
const MOST: usize = 20;

/// Longest value that is quoted, in bytes.
const QUOTED: usize = 100;

/// What is wrong, in the words of structured-merge-diff; `None` when nothing is.
pub(crate) fn check(of: Type, config: &Value) -> Option<String> {
    let mut check = Check::default();
    check.value(of, config);
    match check.errors.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let mut text = String::from("errors:");
            for error in many {
                let _ = write!(text, "\n  {error}");
            }
            Some(text)
        }
    }
}

#[derive(Default)]
struct Check {
    path: Vec<PathElement>,
    errors: Vec<String>,
}

impl Check {
    fn error(&mut self, text: &str) {
        if self.errors.len() < MOST {
            let path = crate::managed::shown(&self.path);
            let colon = if path.is_empty() { "" } else { ": " };
            self.errors.push(format!("{path}{colon}{text}"));
        }
    }

    fn value(&mut self, of: Type, value: &Value) {
        if value.is_null() || self.errors.len() >= MOST || self.path.len() > DEEPEST {
            return;
        }
        match (of.schema(), value) {
            (None | Some(Schema::Object(_) | Schema::Map(_)), Value::Object(fields)) => {
                for (key, value) in fields {
                    let (named, of) = of.field(key);
                    self.within(Type::step(named, key), of, value);
                }
            }
            (Some(Schema::List(_) | Schema::ListOrOne(_)), Value::Array(items)) => {
                self.items(of, items);
            }
            (None, _) => {}
            (Some(schema), value) => {
                if let Some(wanted) = wanted(schema, value) {
                    self.error(&format!("expected {wanted}, got {}", quoted(value)));
                }
            }
        }
    }

    fn within(&mut self, element: PathElement, of: Type, value: &Value) {
        self.path.push(element);
        self.value(of, value);
        self.path.pop();
    }

    fn items(&mut self, of: Type, items: &[Value]) {
        let shape = match of.merge() {
            Merge::Key(key) => Shape::Keyed(key),
            Merge::Set => Shape::Set,
            Merge::Atomic | Merge::PatchKey(_) => Shape::Leaf,
        };
        let mut known = HashSet::new();
        for (index, item) in (0..).zip(items) {
            let element = match element(shape, item) {
                Some(element) => element,
                None if shape == Shape::Leaf => PathElement::Index(index),
                None => {
                    self.error(&format!("element {index}: {}", why(shape, item)));
                    return;
                }
            };
            if shape != Shape::Leaf && !known.insert(element.clone()) {
                self.error(&format!("duplicate entries for key {element}"));
            }
            self.within(element, of.item(), item);
        }
    }
}

/// Why nothing leads to an entry.
fn why(shape: Shape, item: &Value) -> String {
    match (shape, item) {
        (Shape::Keyed(_), Value::Null) => {
            "associative list with keys may not have a null element".to_owned()
        }
        (Shape::Keyed(key), Value::Object(fields)) => match fields.get(key) {
            None => format!(
                "associative list with keys has an element that omits all key fields [{key:?}] (and doesn't have default values for any key fields)"
            ),
            Some(_) => format!(
                "associative list with keys has an element whose key field {key:?} is no scalar"
            ),
        },
        (Shape::Keyed(_), _) => {
            "associative list with keys may not have non-map elements".to_owned()
        }
        (_, Value::Object(_)) => {
            "associative list without keys has an element that's a map type".to_owned()
        }
        (_, Value::Array(_)) => "not supported: associative list with lists as elements".to_owned(),
        _ => "associative list without keys has an element that's an explicit null".to_owned(),
    }
}

/// What a value should be; `None` when it is that.
fn wanted(schema: Schema, value: &Value) -> Option<&'static str> {
    let (right, wanted) = match schema {
        Schema::String | Schema::Time => (value.is_string(), "string"),
        Schema::Int32 | Schema::Int64 | Schema::Number => {
            (value.is_number(), "numeric (int or float)")
        }
        Schema::Bool => (value.is_boolean(), "boolean"),
        Schema::IntOrString => (is_scalar(value), "any scalar"),
        Schema::Object(_) | Schema::Map(_) => (value.is_object(), "map"),
        Schema::List(_) => (value.is_array(), "list"),
        Schema::ListOrOne(_) => (value.is_array() || value.is_string(), "list"),
        Schema::Any | Schema::OrString(_) => (true, ""),
    };
    (!right).then_some(wanted)
}

fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
        scalar => scalar.to_string(),
    };
    if text.len() > QUOTED {
        return format!("{}…", &text[..text.floor_char_boundary(QUOTED)]);
    }
    text
}
