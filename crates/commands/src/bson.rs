//! BSON to JSON, as much of it as notifications use: a small decoder, since the
//! library for it would bring a dozen crates for one message.

use serde_json::{Map, Value};

/// Documents in documents.
const MAX_DEPTH: usize = 64;

/// Why bytes are no BSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BsonError {
    /// A length or an end is not where it should be.
    #[error("the BSON ends too early, or a length in it is wrong")]
    Length,
    /// A text is not UTF-8.
    #[error("a text in the BSON is not UTF-8")]
    Text,
    /// Deeper than anybody needs.
    #[error("the BSON is nested more than {MAX_DEPTH} deep")]
    Depth,
    /// A type that has no place in a notification.
    #[error("the BSON has a value of type {0:#04x}, which commands do not use")]
    Type(u8),
}

/// Reads one document that is all of `bytes`. Binary values that hold JSON or BSON
/// become that value, others their text.
///
/// # Errors
///
/// [`BsonError`].
pub fn decode(bytes: &[u8]) -> Result<Value, BsonError> {
    let mut input = Input { rest: bytes };
    let value = input.document(false, 0)?;
    if input.rest.is_empty() {
        Ok(value)
    } else {
        Err(BsonError::Length)
    }
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BsonError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BsonError::Length)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BsonError> {
        self.take(N)?.try_into().map_err(|_| BsonError::Length)
    }

    /// A length, of at most what is left.
    fn length(&mut self) -> Result<usize, BsonError> {
        usize::try_from(i32::from_le_bytes(self.array()?)).map_err(|_| BsonError::Length)
    }

    fn key(&mut self) -> Result<String, BsonError> {
        let end = self.rest.iter().position(|byte| *byte == 0);
        let key = self.take(end.ok_or(BsonError::Length)?)?;
        self.take(1)?;
        text(key)
    }

    fn document(&mut self, list: bool, depth: usize) -> Result<Value, BsonError> {
        if depth > MAX_DEPTH {
            return Err(BsonError::Depth);
        }
        let length = self.length()?.checked_sub(5).ok_or(BsonError::Length)?;
        let mut inner = Input {
            rest: self.take(length)?,
        };
        if self.take(1)? != [0] {
            return Err(BsonError::Length);
        }
        let mut object = Map::new();
        let mut items = Vec::new();
        while let [kind, rest @ ..] = inner.rest {
            inner.rest = rest;
            let key = inner.key()?;
            let value = inner.value(*kind, depth)?;
            if list {
                items.push(value);
            } else {
                object.insert(key, value);
            }
        }
        Ok(if list {
            Value::Array(items)
        } else {
            Value::Object(object)
        })
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<Value, BsonError> {
        Ok(match kind {
            0x01 => f64::from_le_bytes(self.array()?).into(),
            0x02 => {
                let length = self.length()?.checked_sub(1).ok_or(BsonError::Length)?;
                let content = text(self.take(length)?)?;
                if self.take(1)? != [0] {
                    return Err(BsonError::Length);
                }
                Value::String(content)
            }
            0x03 => self.document(false, depth + 1)?,
            0x04 => self.document(true, depth + 1)?,
            0x05 => {
                let length = self.length()?;
                self.take(1)?;
                binary(self.take(length)?)?
            }
            0x08 => Value::Bool(self.array::<1>()? != [0]),
            0x09 | 0x12 => i64::from_le_bytes(self.array()?).into(),
            0x0a => Value::Null,
            0x10 => i32::from_le_bytes(self.array()?).into(),
            other => return Err(BsonError::Type(other)),
        })
    }
}

fn text(bytes: &[u8]) -> Result<String, BsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| BsonError::Text)?;
    Ok(text.to_owned())
}

fn binary(bytes: &[u8]) -> Result<Value, BsonError> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(_) => text(bytes).map(Value::String),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn encode(value: &Value) -> Vec<u8> {
        let pairs: Vec<(String, &Value)> = match value {
            Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), v)).collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(k, v)| (k.to_string(), v))
                .collect(),
            _ => Vec::new(),
        };
        let mut body = Vec::new();
        for (key, value) in pairs {
            let (kind, bytes) = match value {
                Value::Null => (0x0a, Vec::new()),
                Value::Bool(flag) => (0x08, vec![u8::from(*flag)]),
                Value::Number(number) => (0x12, number.as_i64().unwrap().to_le_bytes().to_vec()),
                Value::String(text) => {
                    let length = i32::try_from(text.len() + 1).unwrap();
                    (
                        0x02,
                        [&length.to_le_bytes()[..], text.as_bytes(), &[0]].concat(),
                    )
                }
                Value::Object(_) => (0x03, encode(value)),
                Value::Array(_) => (0x04, encode(value)),
            };
            body.push(kind);
            body.extend(key.as_bytes());
            body.push(0);
            body.extend(bytes);
        }
        let length = i32::try_from(body.len() + 5).unwrap();
        [&length.to_le_bytes()[..], &body, &[0]].concat()
    }

    #[test]
    fn a_notification_comes_through() {
        let value = json!({"target": {"dest": "trigger"}, "sendsynchronicity": true,
            "notification": {"commands": [{"commandName": "scan", "n": -5, "x": null}]}});
        assert_eq!(decode(&encode(&value)), Ok(value));
    }

    #[test]
    fn bytes_holding_json_are_that_json() {
        // {"n": BinData(0, '{"a":1}')}
        let body = [
            &[0x05, b'n', 0][..],
            &7i32.to_le_bytes(),
            &[0],
            br#"{"a":1}"#,
        ]
        .concat();
        let length = i32::try_from(body.len() + 5).unwrap();
        let bytes = [&length.to_le_bytes()[..], &body, &[0]].concat();
        assert_eq!(decode(&bytes), Ok(json!({"n": {"a": 1}})));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn cut_documents_are_refused(cut in 0usize..40) {
            let bytes = encode(&json!({"a": {"b": ["c", 1, true]}}));
            prop_assume!(cut < bytes.len());
            prop_assert!(decode(&bytes[..cut]).is_err());
        }
    }
}
