//! Tables: what `kubectl get` shows of an object, taken from a few values that
//! the store keeps beside it, so that no table ever reads a body.

mod columns;

pub(crate) use columns::*;
use serde_json::{Map, Value, json};

use crate::resource::Resource;

/// The JSON type of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// True or false.
    Boolean,
}

/// Where a cell's value comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A value in the object.
    Path(&'static [&'static str]),
    /// How many items or entries there are.
    Length(&'static [&'static str]),
    /// A label.
    Label(&'static str),
    /// An annotation.
    Annotation(&'static str),
    /// Failed controls of a severity, counted in `spec.controls`.
    FailedControls(&'static str),
    /// Matches of a severity, counted in `spec.payload.matches`.
    Matches(&'static str),
}

/// One value that the index keeps, and how tables show it.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The heading.
    pub name: &'static str,
    /// The key under which the index keeps it.
    pub key: &'static str,
    /// Its type.
    pub cell: Cell,
    /// Where it comes from.
    pub source: Source,
    /// Whether tables show it (with `-o wide`) or only the index has it.
    pub shown: bool,
}

impl Resource {
    /// The small JSON object that the index keeps beside an object: its
    /// columns by key. What the object lacks, or has in another type, is left
    /// out. Long texts are cut to 253 bytes.
    pub fn columns(&self, object: &Value) -> Value {
        let mut kept = Map::new();
        for column in self.columns {
            if let Some(value) = column.read(object) {
                kept.insert(column.key.to_owned(), value);
            }
        }
        Value::Object(kept)
    }

    /// The `columnDefinitions` of its tables: Name and Created At, as upstream
    /// has, then the rest with priority 1, which `-o wide` shows.
    pub fn column_definitions(&self) -> Vec<Value> {
        let mut definitions = vec![
            json!({"name": "Name", "type": "string", "format": "name", "description": "The name of the object.", "priority": 0}),
            json!({"name": "Created At", "type": "date", "format": "", "description": "When the object was created.", "priority": 0}),
        ];
        let shown = self.columns.iter().filter(|column| column.shown);
        definitions.extend(shown.map(|column| {
            let kind = match column.cell {
                Cell::Integer => "integer",
                Cell::Text => "string",
                Cell::Boolean => "boolean",
            };
            json!({"name": column.name, "type": kind, "format": "", "description": column.source.to_string(), "priority": 1})
        }));
        definitions
    }

    /// The `cells` of one row: the name, the creation time as RFC 3339 text,
    /// and what [`Self::columns`] kept. What is missing is null.
    pub fn cells(&self, name: &str, created: Option<&str>, columns: &Value) -> Vec<Value> {
        let mut cells = vec![Value::from(name), created.map_or(Value::Null, Value::from)];
        let shown = self.columns.iter().filter(|column| column.shown);
        cells.extend(shown.map(|column| columns.get(column.key).cloned().unwrap_or_default()));
        cells
    }
}

impl Column {
    fn read(&self, object: &Value) -> Option<Value> {
        let value = match self.source {
            Source::Path(path) => descend(object, path)?.clone(),
            Source::Length(path) => match descend(object, path)? {
                Value::Array(items) => items.len().into(),
                Value::Object(entries) => entries.len().into(),
                _ => return None,
            },
            Source::Label(key) => descend(object, &["metadata", "labels", key])?.clone(),
            Source::Annotation(key) => descend(object, &["metadata", "annotations", key])?.clone(),
            Source::FailedControls(severity) => failed_controls(object, severity)?.into(),
            Source::Matches(severity) => matches(object, severity)?.into(),
        };
        match (self.cell, value) {
            (Cell::Integer, value) if value.is_i64() => Some(value),
            (Cell::Boolean, value) if value.is_boolean() => Some(value),
            (Cell::Text, Value::String(mut text)) => {
                text.truncate(text.floor_char_boundary(LONGEST_TEXT));
                Some(text.into())
            }
            _ => None,
        }
    }
}

/// Longest text that the index keeps, in bytes; no valid label is longer.
const LONGEST_TEXT: usize = 253;

fn descend<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(*key))
}

fn failed_controls(object: &Value, severity: &str) -> Option<usize> {
    let controls = descend(object, &["spec", "controls"])?.as_object()?;
    let failed = controls.values().filter(|control| {
        descend(control, &["status", "status"]).and_then(Value::as_str) == Some("failed")
            && is_severity(descend(control, &["severity", "severity"]), severity)
    });
    Some(failed.count())
}

fn matches(object: &Value, severity: &str) -> Option<usize> {
    let matches = descend(object, &["spec", "payload", "matches"])?.as_array()?;
    let of_severity = matches
        .iter()
        .filter(|one| is_severity(descend(one, &["vulnerability", "severity"]), severity));
    Some(of_severity.count())
}

/// Whether a stated severity is this one; none stated counts as unknown.
fn is_severity(stated: Option<&Value>, severity: &str) -> bool {
    match stated.and_then(Value::as_str) {
        None | Some("") => severity == "Unknown",
        Some(stated) => stated.eq_ignore_ascii_case(severity),
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(out, "The field {}.", path.join(".")),
            Self::Length(path) => write!(out, "How many there are in {}.", path.join(".")),
            Self::Label(key) => write!(out, "The label {key}."),
            Self::Annotation(key) => write!(out, "The annotation {key}."),
            Self::FailedControls(severity) => {
                write!(out, "Failed controls of severity {severity}.")
            }
            Self::Matches(severity) => write!(out, "Vulnerabilities of severity {severity}."),
        }
    }
}
