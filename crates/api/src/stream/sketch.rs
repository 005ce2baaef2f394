//! The few values of a `spec` that its columns are made of.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::strict::scalar_values;
use crate::table::{Column, Source};

/// What to keep of a value.
#[derive(Clone, Default)]
struct Mask {
    /// All of it.
    whole: bool,
    /// How many items or entries it has: they are kept as nulls.
    count: bool,
    /// These fields.
    fields: BTreeMap<&'static str, Mask>,
    /// This of each item or entry.
    each: Option<Box<Mask>>,
}

impl Mask {
    fn at(&mut self, path: &[&'static str]) -> &mut Self {
        path.iter()
            .fold(self, |mask, key| mask.fields.entry(key).or_default())
    }

    fn of(columns: &[Column]) -> Self {
        let mut mask = Self::default();
        for column in columns {
            match column.source {
                Source::Path(path) => mask.at(path).whole = true,
                Source::Length(path) => mask.at(path).count = true,
                Source::FailedControls(_) => {
                    let each = mask.at(&["spec", "controls"]).each.get_or_insert_default();
                    each.at(&["status", "status"]).whole = true;
                    each.at(&["severity", "severity"]).whole = true;
                }
                Source::Matches(_) => {
                    let matches = mask.at(&["spec", "payload", "matches"]);
                    let each = matches.each.get_or_insert_default();
                    each.at(&["vulnerability", "severity"]).whole = true;
                }
                Source::Label(_) | Source::Annotation(_) => {}
            }
        }
        mask.fields.remove("spec").unwrap_or_default()
    }

    /// What to keep of a field or an entry; `None` for nothing.
    fn child(&self, key: &str) -> Option<&Self> {
        let each = self.each.as_deref();
        self.fields.get(key).or(each).or(self.item())
    }

    /// What to keep of an item.
    fn item(&self) -> Option<&Self> {
        static NOTHING: Mask = Mask {
            whole: false,
            count: false,
            fields: BTreeMap::new(),
            each: None,
        };
        match (&self.each, self.count) {
            (Some(each), _) => Some(each),
            (None, true) => Some(&NOTHING),
            (None, false) => self.whole.then_some(self),
        }
    }

    fn is_nothing(&self) -> bool {
        !self.whole && !self.count && self.fields.is_empty() && self.each.is_none()
    }
}

/// A `spec` with only what these columns look at; null when it is no JSON.
pub(super) fn sketch(columns: &[Column], spec: &str) -> Value {
    let mask = Mask::of(columns);
    let mut reader = serde_json::Deserializer::from_str(spec);
    Kept(&mask).deserialize(&mut reader).unwrap_or_default()
}

struct Kept<'m>(&'m Mask);

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        if self.0.is_nothing() {
            reader.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Value::Null);
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    scalar_values!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        let Some(mask) = self.0.item() else {
            while reader.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Array(Vec::new()));
        };
        let mut items = Vec::new();
        while let Some(item) = reader.next_element_seed(Kept(mask))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = reader.next_key::<String>()? {
            match self.0.child(&key) {
                Some(mask) => {
                    let value = reader.next_value_seed(Kept(mask))?;
                    fields.insert(key, value);
                }
                None => {
                    reader.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(fields))
    }
}
