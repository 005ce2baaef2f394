//! Reading values from JSON text and writing them as JSON, through serde.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Map, Value};
use crate::Arena;

/// Why a text is no JSON document.
#[derive(Debug)]
pub struct ParseError {
    /// What is wrong, without the place.
    pub message: String,
    /// 1-based line of the text.
    pub line: usize,
    /// 1-based column in bytes.
    pub column: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} at line {} column {}",
            self.message, self.line, self.column
        )
    }
}

impl std::error::Error for ParseError {}

impl From<serde_json::Error> for ParseError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        let message = match text.rfind(" at line ") {
            Some(end) => text[..end].to_owned(),
            None => text,
        };
        Self {
            message,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Reads exactly one JSON document. Strings without escapes are borrowed from
/// `text`, everything else goes into the arena.
///
/// # Errors
///
/// Malformed JSON, a key given twice in one object, nesting deeper than 128,
/// text that is not UTF-8, or anything but white space after the document.
pub fn from_json<'a>(text: &'a [u8], arena: &'a Arena) -> Result<Value<'a>, ParseError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = ValueSeed(arena).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// [`from_json`] for text that is known to be UTF-8.
///
/// # Errors
///
/// As [`from_json`].
pub fn from_json_str<'a>(text: &'a str, arena: &'a Arena) -> Result<Value<'a>, ParseError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = ValueSeed(arena).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct ValueSeed<'a>(&'a Arena);

impl<'a> DeserializeSeed<'a> for ValueSeed<'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Value<'a>, D::Error> {
        input.deserialize_any(self)
    }
}

struct KeySeed<'a>(&'a Arena);

impl<'a> DeserializeSeed<'a> for KeySeed<'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<&'a str, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed<'a> {
    type Value = &'a str;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<&'a str, E> {
        Ok(text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<&'a str, E> {
        Ok(self.0.str(text))
    }
}

impl<'a> Visitor<'a> for ValueSeed<'a> {
    type Value = Value<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'a>, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'a>, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'a>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Str(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Str(self.0.str(text)))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut input: A) -> Result<Value<'a>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = input.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(self.0.slice(&items)))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut input: A) -> Result<Value<'a>, A::Error> {
        let mut entries: Vec<(&'a str, Value<'a>)> = Vec::new();
        while let Some(key) = input.next_key_seed(KeySeed(self.0))? {
            entries.push((key, input.next_value_seed(self)?));
        }
        entries.sort_unstable_by_key(|(key, _)| *key);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom(format_args!(
                "the key \"{}\" is given twice",
                pair[0].0
            )));
        }
        Ok(Value::Object(Map::from_sorted(self.0.slice(&entries))))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Absent | Value::Null => out.serialize_unit(),
            Value::Bool(value) => out.serialize_bool(value),
            Value::Int(value) => out.serialize_i64(value),
            Value::Float(value) => out.serialize_f64(value),
            Value::Str(text) => out.serialize_str(text),
            Value::Array(items) => {
                let mut seq = out.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Object(entries) => {
                let mut map = out.serialize_map(Some(entries.len()))?;
                for (key, value) in entries.entries() {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let arena = Arena::new();
        let text = r#"{"a":[1,-2,2.5,"x\ny",null,true],"b":{"c":{}}}"#;
        let value = from_json_str(text, &arena).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(value.at("a").index(3).str(), "x\ny");
        assert!(!value.at("b").at("c").at("d").at("e").exists());
    }

    #[test]
    fn a_key_given_twice_is_an_error_that_names_it() {
        let arena = Arena::new();
        let error = from_json_str("{\"a\":1,\n\"a\":2}", &arena).unwrap_err();
        assert_eq!(error.message, "the key \"a\" is given twice");
        assert_eq!(error.line, 2);
    }

    #[test]
    fn bottomless_nesting_is_an_error_and_no_overflow() {
        let arena = Arena::new();
        let text = "[".repeat(10_000);
        assert!(
            from_json_str(&text, &arena)
                .unwrap_err()
                .message
                .contains("recursion limit")
        );
    }
}
