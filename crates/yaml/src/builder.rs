//! Parser events → values in an arena.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Marker, ScalarStyle};
use kubescape_engine::{Arena, Map, Value};

use crate::error::{YamlError, YamlErrorKind};
use crate::{MAX_DEPTH, MAX_UNFOLDED, scalar};

/// A value that an alias may name.
#[derive(Clone, Copy)]
struct Anchored<'a> {
    value: Value<'a>,
    /// Its text, should it be used as a key.
    key: &'a str,
    /// The number of values it unfolds to.
    weight: usize,
}

/// A collection whose end has not been seen. Its children lie on one of the
/// builder's stacks, from `start` on: a collection costs no allocation but
/// its final slice in the arena.
struct Open<'a> {
    mapping: bool,
    anchor: usize,
    start: usize,
    weight: usize,
    /// The key that waits for its value.
    key: Option<(&'a str, Marker)>,
    /// Values of `<<` keys; rare, so not worth a stack.
    merged: Vec<Value<'a>>,
}

/// Takes events, and has a value once the document is over.
pub(crate) struct Builder<'a> {
    arena: &'a Arena,
    open: Vec<Open<'a>>,
    items: Vec<Value<'a>>,
    entries: Vec<(&'a str, Value<'a>)>,
    /// The places of the keys of `entries`, apart so that those can be sorted
    /// and copied to the arena as they are.
    keys: Vec<(&'a str, Marker)>,
    anchors: HashMap<usize, Anchored<'a>>,
    unfolded: usize,
    done: Option<Value<'a>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(arena: &'a Arena) -> Self {
        Self {
            arena,
            open: Vec::with_capacity(16),
            items: Vec::with_capacity(32),
            entries: Vec::with_capacity(64),
            keys: Vec::with_capacity(64),
            anchors: HashMap::new(),
            unfolded: 0,
            done: None,
        }
    }

    pub(crate) fn done(self) -> Option<Value<'a>> {
        self.done
    }

    pub(crate) fn take(&mut self, event: Event<'a>, at: Marker) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().and_then(|tag| tag.core_suffix());
                let text = match text {
                    Cow::Borrowed(text) => text,
                    Cow::Owned(text) => self.arena.str(&text),
                };
                let plain = style == ScalarStyle::Plain;
                if tag.is_none() && anchor == 0 && self.take_key(text, at) {
                    return Ok(());
                }
                let value = scalar::typed(text, plain, tag, self.arena);
                self.finish(value, text, 1, anchor, at)
            }
            Event::SequenceStart(_, anchor, _) => self.push(false, anchor, at),
            Event::MappingStart(_, anchor, _) => self.push(true, anchor, at),
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(anchor) => {
                let Some(Anchored { value, key, weight }) = self.anchors.get(&anchor).copied()
                else {
                    let message = "an alias names an anchor inside itself";
                    return Err(YamlError::new(YamlErrorKind::AliasBomb, message, at));
                };
                self.unfolded += weight;
                if self.unfolded > MAX_UNFOLDED {
                    let message = format!("aliases unfold to more than {MAX_UNFOLDED} values");
                    return Err(YamlError::new(YamlErrorKind::AliasBomb, message, at));
                }
                self.finish(value, key, weight, 0, at)
            }
            Event::DocumentEnd => {
                self.done.get_or_insert(Value::Null);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Keeps the scalar as the key that the open mapping waits for, if it
    /// does: every second scalar takes this way and needs no type.
    fn take_key(&mut self, text: &'a str, at: Marker) -> bool {
        match self.open.last_mut() {
            Some(open) if open.mapping && open.key.is_none() => {
                open.key = Some((text, at));
                open.weight += 1;
                true
            }
            _ => false,
        }
    }

    fn push(&mut self, mapping: bool, anchor: usize, at: Marker) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::too_deep(at));
        }
        let start = if mapping {
            self.entries.len()
        } else {
            self.items.len()
        };
        self.open.push(Open {
            mapping,
            anchor,
            start,
            weight: 1,
            key: None,
            merged: Vec::new(),
        });
        Ok(())
    }

    fn close(&mut self, at: Marker) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            let message = "a collection ends that never began";
            return Err(YamlError::new(YamlErrorKind::Syntax, message, at));
        };
        let value = if open.mapping {
            let value = self.mapping(open.start, &open.merged, at)?;
            self.entries.truncate(open.start);
            self.keys.truncate(open.start);
            value
        } else {
            let value = Value::Array(self.arena.slice(&self.items[open.start..]));
            self.items.truncate(open.start);
            value
        };
        self.finish(value, "", open.weight, open.anchor, at)
    }

    fn mapping(
        &mut self,
        start: usize,
        merged: &[Value<'a>],
        at: Marker,
    ) -> Result<Value<'a>, YamlError> {
        let entries = &mut self.entries[start..];
        entries.sort_unstable_by_key(|(key, _)| *key);
        let twice = entries.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some(key) = twice.map(|pair| pair[0].0) {
            return Err(self.duplicate(key, start, at));
        }
        let entries = &self.entries[start..];
        if merged.is_empty() {
            return Ok(Value::Object(Map::from_sorted(self.arena.slice(entries))));
        }
        let mut entries = entries.to_vec();
        for value in merged {
            for (key, value) in value.entries() {
                if let Err(place) = entries.binary_search_by_key(key, |(key, _)| *key) {
                    entries.insert(place, (key, *value));
                }
            }
        }
        Ok(Value::Object(Map::from_sorted(self.arena.slice(&entries))))
    }

    fn duplicate(&self, key: &str, start: usize, at: Marker) -> YamlError {
        let mut places = self.keys[start..]
            .iter()
            .filter(|(name, _)| *name == key)
            .map(|(_, at)| *at);
        let first = places.next().unwrap_or(at);
        let second = places.next().unwrap_or(at);
        let kind = YamlErrorKind::DuplicateKey {
            first_line: first.line(),
        };
        let message = format!("the key \"{key}\" is given twice in one mapping");
        YamlError::new(kind, message, second)
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
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { value, key, weight });
        }
        let Some(open) = self.open.last_mut() else {
            self.done = Some(value);
            return Ok(());
        };
        open.weight += weight;
        if !open.mapping {
            self.items.push(value);
            return Ok(());
        }
        match open.key.take() {
            None if matches!(value, Value::Array(_) | Value::Object(_)) => {
                let message = "a key is no scalar";
                return Err(YamlError::new(YamlErrorKind::NotJson, message, at));
            }
            None => open.key = Some((key, at)),
            Some(("<<", _)) => match value {
                Value::Array(items) => open.merged.extend(items),
                value => open.merged.push(value),
            },
            Some((key, at)) => {
                self.entries.push((key, value));
                self.keys.push((key, at));
            }
        }
        Ok(())
    }
}
