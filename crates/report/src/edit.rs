//! Fix paths → changes to the text, as a person would make them.

use std::cmp::Reverse;

use kubescape_collect::{Position, Span};
use kubescape_engine::Part;

use crate::source::{Document, Located};

/// One change to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// New lines behind a line.
    Lines {
        /// The line.
        after: u64,
        /// Where the collection that they become a part of starts.
        parent: Position,
        /// What to insert.
        lines: Vec<String>,
    },
    /// New text in a collection in brackets.
    Inline {
        /// Where it goes.
        at: Position,
        /// What to insert.
        text: String,
    },
    /// Other text for a part of one line.
    Replace {
        /// What goes.
        span: Span,
        /// What comes; the first line starts where the old text did.
        lines: Vec<String>,
    },
}

/// A place that should get a value.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'d, 's> {
    /// Where.
    pub(crate) located: &'d Located<'s>,
    /// The value, as it would be written in YAML.
    pub(crate) value: &'d str,
}

/// How the deepest part of a path that exists is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `null`, nothing, `{}` or `[]`.
    Empty,
    Block,
    Flow,
    Scalar,
    /// An alias or something with an anchor or a tag.
    Other,
}

fn form(document: &Document<'_>, span: Span) -> Form {
    let text = document.slice(span);
    let one_line = span.start.line == span.end.line;
    match text.trim() {
        "" | "~" | "null" | "{}" | "[]" if one_line => Form::Empty,
        text if text.starts_with(['{', '[']) => Form::Flow,
        text if text.starts_with(['&', '*', '!']) => Form::Other,
        text if text.starts_with(['|', '>', '"', '\'']) && !is_quoted_key(text) => Form::Scalar,
        text if text.starts_with("- ") || text == "-" || has_key(text) => Form::Block,
        _ => Form::Scalar,
    }
}

fn has_key(line: &str) -> bool {
    line.contains(": ") || line.ends_with(':')
}

/// Whether a line that starts with a quote is an entry of an object.
fn is_quoted_key(line: &str) -> bool {
    let quote = &line[..1];
    let rest = line[1..].split_once(quote).map_or("", |(_, rest)| rest);
    rest.trim_start().starts_with(':')
}

/// A change, and the numbers of the wishes that it fulfils; none when no simple
/// change fulfils them.
pub(crate) type Fulfilled = (Vec<usize>, Option<Change>);

/// The changes that fulfil the wishes, those for one place together. Of lines
/// behind the same line, the ones indented most come first: they end a
/// collection inside that of the others.
pub(crate) fn changes(document: &Document<'_>, wishes: &[Wish<'_, '_>]) -> Vec<Fulfilled> {
    let mut changes: Vec<Fulfilled> = Vec::new();
    let mut done = vec![false; wishes.len()];
    for (number, wish) in wishes.iter().enumerate() {
        if done[number] {
            continue;
        }
        let mut tree = Tree::default();
        let mut fulfilled = Vec::new();
        for (other, beside) in wishes.iter().enumerate().skip(number) {
            let same = beside.located.place == wish.located.place;
            if same && beside.located.rest.is_empty() == wish.located.rest.is_empty() {
                tree.insert(&beside.located.rest, beside.value);
                done[other] = true;
                fulfilled.push(other);
            }
        }
        changes.push((fulfilled, change(document, wish.located, &tree)));
    }
    changes.sort_by_key(|(_, change)| match change {
        Some(Change::Lines { after, parent, .. }) => (*after, Reverse(parent.column)),
        _ => (0, Reverse(0)),
    });
    changes
}

fn change(document: &Document<'_>, located: &Located<'_>, tree: &Tree<'_>) -> Option<Change> {
    let place = located.place;
    let span = place.value;
    let form = form(document, span);
    if let Tree::Leaf(value) = tree {
        return match form {
            Form::Scalar | Form::Empty if span.start.line == span.end.line => {
                let value = scalar(value, document.is_json());
                replace_value(document, located, value)
            }
            _ => None,
        };
    }
    match form {
        Form::Empty if document.is_json() => replace_value(document, located, tree.inline(true)?),
        Form::Empty => {
            let key = place.key?;
            let mut lines = vec![format!("{}:", document.slice(key))];
            let indent = usize::try_from(key.start.column).ok()? - 1;
            tree.block(indent + 2, &mut lines);
            let span = Span {
                start: key.start,
                end: end_of_entry(span, key),
            };
            Some(Change::Replace { span, lines })
        }
        Form::Block if !document.is_json() => {
            let first = document.slice(span);
            let is_list = first.starts_with("- ") || first == "-";
            if is_list != matches!(tree, Tree::Items(_)) {
                return None;
            }
            let mut lines = Vec::new();
            tree.block(usize::try_from(span.start.column).ok()? - 1, &mut lines);
            Some(Change::Lines {
                after: span.end.line,
                parent: span.start,
                lines,
            })
        }
        Form::Flow if span.start.line < span.end.line => line_in_brackets(document, span, tree),
        Form::Flow => inline(document, span, tree),
        _ => None,
    }
}

/// The end of an entry whose value may be nothing at all.
fn end_of_entry(value: Span, key: Span) -> Position {
    if value.start == value.end {
        Position {
            line: key.end.line,
            column: key.end.column + 1,
        }
    } else {
        value.end
    }
}

fn replace_value(document: &Document<'_>, located: &Located<'_>, value: String) -> Option<Change> {
    let place = located.place;
    if document.slice(place.value).is_empty() {
        let key = place.key?;
        let end = end_of_entry(place.value, key);
        let lines = vec![format!("{}: {value}", document.slice(key))];
        let start = key.start;
        let span = Span { start, end };
        return Some(Change::Replace { span, lines });
    }
    Some(Change::Replace {
        span: place.value,
        lines: vec![value],
    })
}

fn inline(document: &Document<'_>, span: Span, tree: &Tree<'_>) -> Option<Change> {
    let text = tree.inline(document.is_json())?;
    let inner = text.get(1..text.len() - 1)?;
    match tree {
        // At the start: its bracket is where the span says, comments or not.
        Tree::Map(_) => Some(Change::Inline {
            at: Position {
                line: span.start.line,
                column: span.start.column + 1,
            },
            text: format!("{inner}, "),
        }),
        Tree::Items(_) => Some(Change::Inline {
            at: Position {
                line: span.end.line,
                column: span.end.column.checked_sub(1)?,
            },
            text: format!(", {inner}"),
        }),
        Tree::Leaf(_) => None,
    }
}

/// A first line of an object in brackets that has a line for each entry.
fn line_in_brackets(document: &Document<'_>, span: Span, tree: &Tree<'_>) -> Option<Change> {
    let start = span.start;
    let next = document.line(start.line + 1);
    let bare = next.trim_start();
    let ends_line = document.slice(span).trim_end() == "{";
    if !ends_line || bare.is_empty() || bare.starts_with(['}', '#']) {
        return None;
    }
    let text = tree.inline(document.is_json())?;
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let indent = &next[..next.len() - bare.len()];
    Some(Change::Lines {
        after: start.line,
        parent: start,
        lines: vec![format!("{indent}{inner},")],
    })
}

/// What is to be added below one place.
#[derive(Debug)]
enum Tree<'d> {
    Leaf(&'d str),
    Map(Vec<(&'d str, Tree<'d>)>),
    Items(Vec<(u32, Tree<'d>)>),
}

impl Default for Tree<'_> {
    fn default() -> Self {
        Self::Map(Vec::new())
    }
}

impl<'d> Tree<'d> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf(_) => false,
            Self::Map(entries) => entries.is_empty(),
            Self::Items(items) => items.is_empty(),
        }
    }

    fn insert(&mut self, path: &'d [Part<'_>], value: &'d str) {
        let Some((first, rest)) = path.split_first() else {
            *self = Self::Leaf(value);
            return;
        };
        if matches!(first, Part::Index(_)) && self.is_empty() {
            *self = Self::Items(Vec::new());
        }
        match (first, self) {
            (Part::Key(key), Self::Map(entries)) => {
                let known = entries.iter().position(|(name, _)| name == key);
                let at = known.unwrap_or_else(|| {
                    entries.push((key, Self::default()));
                    entries.len() - 1
                });
                entries[at].1.insert(rest, value);
            }
            (Part::Index(index), Self::Items(items)) => {
                let known = items.iter().position(|(number, _)| number == index);
                let at = known.unwrap_or_else(|| {
                    items.push((*index, Self::default()));
                    items.len() - 1
                });
                items[at].1.insert(rest, value);
            }
            // Contradictory wishes: the first one counts.
            _ => {}
        }
    }

    /// As lines of YAML that start at a column, from 0.
    fn block(&self, indent: usize, lines: &mut Vec<String>) {
        let space = " ".repeat(indent);
        match self {
            Self::Leaf(value) => lines.push(format!("{space}{}", scalar(value, false))),
            Self::Map(entries) => {
                for (key, below) in entries {
                    let key = key_text(key);
                    if let Self::Leaf(value) = below {
                        lines.push(format!("{space}{key}: {}", scalar(value, false)));
                    } else {
                        lines.push(format!("{space}{key}:"));
                        below.block(indent + 2, lines);
                    }
                }
            }
            Self::Items(items) => {
                for (_, below) in items {
                    let first = lines.len();
                    below.block(indent + 2, lines);
                    if let Some(line) = lines.get_mut(first) {
                        line.replace_range(indent..=indent, "-");
                    }
                }
            }
        }
    }

    /// On one line, in JSON or in YAML with brackets.
    fn inline(&self, json: bool) -> Option<String> {
        let joined = |parts: Option<Vec<String>>| Some(parts?.join(", "));
        match self {
            Self::Leaf(value) => Some(scalar(value, json)),
            Self::Map(entries) => {
                let entry = |(key, below): &(&str, Tree<'_>)| {
                    let key = if json {
                        serde_json::to_string(key).ok()?
                    } else {
                        key_text(key)
                    };
                    Some(format!("{key}: {}", below.inline(json)?))
                };
                joined(entries.iter().map(entry).collect()).map(|text| format!("{{{text}}}"))
            }
            Self::Items(items) => {
                let items = items.iter().map(|(_, below)| below.inline(json)).collect();
                joined(items).map(|text| format!("[{text}]"))
            }
        }
    }
}

fn key_text(key: &str) -> String {
    if is_plain(key) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A value as YAML or JSON. Controls give values as text; what reads as a
/// boolean or a number is meant as one.
fn scalar(value: &str, json: bool) -> String {
    let bare = matches!(value, "true" | "false") || value.parse::<i64>().is_ok();
    if bare || (!json && is_plain(value)) {
        value.to_owned()
    } else {
        quoted(value)
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Whether YAML takes a text for itself without quotes.
fn is_plain(text: &str) -> bool {
    let starts_well = text
        .starts_with(|char: char| char.is_alphanumeric() || "_/.<$(".contains(char))
        || (text.starts_with('-')
            && text[1..].starts_with(|char: char| char.is_alphanumeric() || char == '-'));
    let ends_well = !text.ends_with([':', ' ']);
    starts_well
        && ends_well
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(char::is_control)
}
