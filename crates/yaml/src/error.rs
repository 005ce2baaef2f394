//! Why a text is no YAML document.

use std::fmt;

use granit_parser::{ErrorKind, Marker, ScanError};

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlErrorKind {
    /// Not YAML.
    Syntax,
    /// A key given twice in one mapping; the error's place is the second one.
    DuplicateKey {
        /// 1-based line of the first one.
        first_line: usize,
    },
    /// Collections inside collections without end.
    TooDeep,
    /// Aliases that unfold without end.
    AliasBomb,
    /// YAML that has no counterpart in JSON, such as a sequence as a key.
    NotJson,
}

/// Why a text is no YAML document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// What sort of thing is wrong.
    pub kind: YamlErrorKind,
    /// What is wrong, without the place.
    pub message: String,
    /// 1-based line of the text.
    pub line: usize,
    /// 1-based column in characters.
    pub column: usize,
}

impl YamlError {
    pub(crate) fn new(kind: YamlErrorKind, message: impl Into<String>, at: Marker) -> Self {
        Self {
            kind,
            message: message.into(),
            line: at.line(),
            column: at.col() + 1,
        }
    }

    pub(crate) fn from_scan(scan: &ScanError) -> Self {
        if matches!(scan.kind(), ErrorKind::RecursionLimitExceeded) {
            return Self::too_deep(*scan.marker());
        }
        Self::new(YamlErrorKind::Syntax, scan.info(), *scan.marker())
    }

    pub(crate) fn too_deep(at: Marker) -> Self {
        let message = format!("nested deeper than {} levels", crate::MAX_DEPTH);
        Self::new(YamlErrorKind::TooDeep, message, at)
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            line,
            column,
            ..
        } = self;
        write!(out, "{message} at line {line} column {column}")
    }
}

impl std::error::Error for YamlError {}
