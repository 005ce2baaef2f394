//! Where something is inside an object: `spec.containers[0].image`.

use std::borrow::Cow;
use std::fmt;

/// One step into an object or an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part<'a> {
    /// A key of an object.
    Key(Cow<'a, str>),
    /// An item of an array, counted from 0.
    Index(u32),
}

/// A place inside an object.
///
/// A key is written after a dot (`spec.hostPID`) or, when it has characters
/// that would be read as structure, in brackets
/// (`metadata.labels[app.kubernetes.io/name]`). Digits in brackets are an index.
/// Keys that would be misread even there are quoted: `data["a/]"]`, with `\`
/// before `"` and `\`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path<'a>(pub Vec<Part<'a>>);

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError {
    /// What is wrong.
    pub message: &'static str,
    /// The byte of the text where it is wrong.
    pub at: usize,
}

impl fmt::Display for PathError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {}", self.message, self.at)
    }
}

impl std::error::Error for PathError {}

impl<'a> Path<'a> {
    /// Reads a path; the empty text is the whole object.
    ///
    /// # Errors
    ///
    /// An empty part (`a..b`, `a[]`), a bracket that is never closed, or
    /// anything but `.` or `[` after a closed one.
    pub fn parse(text: &'a str) -> Result<Self, PathError> {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let (part, length) = if rest.starts_with('[') {
                bracket(rest, at)?
            } else {
                let dot = usize::from(at > 0 && rest.starts_with('.'));
                if at > 0 && dot == 0 {
                    return Err(error("expected `.` or `[`", at));
                }
                let key = &rest[dot..];
                let key = &key[..key.find(['.', '[']).unwrap_or(key.len())];
                if key.is_empty() {
                    return Err(error("a part is empty", at));
                }
                (Part::Key(Cow::Borrowed(key)), dot + key.len())
            };
            parts.push(part);
            at += length;
        }
        Ok(Self(parts))
    }

    /// The steps, outermost first.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.0
    }
}

fn error(message: &'static str, at: usize) -> PathError {
    PathError { message, at }
}

/// The part in the brackets that `rest` starts with, and the bytes it takes.
fn bracket(rest: &str, at: usize) -> Result<(Part<'_>, usize), PathError> {
    let unclosed = error("a bracket is not closed", at);
    if let Some(quoted) = rest.strip_prefix("[\"") {
        let mut key = String::new();
        let mut chars = quoted.char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' if quoted[offset + 1..].starts_with(']') => {
                    return Ok((Part::Key(Cow::Owned(key)), 2 + offset + 2));
                }
                '"' => return Err(error("expected `]`", at + 2 + offset + 1)),
                '\\' => key.push(chars.next().ok_or(unclosed)?.1),
                char => key.push(char),
            }
        }
        return Err(unclosed);
    }
    let end = rest.find(']').ok_or(unclosed)?;
    let inner = &rest[1..end];
    if inner.is_empty() {
        return Err(error("a part is empty", at));
    }
    let part = index(inner).map_or(Part::Key(Cow::Borrowed(inner)), Part::Index);
    Ok((part, end + 1))
}

/// The number, if `text` is how an index is written.
fn index(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Index(index) => write!(out, "[{index}]")?,
                Part::Key(key) if is_plain(key) => {
                    let dot = if number > 0 { "." } else { "" };
                    write!(out, "{dot}{key}")?;
                }
                Part::Key(key) if key.is_empty() || key.contains(']') || key.starts_with('"') => {
                    let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
                    write!(out, "[\"{escaped}\"]")?;
                }
                Part::Key(key) => write!(out, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a key may stand after a dot. A slash is harmless to us, but the
/// policies that people know put such keys into brackets.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', '/'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Part<'_> {
        Part::Key(text.into())
    }

    #[test]
    fn reads_the_forms_that_policies_use() {
        let cases = [
            ("", vec![]),
            ("kind", vec![key("kind")]),
            (
                "spec.containers[10].securityContext",
                vec![
                    key("spec"),
                    key("containers"),
                    Part::Index(10),
                    key("securityContext"),
                ],
            ),
            (
                "metadata.labels[app.kubernetes.io/name]",
                vec![
                    key("metadata"),
                    key("labels"),
                    key("app.kubernetes.io/name"),
                ],
            ),
            ("[3].kind", vec![Part::Index(3), key("kind")]),
            (
                "a[0][1].b",
                vec![key("a"), Part::Index(0), Part::Index(1), key("b")],
            ),
            (
                r#"a.0[""]["x/]\"\\"]"#,
                vec![key("a"), key("0"), key(""), key(r#"x/]"\"#)],
            ),
        ];
        for (text, parts) in cases {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.parts(), parts, "{text}");
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn reads_other_spellings_too() {
        let cases = [("a[b]", "a.b"), ("a[007]", "a.007"), (r#"a["0"]"#, "a.0")];
        for (text, usual) in cases {
            assert_eq!(Path::parse(text).unwrap().to_string(), usual);
        }
    }

    #[test]
    fn refuses_what_names_no_place() {
        for (text, at) in [("a..b", 1), (".a", 0), ("a.", 1), ("a[", 1), ("a[]", 1)] {
            assert_eq!(Path::parse(text).unwrap_err().at, at, "{text}");
        }
        for text in ["a[0]b", "a[\"x", "a[\"x\"y]", "a[\"x\\"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }

    fn part() -> impl Strategy<Value = Part<'static>> {
        prop_oneof![
            any::<u32>().prop_map(Part::Index),
            r#"[a-c0-9./\[\]"\\ é-]{0,6}"#.prop_map(|key| Part::Key(key.into())),
        ]
    }

    proptest! {
        #[test]
        fn every_path_survives_its_text(parts in prop::collection::vec(part(), 0..6)) {
            let path = Path(parts);
            let text = path.to_string();
            prop_assert_eq!(&Path::parse(&text).unwrap(), &path);
        }

        #[test]
        fn whatever_reads_as_a_path_reads_the_same_when_written_again(
            text in r#"[ab01.\[\]"\\/]{0,12}"#,
        ) {
            if let Ok(path) = Path::parse(&text) {
                let again = path.to_string();
                prop_assert_eq!(Path::parse(&again).unwrap(), path);
            }
        }
    }
}
