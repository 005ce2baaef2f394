//! What kept something from being read, and what to do about it.

use std::fmt;

/// What sort of problem it is; [`Code::as_str`] is its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// Broken YAML.
    BadYaml,
    /// Broken JSON.
    BadJson,
    /// A key given twice in one object.
    DuplicateKey,
    /// A document that is a list, a string or a number.
    NotAnObject,
    /// Collections in collections without end.
    TooDeep,
    /// Anchors and aliases that unfold without end.
    AliasBomb,
    /// A document above the size limit.
    TooLarge,
    /// Not text at all.
    Binary,
    /// Text in another encoding.
    NotUtf8,
    /// A file or directory that cannot be opened or read.
    Unreadable,
    /// A symbolic link to a directory that it is in.
    SymlinkLoop,
    /// No such file, or a pattern without matches.
    NotFound,
    /// Input without a single object.
    Empty,
    /// An object without `apiVersion` or `kind` in a file that was asked for.
    NoKind,
    /// A field of another type than its kind's schema has.
    BadField,
    /// A template that has to be rendered first.
    Template,
    /// YAML or JSON of another tool that lay in a directory: no error.
    NotKubernetes,
    /// An API version that Kubernetes does not serve: no error, the object was judged.
    UnknownVersion,
    /// The same object twice in one file: no error, both were judged.
    DuplicateObject,
    /// A list of the cluster that the user may not read.
    Forbidden,
    /// A list of the cluster that did not come, or not whole.
    Unavailable,
    /// A rules file that cannot be used, or a part of it.
    BadRule,
    /// A kind that a rules file names for nothing: no error.
    NotFollowed,
    /// A description of a node or a cloud that is none, or of another cluster.
    BadDescription,
    /// A description that may no longer be true: no error.
    OldDescription,
    /// A description that says what is known better: no error.
    UnusedDescription,
    /// A file of exceptions that cannot be used.
    BadException,
    /// A bug of the program met this document.
    Internal,
}

impl Code {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::BadYaml => "bad-yaml",
            Code::BadJson => "bad-json",
            Code::DuplicateKey => "duplicate-key",
            Code::NotAnObject => "not-an-object",
            Code::TooDeep => "too-deep",
            Code::AliasBomb => "alias-bomb",
            Code::TooLarge => "too-large",
            Code::Binary => "binary",
            Code::NotUtf8 => "not-utf8",
            Code::Unreadable => "unreadable",
            Code::SymlinkLoop => "symlink-loop",
            Code::NotFound => "not-found",
            Code::Empty => "empty",
            Code::NoKind => "no-kind",
            Code::BadField => "bad-field",
            Code::Template => "template",
            Code::NotKubernetes => "not-kubernetes",
            Code::UnknownVersion => "unknown-version",
            Code::DuplicateObject => "duplicate-object",
            Code::Forbidden => "forbidden",
            Code::Unavailable => "unavailable",
            Code::BadRule => "bad-rule",
            Code::NotFollowed => "not-followed",
            Code::BadDescription => "bad-description",
            Code::OldDescription => "old-description",
            Code::UnusedDescription => "unused-description",
            Code::BadException => "bad-exception",
            Code::Internal => "internal",
        }
    }

    /// Whether this only says why something was passed over, and nothing is
    /// missing from the result.
    pub fn is_note(self) -> bool {
        matches!(
            self,
            Code::NotKubernetes
                | Code::UnknownVersion
                | Code::DuplicateObject
                | Code::NotFollowed
                | Code::OldDescription
                | Code::UnusedDescription
        )
    }

    /// What usually helps.
    fn remedy(self) -> &'static str {
        match self {
            Code::BadYaml | Code::BadJson | Code::TooDeep => "correct the document",
            Code::DuplicateKey => "remove one of the two",
            Code::NotAnObject => "give one Kubernetes object per document",
            Code::AliasBomb => "write the values out",
            Code::TooLarge => "split the document, or raise --max-document-size",
            Code::Binary => "leave the file out",
            Code::NotUtf8 => "convert the file to UTF-8, for example with iconv",
            Code::Unreadable => "check that it is a file and that you may read it",
            Code::SymlinkLoop => "remove the link",
            Code::NotFound => "check the spelling and the current directory",
            Code::Empty => "check that what should have written it did not fail",
            Code::NoKind => "add apiVersion and kind",
            Code::BadField => "correct the field",
            Code::Template => "render it first: helm template … | kubescape scan -",
            Code::Forbidden => "grant the user `list` on it",
            Code::Unavailable => "scan again when the API server answers",
            Code::Internal => "report it, with the document",
            Code::DuplicateObject => "keep one of them: applying the file keeps the last",
            Code::BadRule => "correct the rules file",
            Code::BadDescription => "correct it, as docs/descriptions.md shows",
            Code::BadException => "correct it, as docs/exceptions.md shows",
            Code::OldDescription => "describe it again",
            Code::NotKubernetes
            | Code::UnknownVersion
            | Code::NotFollowed
            | Code::UnusedDescription => "",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a file, or a document of it, was not read. Shown as one line:
/// `path:line:column: message (document 3); remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort of problem it is.
    pub code: Code,
    /// The file, as the user would name it; `-` is standard input.
    pub path: String,
    /// The document, counted from 1.
    pub document: Option<u32>,
    /// Line of the file, counted from 1.
    pub line: Option<u64>,
    /// Column in characters, counted from 1.
    pub column: Option<u64>,
    /// What is wrong: no full stop, no place.
    pub message: String,
    /// What to do about it; may be empty.
    pub remedy: String,
}

impl Problem {
    /// A problem with a whole file.
    pub fn new(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            path: path.into(),
            document: None,
            line: None,
            column: None,
            message: message.into(),
            remedy: code.remedy().to_owned(),
        }
    }

    /// Whether nothing is missing from the result because of it.
    pub fn is_note(&self) -> bool {
        self.code.is_note()
    }

    /// Names the document, and the line that it starts in.
    #[must_use]
    pub fn of_document(self, document: &crate::RawDocument) -> Self {
        self.of_place(document.line, document.index)
    }

    /// Names the line and the document, which counts from 0.
    #[must_use]
    pub fn of_place(self, line: u64, document: u32) -> Self {
        self.at(line, None).in_document(document)
    }

    pub(crate) fn at(mut self, line: u64, column: Option<u64>) -> Self {
        self.line = Some(line);
        self.column = column;
        self
    }

    /// `index` counts from 0, as [`RawDocument`](crate::RawDocument) does.
    pub(crate) fn in_document(mut self, index: u32) -> Self {
        self.document = Some(index + 1);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
            if let Some(column) = self.column {
                write!(out, ":{column}")?;
            }
        }
        write!(out, ": {}", self.message)?;
        if let Some(document) = self.document {
            write!(out, " (document {document})")?;
        }
        if !self.remedy.is_empty() {
            write!(out, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_readable_line() {
        let problem = Problem::new(Code::Template, "a/b.yaml", "a template, not YAML");
        assert_eq!(
            problem.clone().at(7, Some(3)).in_document(2).to_string(),
            "a/b.yaml:7:3: a template, not YAML (document 3); \
             render it first: helm template … | kubescape scan -"
        );
        let note = Problem::new(
            Code::NotKubernetes,
            "values.yaml",
            "not a Kubernetes object",
        );
        assert_eq!(note.to_string(), "values.yaml: not a Kubernetes object");
        assert!(note.is_note() && !problem.is_note());
    }
}
