//! Flags as they stand in a container's arguments.

use std::fmt::{self, Display};

/// Where an argument stands, or with no index the list that it stands in.
/// `{}` prints the path: `spec.containers[0].command[3]`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) container: usize,
    pub(super) list: &'static str,
    pub(super) index: Option<usize>,
}

impl Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "spec.containers[{}].{}", self.container, self.list)?;
        match self.index {
            Some(index) => write!(out, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// A word of an argument and what stands around it: people do write several
/// flags into one argument.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) place: Place,
    pub(super) text: &'a str,
    before: &'a str,
    after: &'a str,
}

/// A flag as it is given.
#[derive(Clone, Copy)]
pub(super) struct Flag<'a> {
    /// The argument that holds the value.
    pub(super) place: Place,
    /// The value; `""` when there is none.
    pub(super) value: &'a str,
    name: &'a str,
    word: Word<'a>,
    /// The value is a word of its own, without `--name=` in front.
    detached: bool,
}

impl Flag<'_> {
    /// The argument with another value of the flag.
    pub(super) fn with(&self, value: impl Display) -> String {
        let (name, Word { before, after, .. }) = (self.name, self.word);
        if self.detached {
            format!("{before}{value}{after}")
        } else {
            format!("{before}--{name}={value}{after}")
        }
    }

    /// What is left of the argument without the flag, when something is.
    pub(super) fn without(&self) -> Option<String> {
        let rest = [self.word.before.trim(), self.word.after.trim()];
        let rest = rest.join(" ").trim().to_owned();
        (!self.detached && !rest.is_empty()).then_some(rest)
    }

    /// Whether flag and value are all that the argument holds.
    pub(super) fn is_alone(&self) -> bool {
        self.word.before.is_empty() && self.word.after.is_empty()
    }

    /// The value as a list.
    pub(super) fn items(&self) -> impl Iterator<Item = &str> {
        self.value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
    }

    /// Whether `item` is in the list.
    pub(super) fn has(&self, item: &str) -> bool {
        self.items().any(|other| other == item)
    }

    /// The value as a boolean, as Go reads it.
    pub(super) fn switch(&self) -> Option<bool> {
        match self.value {
            "true" | "True" | "TRUE" | "t" | "T" | "1" => Some(true),
            "false" | "False" | "FALSE" | "f" | "F" | "0" => Some(false),
            _ => None,
        }
    }
}

impl<'a> Word<'a> {
    /// What follows the name of the flag in the word; `etcd` takes one dash as
    /// well as two.
    fn after_name(self, name: &str) -> Option<&'a str> {
        let text = self.text.strip_prefix('-')?;
        text.strip_prefix('-').unwrap_or(text).strip_prefix(name)
    }

    fn flag(self, name: &'a str, value: &'a str) -> Flag<'a> {
        Flag {
            place: self.place,
            value,
            name,
            word: self,
            detached: false,
        }
    }

    /// The word as `--name=value`.
    pub(super) fn attached(self, name: &'a str) -> Option<Flag<'a>> {
        let value = self.after_name(name)?.strip_prefix('=')?;
        Some(self.flag(name, value))
    }

    /// The word as `--name` alone, which means `value`.
    pub(super) fn alone(self, name: &'a str, value: &'a str) -> Option<Flag<'a>> {
        let is_name = self.after_name(name)?.is_empty();
        is_name.then(|| self.flag(name, value))
    }

    /// The word as the value of a flag that stands in the word before.
    pub(super) fn detached(self, name: &'a str) -> Flag<'a> {
        Flag {
            detached: true,
            ..self.flag(name, self.text)
        }
    }
}

/// The words of an argument, which is one as a rule.
pub(super) fn words_of(argument: &str, place: Place) -> impl Iterator<Item = Word<'_>> {
    let mut end = 0;
    let pieces = argument.split_inclusive(char::is_whitespace);
    pieces.filter_map(move |piece| {
        let start = end;
        end += piece.len();
        let text = piece.trim_end();
        (!text.is_empty()).then(|| Word {
            place,
            text,
            before: argument.get(..start).unwrap_or(""),
            after: argument.get(start + text.len()..).unwrap_or(""),
        })
    })
}
