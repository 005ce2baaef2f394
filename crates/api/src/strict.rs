//! Reads JSON and notes fields that are given twice, which field validation
//! `Strict` refuses and `Warn` warns of.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::inspect::MOST_REPORTED;
use crate::path::shown_key;

/// How many repeated fields are looked at; their paths cost time to write.
const MOST_LOOKED_AT: usize = 1_000;

/// JSON that was read.
#[derive(Debug)]
pub struct Parsed {
    /// The value; of a field that is given twice the last one counts, as in Go.
    pub value: Value,
    /// The paths of fields that are given twice, up to [`MOST_REPORTED`].
    pub duplicates: Vec<String>,
}

/// Reads one JSON value. Memory is in proportion to the input; nesting deeper
/// than 127 is refused.
///
/// # Errors
///
/// Says what is wrong with the JSON and where, by line and column.
pub fn parse(bytes: &[u8]) -> Result<Parsed, serde_json::Error> {
    let mut state = State::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Seed(&mut state).deserialize(&mut reader)?;
    reader.end()?;
    Ok(Parsed {
        value,
        duplicates: state.duplicates,
    })
}

/// What `fieldValidation=Strict` answers with (400), in Kubernetes' words;
/// `None` when there is nothing to refuse.
pub fn strict_error(unknown: &[String], duplicates: &[String]) -> Option<String> {
    let warnings = warnings(unknown, duplicates);
    if warnings.is_empty() {
        return None;
    }
    Some(format!("strict decoding error: {}", warnings.join(", ")))
}

/// What `fieldValidation=Warn` says in Warning headers, one text for each field.
pub fn warnings(unknown: &[String], duplicates: &[String]) -> Vec<String> {
    let duplicates = duplicates
        .iter()
        .map(|path| format!("duplicate field {path:?}"));
    let unknown = unknown.iter().map(|path| format!("unknown field {path:?}"));
    duplicates.chain(unknown).collect()
}

#[derive(Default)]
pub(crate) struct State {
    path: Vec<Part>,
    duplicates: Vec<String>,
    looked_at: usize,
}

enum Part {
    Key(String),
    Index(usize),
}

impl State {
    /// Whether a field was given twice.
    pub(crate) fn repeats(&self) -> bool {
        self.looked_at > 0
    }

    fn duplicate(&mut self) {
        self.looked_at += 1;
        if self.looked_at > MOST_LOOKED_AT || self.duplicates.len() >= MOST_REPORTED {
            return;
        }
        let mut path = String::new();
        for part in &self.path {
            match part {
                Part::Key(key) if path.is_empty() => path.push_str(shown_key(key)),
                Part::Key(key) => {
                    path.push('.');
                    path.push_str(shown_key(key));
                }
                Part::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if !self.duplicates.contains(&path) {
            self.duplicates.push(path);
        }
    }
}

/// The part of a visitor that makes values of scalars, which all readers of values
/// share.
macro_rules! scalar_values {
    () => {
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a JSON value")
        }

        fn visit_unit<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
            Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
            Ok(value.into())
        }
    };
}
pub(crate) use scalar_values;

pub(crate) struct Seed<'s>(pub(crate) &'s mut State);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    scalar_values!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        let state = self.0;
        let mut items = Vec::new();
        loop {
            state.path.push(Part::Index(items.len()));
            let item = reader.next_element_seed(Seed(state))?;
            state.path.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        let state = self.0;
        let mut fields = Map::new();
        while let Some(key) = reader.next_key::<String>()? {
            let known = fields.contains_key(&key);
            // The key waits in the path while its value is read: no copy.
            state.path.push(Part::Key(key));
            if known {
                state.duplicate();
            }
            let value = reader.next_value_seed(Seed(state))?;
            if let Some(Part::Key(key)) = state.path.pop() {
                fields.insert(key, value);
            }
        }
        Ok(Value::Object(fields))
    }
}
