//! JSON-like values that live in an [`Arena`](crate::Arena).
//!
//! A check reads objects that nobody promised to be well-formed, so reading
//! never fails: a missing key, or a key of something that is no object, is
//! [`Value::Absent`], which answers every further question with "no".

mod json;

pub use json::{ParseError, from_json, from_json_str};

/// A JSON value, or the absence of one. Cheap to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// There is no such value. Never found inside an array or an object.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(&'a str),
    /// An array.
    Array(&'a [Value<'a>]),
    /// An object.
    Object(Map<'a>),
}

/// The entries of an object, sorted by key, each key once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Map<'a>(&'a [(&'a str, Value<'a>)]);

/// Below this size a scan of the keys beats a binary search.
const LINEAR_SEARCH_UP_TO: usize = 12;

impl<'a> Map<'a> {
    /// Wraps entries that are already sorted by key, without duplicates.
    pub fn from_sorted(entries: &'a [(&'a str, Value<'a>)]) -> Self {
        debug_assert!(entries.windows(2).all(|pair| pair[0].0 < pair[1].0));
        Self(entries)
    }

    /// The value of `key`, or [`Value::Absent`].
    pub fn at(self, key: &str) -> Value<'a> {
        if self.0.len() <= LINEAR_SEARCH_UP_TO {
            for (name, value) in self.0 {
                if *name == key {
                    return *value;
                }
            }
            return Value::Absent;
        }
        match self.0.binary_search_by(|(name, _)| (*name).cmp(key)) {
            Ok(found) => self.0[found].1,
            Err(_) => Value::Absent,
        }
    }

    /// The entries in key order.
    pub fn entries(self) -> &'a [(&'a str, Value<'a>)] {
        self.0
    }

    /// How many entries there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Value<'a> {
    /// The value of `key`, or [`Value::Absent`] when there is none or this is
    /// no object.
    pub fn at(self, key: &str) -> Value<'a> {
        match self {
            Value::Object(map) => map.at(key),
            _ => Value::Absent,
        }
    }

    /// Follows `keys` one after the other.
    pub fn dig(self, keys: &[&str]) -> Value<'a> {
        keys.iter().fold(self, |value, key| value.at(key))
    }

    /// The item at `index`, or [`Value::Absent`].
    pub fn index(self, index: usize) -> Value<'a> {
        self.items().get(index).copied().unwrap_or_default()
    }

    /// The items of an array; none for anything else.
    pub fn items(self) -> &'a [Value<'a>] {
        match self {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The entries of an object in key order; none for anything else.
    pub fn entries(self) -> &'a [(&'a str, Value<'a>)] {
        match self {
            Value::Object(map) => map.entries(),
            _ => &[],
        }
    }

    /// Whether there is a value at all; `null` is one.
    pub fn exists(self) -> bool {
        !matches!(self, Value::Absent)
    }

    /// Whether the value is missing or `null`.
    pub fn is_nothing(self) -> bool {
        matches!(self, Value::Absent | Value::Null)
    }

    /// Whether this is an object.
    pub fn is_object(self) -> bool {
        matches!(self, Value::Object(_))
    }

    /// Whether this is an array.
    pub fn is_array(self) -> bool {
        matches!(self, Value::Array(_))
    }

    /// Whether this is a string.
    pub fn is_str(self) -> bool {
        matches!(self, Value::Str(_))
    }

    /// Whether this is exactly `true`.
    pub fn is_true(self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// Whether this is exactly `false`.
    pub fn is_false(self) -> bool {
        matches!(self, Value::Bool(false))
    }

    /// Whether an array, object or string has nothing in it, or nothing is here at all.
    pub fn is_empty(self) -> bool {
        match self {
            Value::Absent | Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Str(text) => text.is_empty(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
        }
    }

    /// The boolean, when this is one.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The string, when this is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The string, or `""` when this is none.
    pub fn str(self) -> &'a str {
        self.as_str().unwrap_or("")
    }

    /// The whole number, when this is one (`2` and `2.0` are).
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(number),
            #[allow(clippy::cast_possible_truncation)]
            Value::Float(number)
                if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 =>
            {
                Some(number as i64)
            }
            _ => None,
        }
    }

    /// The number, when this is one.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Whether this is the string `text`.
    pub fn is(self, text: &str) -> bool {
        self.as_str() == Some(text)
    }

    /// Whether this is an array with the string `text` in it.
    pub fn contains_str(self, text: &str) -> bool {
        self.items().iter().any(|item| item.is(text))
    }

    /// The strings of an array; items of other types are passed over.
    pub fn strs(self) -> impl Iterator<Item = &'a str> {
        self.items().iter().filter_map(|item| item.as_str())
    }
}
