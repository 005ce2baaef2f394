//! A configuration file.

use std::path::Path;

use serde_json::{Map, Value};

use super::problem::{Problem, Problems, Severity};
use crate::files;

/// Most bytes of a configuration file.
const MAX_BYTES: u64 = 1 << 20;

/// Whether a file has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Missing is an error.
    Required,
    /// Missing means that all its fields are unset.
    Optional,
}

/// The fields of a JSON file, or what is wrong with it. Its content may hold
/// secrets and is not printed.
#[derive(Clone)]
pub struct ConfigFile {
    pub(super) source: String,
    pub(super) fields: Map<String, Value>,
    problem: Option<(String, String)>,
}

impl ConfigFile {
    /// Reads a file of at most 1 MiB; [`super::Reader::new`] notes what is wrong.
    pub fn read(path: &Path, presence: Presence) -> Self {
        let source = path.display().to_string();
        match files::read_limited(path, MAX_BYTES) {
            Ok(content) => Self::parse(&source, &content),
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound
                    && presence == Presence::Optional =>
            {
                Self::empty(&source)
            }
            Err(error) => Self::bad(
                &source,
                format!("cannot be read ({error})"),
                "make it a readable file, for example by mounting its ConfigMap",
            ),
        }
    }

    /// Parses content; `source` names it in problems.
    pub fn parse(source: &str, content: &[u8]) -> Self {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        if content.iter().all(u8::is_ascii_whitespace) {
            return Self::empty(source);
        }
        match serde_json::from_slice(content) {
            Ok(Value::Object(fields)) => Self {
                source: source.to_owned(),
                fields,
                problem: None,
            },
            Ok(_) => Self::bad(
                source,
                "is not a JSON object".to_owned(),
                "write the fields between { and }",
            ),
            Err(error) => {
                // serde_json's own text may quote the content.
                let kind = match error.classify() {
                    serde_json::error::Category::Eof => "ends too early",
                    _ => "is not JSON",
                };
                let place = format!("line {}, column {}", error.line(), error.column());
                Self::bad(source, format!("{kind} ({place})"), "correct it there")
            }
        }
    }

    /// No file: fields come from environment and flags.
    pub fn empty(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            fields: Map::new(),
            problem: None,
        }
    }

    /// What names it in problems.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn bad(source: &str, text: String, remedy: &str) -> Self {
        Self {
            problem: Some((text, remedy.to_owned())),
            ..Self::empty(source)
        }
    }

    /// Whether the file itself is unusable; its fields then count as unset and are
    /// not asked for.
    pub(super) fn note(&self, problems: &mut Problems) -> bool {
        let Some((text, remedy)) = &self.problem else {
            return false;
        };
        problems.push(Problem {
            severity: Severity::Error,
            source: self.source.clone(),
            field: String::new(),
            text: text.clone(),
            remedy: remedy.clone(),
        });
        true
    }
}

impl std::fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "ConfigFile({}, {} fields)",
            self.source,
            self.fields.len()
        )
    }
}
