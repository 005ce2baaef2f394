//! Sets of fields as `fieldsV1` writes them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{FieldSet, Node, PathElement};
use crate::value::Scalar;

/// Deepest nesting that is read; objects cannot nest deeper than their JSON.
const DEEPEST: usize = 256;

impl FieldSet {
    /// Reads the value of `fieldsV1`. Elements of kinds that are not known are
    /// left out, as structured-merge-diff does.
    ///
    /// # Errors
    ///
    /// Says which element is malformed.
    pub fn parse(fields: &Value) -> Result<Self, String> {
        read(fields, DEEPEST).map(|node| node.children)
    }

    /// The value of `fieldsV1`.
    pub fn to_value(&self) -> Value {
        let fields = self.nodes.iter().map(|(element, node)| {
            let mut below = node.children.to_value();
            if let (Value::Object(below), true) = (&mut below, node.member)
                && !below.is_empty()
            {
                below.insert(".".to_owned(), Value::Object(Map::new()));
            }
            (written(element), below)
        });
        Value::Object(fields.collect())
    }

    /// The value of `fieldsV1` as JSON, in the order of structured-merge-diff,
    /// which that of a [`Value`] is not.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(false, &mut json);
        json
    }

    fn write(&self, member: bool, json: &mut String) {
        json.push('{');
        if member && !self.is_empty() {
            json.push_str(r#"".":{},"#);
        }
        for (element, node) in &self.nodes {
            json.push_str(&Value::String(written(element)).to_string());
            json.push(':');
            node.children.write(node.member, json);
            json.push(',');
        }
        if json.ends_with(',') {
            json.pop();
        }
        json.push('}');
    }
}

fn read(fields: &Value, depth: usize) -> Result<Node, String> {
    let Value::Object(fields) = fields else {
        return Err("a set of fields must be an object".to_owned());
    };
    if depth == 0 {
        return Err(format!("a set of fields is nested deeper than {DEEPEST}"));
    }
    let mut node = Node::default();
    for (key, below) in fields {
        if key == "." {
            node.member = true;
        } else if let Some(element) = element(key)? {
            node.children.put(element, read(below, depth - 1)?);
        }
    }
    node.member |= node.children.is_empty();
    Ok(node)
}

/// Reads one element; `None` for kinds that are not known.
fn element(text: &str) -> Result<Option<PathElement>, String> {
    let Some((kind, rest)) = text.split_at_checked(2) else {
        return Err(format!("key must be 2 characters long: {text:?}"));
    };
    let malformed = |error: &dyn std::fmt::Display| format!("{text:?}: {error}");
    let element = match kind {
        "f:" => PathElement::Field(rest.to_owned().into()),
        "v:" => {
            let value = serde_json::from_str(rest).map_err(|error| malformed(&error))?;
            PathElement::Value(Scalar(value))
        }
        "k:" => {
            let fields: Map<String, Value> =
                serde_json::from_str(rest).map_err(|error| malformed(&error))?;
            let named = |(name, value)| (Cow::Owned(name), Scalar(value));
            let mut fields: Vec<_> = fields.into_iter().map(named).collect();
            fields.sort_unstable();
            PathElement::Key(fields)
        }
        "i:" => PathElement::Index(rest.parse().map_err(|error| malformed(&error))?),
        kind if kind.ends_with(':') => return Ok(None),
        _ => return Err(format!("missing colon: {text:?}")),
    };
    Ok(Some(element))
}

fn written(element: &PathElement) -> String {
    match element {
        PathElement::Field(name) => format!("f:{name}"),
        PathElement::Key(fields) => {
            let name = |name: &str| Value::from(name).to_string();
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{}:{}", name(key), value.0));
            format!("k:{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        PathElement::Value(value) => format!("v:{}", value.0),
        PathElement::Index(index) => format!("i:{index}"),
    }
}
