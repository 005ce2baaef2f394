//! One step of the path to a field that is owned.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::value::Scalar;

/// One step of a path, in the terms of structured-merge-diff. Ordered as there:
/// fields, keys, values, indexes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathElement {
    /// Into a field of an object, `f:` in fieldsV1.
    Field(Cow<'static, str>),
    /// To the entry of a list that has these values in these fields, `k:`.
    /// Sorted by name.
    Key(Vec<(Cow<'static, str>, Scalar)>),
    /// To the entry of a set, `v:`.
    Value(Scalar),
    /// To the entry at this place, `i:`.
    Index(i64),
}

impl PathElement {
    /// The step into a field.
    pub fn field(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Field(name.into())
    }

    /// The step to the entry whose field `name` is `value`.
    pub fn key(name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        Self::Key(vec![(name.into(), Scalar(value.into()))])
    }
}

/// As conflicts show it: `.spec`, `[identifier="a"]`, `[="v"]`, `[3]`.
impl fmt::Display for PathElement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Key(fields) => {
                for (number, (name, value)) in fields.iter().enumerate() {
                    let before = if number == 0 { '[' } else { ',' };
                    write!(out, "{before}{name}={}", value.0)?;
                }
                out.write_str("]")
            }
            Self::Value(value) => write!(out, "[={}]", value.0),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}
