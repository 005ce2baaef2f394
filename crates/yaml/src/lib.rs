//! One YAML document → one [`Value`].
//!
//! Scalars are typed as Go's `yaml.v3` types them, because that is what
//! Kubernetes tools and upstream's rule cases expect: `0644` is octal, `yes`
//! stays a string, a timestamp becomes RFC 3339.

mod scalar;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use kubescape_engine::{Arena, Map, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// Deeper nesting is refused, in YAML as in JSON.
const MAX_DEPTH: usize = 128;

/// A document whose aliases unfold to more values than this is refused.
const MAX_VALUES: usize = 2_000_000;

/// Why a text is no YAML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// What is wrong, without the place.
    pub message: String,
    /// 1-based line of the text.
    pub line: usize,
    /// 1-based column in characters.
    pub column: usize,
}

impl fmt::Display for YamlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} at line {} column {}",
            self.message, self.line, self.column
        )
    }
}

impl std::error::Error for YamlError {}

fn error(message: impl Into<String>, at: Marker) -> YamlError {
    YamlError {
        message: message.into(),
        line: at.line(),
        column: at.col() + 1,
    }
}

/// Reads the first document of `text`; `None` when there is none.
///
/// # Errors
///
/// Malformed YAML, a key given twice in one mapping, nesting deeper than 128,
/// aliases that unfold without end, an unknown alias.
pub fn from_yaml<'a>(text: &'a str, arena: &'a Arena) -> Result<Option<Value<'a>>, YamlError> {
    let mut builder = Builder {
        arena,
        open: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
        done: None,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|scan| error(scan.info().to_owned(), *scan.marker()))?;
        builder.take(event, span.start)?;
        if builder.done.is_some() {
            break;
        }
    }
    Ok(builder.done)
}

enum Open<'a> {
    Sequence {
        anchor: usize,
        items: Vec<Value<'a>>,
        weight: usize,
    },
    Mapping {
        anchor: usize,
        key: Option<&'a str>,
        entries: Vec<(&'a str, Value<'a>)>,
        merged: Vec<Value<'a>>,
        weight: usize,
    },
}

struct Builder<'a> {
    arena: &'a Arena,
    open: Vec<Open<'a>>,
    /// Values by anchor, with the number of values that each unfolds to.
    anchors: HashMap<usize, (Value<'a>, usize)>,
    values: usize,
    done: Option<Value<'a>>,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>, at: Marker) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag
                    .as_deref()
                    .filter(|tag| tag.is_yaml_core_schema())
                    .map(|tag| tag.suffix.as_str());
                let text = match text {
                    Cow::Borrowed(text) => text,
                    Cow::Owned(text) => self.arena.str(&text),
                };
                let value = scalar::typed(text, style == ScalarStyle::Plain, tag, self.arena);
                self.finish(value, text, 1, anchor, at)
            }
            Event::SequenceStart(anchor, _) => self.push(
                Open::Sequence {
                    anchor,
                    items: Vec::new(),
                    weight: 1,
                },
                at,
            ),
            Event::MappingStart(anchor, _) => self.push(
                Open::Mapping {
                    anchor,
                    key: None,
                    entries: Vec::new(),
                    merged: Vec::new(),
                    weight: 1,
                },
                at,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(anchor) => {
                let Some((value, weight)) = self.anchors.get(&anchor).copied() else {
                    return Err(error("an alias names an anchor inside itself", at));
                };
                self.finish(value, value.str(), weight, 0, at)
            }
            Event::DocumentEnd => {
                self.done.get_or_insert(Value::Null);
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {
                Ok(())
            }
        }
    }

    fn push(&mut self, open: Open<'a>, at: Marker) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(error(format!("nested deeper than {MAX_DEPTH} levels"), at));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, at: Marker) -> Result<(), YamlError> {
        let (value, weight, anchor) = match self.open.pop() {
            Some(Open::Sequence {
                anchor,
                items,
                weight,
            }) => (Value::Array(self.arena.slice(&items)), weight, anchor),
            Some(Open::Mapping {
                anchor,
                entries,
                merged,
                weight,
                ..
            }) => (self.mapping(entries, &merged, at)?, weight, anchor),
            None => return Err(error("a collection ends that never began", at)),
        };
        self.finish(value, "", weight, anchor, at)
    }

    fn mapping(
        &self,
        mut entries: Vec<(&'a str, Value<'a>)>,
        merged: &[Value<'a>],
        at: Marker,
    ) -> Result<Value<'a>, YamlError> {
        entries.sort_unstable_by_key(|(key, _)| *key);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(error(
                format!("the key \"{}\" is given twice in one mapping", pair[0].0),
                at,
            ));
        }
        for value in merged {
            for (key, value) in value.entries() {
                if let Err(place) = entries.binary_search_by_key(key, |(key, _)| *key) {
                    entries.insert(place, (key, *value));
                }
            }
        }
        Ok(Value::Object(Map::from_sorted(self.arena.slice(&entries))))
    }

    /// Puts a finished value where it belongs; `key` is its text as a key.
    fn finish(
        &mut self,
        value: Value<'a>,
        key: &'a str,
        weight: usize,
        anchor: usize,
        at: Marker,
    ) -> Result<(), YamlError> {
        self.values += weight;
        if self.values > MAX_VALUES {
            return Err(error(
                format!("aliases unfold to more than {MAX_VALUES} values"),
                at,
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value, weight));
        }
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::Sequence {
                items, weight: sum, ..
            }) => {
                items.push(value);
                *sum += weight;
            }
            Some(Open::Mapping {
                key: waiting,
                entries,
                merged,
                weight: sum,
                ..
            }) => {
                *sum += weight;
                match waiting.take() {
                    None if matches!(value, Value::Array(_) | Value::Object(_)) => {
                        return Err(error("a key is no scalar", at));
                    }
                    None => *waiting = Some(key),
                    Some("<<") => match value {
                        Value::Array(items) => merged.extend(items),
                        value => merged.push(value),
                    },
                    Some(key) => entries.push((key, value)),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let arena = Arena::new();
        match from_yaml(text, &arena) {
            Ok(value) => serde_json::to_string(&value).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn scalars_are_typed_as_kubernetes_tools_do() {
        let text =
            "{a: 0644, b: yes, c: 1.5, d: '1', e: ~, f: true, g: 1e3, h: 0x1F, i: 0o17, j: 1.2.3}";
        let expected = r#"{"a":420,"b":"yes","c":1.5,"d":"1","e":null,"f":true,"g":1000.0,"h":31,"i":15,"j":"1.2.3"}"#;
        assert_eq!(json(text), expected);
    }

    #[test]
    fn aliases_and_merge_keys_unfold() {
        let text = "base: &base {x: 1, y: 2}\nmore:\n  <<: *base\n  y: 3\nsame: *base\n";
        assert_eq!(
            json(text),
            r#"{"base":{"x":1,"y":2},"more":{"x":1,"y":3},"same":{"x":1,"y":2}}"#
        );
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert!(json("a: 1\na: 2\n").starts_with("the key \"a\" is given twice"));
    }

    #[test]
    fn aliases_without_end_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
        }
        assert!(json(&text).starts_with("aliases unfold"), "{}", json(&text));
    }

    #[test]
    fn bottomless_nesting_is_refused() {
        assert!(
            json(&"[".repeat(10_000)).contains("nested deeper")
                || json(&"[".repeat(10_000)).contains("recursion")
        );
    }
}
