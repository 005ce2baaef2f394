//! An object as a small value and a large text.

use std::fmt;

use serde::de::{Deserializer as _, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::strict;

/// An object taken apart.
#[derive(Debug)]
pub struct Parts<'t> {
    /// Everything but `spec`.
    pub head: Value,
    /// `spec` as it was sent: well-formed JSON.
    pub spec: &'t str,
}

/// Takes an object apart without looking into `spec`. `None` when it is no JSON
/// object, has no `spec`, or gives any field outside of it twice.
pub fn take_apart(text: &[u8]) -> Option<Parts<'_>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let parts = reader.deserialize_map(Apart).ok()?;
    reader.end().ok()?;
    Some(parts)
}

struct Apart;

impl<'de> Visitor<'de> for Apart {
    type Value = Parts<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with a spec")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut reader: A) -> Result<Parts<'de>, A::Error> {
        let (mut head, mut spec) = (Map::new(), None);
        let twice = || Error::custom("a field is given twice");
        while let Some(key) = reader.next_key::<String>()? {
            if key == "spec" {
                let text: &RawValue = reader.next_value()?;
                if spec.replace(text.get()).is_some() {
                    return Err(twice());
                }
                continue;
            }
            let mut state = strict::State::default();
            let value = reader.next_value_seed(strict::Seed(&mut state))?;
            if state.repeats() || head.insert(key, value).is_some() {
                return Err(twice());
            }
        }
        let spec = spec.ok_or_else(|| Error::missing_field("spec"))?;
        let head = Value::Object(head);
        Ok(Parts { head, spec })
    }
}
