//! What tells whether an object was changed in a way that checks may see.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{Object, Value};

/// The first half of a SHA-256.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Metadata that servers change without anybody changing the object.
const BOOKKEEPING: [&str; 4] = ["managedFields", "resourceVersion", "generation", "selfLink"];

/// Digest of an object without its status and the server's bookkeeping. The order
/// of keys and the spelling of the text do not matter.
pub fn digest(object: &Object<'_>) -> Digest {
    let mut hash = Sha256::new();
    for (key, value) in object.value.entries() {
        match *key {
            "status" if !crate::is_external_group(object.group) => {}
            "metadata" => {
                for (key, value) in value.entries() {
                    if !BOOKKEEPING.contains(key) {
                        add_entry(&mut hash, key, *value);
                    }
                }
            }
            _ => add_entry(&mut hash, key, *value),
        }
    }
    Digest(half(&hash.finalize()))
}

/// Digest of several digests in this order.
pub fn digest_of_all(digests: &[Digest]) -> Digest {
    let mut hash = Sha256::new();
    for digest in digests {
        hash.update(digest.0);
    }
    Digest(half(&hash.finalize()))
}

fn half(whole: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

fn add_entry(hash: &mut Sha256, key: &str, value: Value<'_>) {
    add_text(hash, key);
    add(hash, value);
}

/// Lengths go before what they count, so that no two values share a digest by
/// being cut differently.
fn add(hash: &mut Sha256, value: Value<'_>) {
    match value {
        Value::Absent => hash.update(b"a"),
        Value::Null => hash.update(b"n"),
        Value::Bool(value) => hash.update([b'b', u8::from(value)]),
        Value::Int(value) => {
            hash.update(b"i");
            hash.update(value.to_le_bytes());
        }
        Value::Float(value) => {
            hash.update(b"f");
            hash.update(value.to_le_bytes());
        }
        Value::Str(text) => {
            hash.update(b"s");
            add_text(hash, text);
        }
        Value::Array(items) => {
            hash.update(b"[");
            add_length(hash, items.len());
            for item in items {
                add(hash, *item);
            }
        }
        Value::Object(map) => {
            hash.update(b"{");
            add_length(hash, map.len());
            for (key, value) in map.entries() {
                add_entry(hash, key, *value);
            }
        }
    }
}

fn add_text(hash: &mut Sha256, text: &str) {
    add_length(hash, text.len());
    hash.update(text);
}

fn add_length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arena, from_json_str};

    fn of(text: &str) -> Digest {
        let arena = Arena::new();
        digest(&Object::new(from_json_str(text, &arena).unwrap(), 0))
    }

    #[test]
    fn only_what_somebody_wrote_counts() {
        let first = of(
            r#"{"kind":"Pod","metadata":{"name":"a","resourceVersion":"1"},"status":{"phase":"Pending"}}"#,
        );
        let later = of(
            r#"{"status":{"phase":"Running"}, "metadata":{"resourceVersion":"2","name":"a"},"kind":"Pod"}"#,
        );
        let other =
            of(r#"{"kind":"Pod","metadata":{"name":"a","resourceVersion":"2","labels":{}}}"#);
        assert_eq!(first, later);
        assert_ne!(first, other);
    }

    #[test]
    fn values_that_look_alike_differ() {
        let texts = [
            r#"{"a":"1"}"#,
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":[1]}"#,
            r#"{"a":null}"#,
            r#"{"a":{}}"#,
            r#"{"a":[]}"#,
            r#"{"a":[[],[]]}"#,
            r#"{"a":[[[]]]}"#,
            r#"{"ab":""}"#,
            r#"{"a":"b"}"#,
        ];
        let digests: std::collections::BTreeSet<_> = texts.iter().map(|text| of(text)).collect();
        assert_eq!(digests.len(), texts.len());
    }
}
