//! The fields of a JSON object, asked for by name without regard to case.

use std::collections::BTreeMap;

use kubescape_engine::nearest;
use serde_json::{Map, Value};

use super::FIELDS;

/// Fields that were not asked for yet, and what is wrong with those that were.
pub(super) struct Fields {
    /// With a dot at its end, or empty.
    prefix: String,
    values: BTreeMap<String, (String, Value)>,
    errors: Vec<String>,
    notes: Vec<String>,
}

/// A body may have very many fields that nobody knows.
const MOST_NOTES: usize = 10;

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(
                "the body is empty: send a JSON object; {} scans by all frameworks".to_owned(),
            );
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(Self::of(String::new(), object)),
            Ok(Value::Null) => Ok(Self::of(String::new(), Map::new())),
            Ok(_) => Err("the body is not a JSON object: write fields between { and }".to_owned()),
            Err(error) => Err(format!(
                "the body is not JSON (line {}, column {}): correct it there",
                error.line(),
                error.column()
            )),
        }
    }

    fn of(prefix: String, object: Map<String, Value>) -> Self {
        let mut fields = Self {
            prefix,
            values: BTreeMap::new(),
            errors: Vec::new(),
            notes: Vec::new(),
        };
        for (key, value) in object {
            let place = key.to_lowercase();
            if let Some((old, _)) = fields.values.insert(place, (key.clone(), value)) {
                let (old, key) = (shown(&old), shown(&key));
                fields.error(format!("{key}: is also given as {old}; keep one of them"));
            }
        }
        fields
    }

    pub(super) fn error(&mut self, text: impl Into<String>) {
        let text = format!("{}{}", self.prefix, text.into());
        if self.errors.len() < MOST_NOTES {
            self.errors.push(text);
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        let text = format!("{}{}", self.prefix, text.into());
        self.notes.push(text);
    }

    /// Takes over what is said of an object inside.
    pub(super) fn absorb(&mut self, inner: Self) {
        self.errors.extend(inner.errors);
        self.notes.extend(inner.notes);
    }

    /// Null counts as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        let (_, value) = self.values.remove(&name.to_lowercase())?;
        (!value.is_null()).then_some(value)
    }

    pub(super) fn ignore(&mut self, name: &str) {
        let _ = self.take(name);
    }

    pub(super) fn ignore_rest(&mut self) {
        self.values.clear();
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => self.wrong(name, "a text"),
        }
    }

    /// A boolean, also as a text; an empty one is as good as none.
    pub(super) fn bool(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(value) => Some(value),
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => match parse_bool(&text) {
                None => self.wrong(name, "true or false"),
                value => value,
            },
            _ => self.wrong(name, "true or false"),
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Option<f64> {
        let given = self.take(name)?;
        let number = match &given {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            None => self.wrong(name, "a number"),
            number => number,
        }
    }

    /// A list of texts, or one text with commas.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        const WANTED: &str = "a list of texts";
        match self.take(name)? {
            Value::String(text) => Some(text.split(',').map(|one| one.trim().to_owned()).collect()),
            Value::Array(items) => {
                let texts = items.into_iter().map(|item| match item {
                    Value::String(text) => Some(text.trim().to_owned()),
                    _ => None,
                });
                match texts.collect() {
                    None => self.wrong(name, WANTED),
                    texts => texts,
                }
            }
            _ => self.wrong(name, WANTED),
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        match self.take(name)? {
            Value::Object(object) => Some(Self::of(format!("{}{name}.", self.prefix), object)),
            _ => self.wrong(name, "an object"),
        }
    }

    /// Whatever is given, as text.
    pub(super) fn json(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| value.to_string())
    }

    fn wrong<T>(&mut self, name: &str, wanted: &str) -> Option<T> {
        self.error(format!("{name}: give {wanted}"));
        None
    }

    /// What the caller should know, or all that is wrong.
    pub(super) fn finish(mut self) -> Result<Vec<String>, String> {
        if !self.errors.is_empty() {
            return Err(self.errors.join("; "));
        }
        let unknown: Vec<String> = self.values.values().map(|(key, _)| key.clone()).collect();
        for key in unknown.iter().take(MOST_NOTES) {
            let near = nearest(key, FIELDS.iter().map(|field| field.name));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            self.note(format!(
                "{}: is not known and was ignored{hint}",
                shown(key)
            ));
        }
        Ok(self.notes)
    }
}

/// As Go reads them, in any case.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "t", "1"]) {
        Some(true)
    } else if is(["false", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Keys come from outside, and go into headers and logs.
fn shown(key: &str) -> String {
    key.chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect()
}
