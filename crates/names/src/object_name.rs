//! What the name of a stored object may be.

use std::fmt;

use crate::digest;

/// Longest name of an object, in bytes.
pub const MAX_NAME_LENGTH: usize = 253;

/// Whether clients accept this as the name of a stored object:
/// `^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9]$`. One character alone is not enough.
pub fn is_valid_object_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let [first, middle @ .., last] = bytes else {
        return false;
    };
    bytes.len() <= MAX_NAME_LENGTH
        && end(first)
        && end(last)
        && middle.iter().all(|byte| end(byte) || b".-".contains(byte))
}

/// A [valid](is_valid_object_name) name of a stored object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// Takes a name that is valid as it stands.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if is_valid_object_name(&name) {
            Ok(Self(name))
        } else {
            Err(NameError::Invalid {
                name: shortened(&name),
            })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a `String`.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ObjectName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ObjectName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

/// Why there is no name for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The parts give a name that no object may have.
    Invalid {
        /// The name, cut if long.
        name: String,
    },
    /// A part that names are built of is empty or too short.
    MissingPart {
        /// Which part.
        part: &'static str,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { name } => write!(
                f,
                "`{name}` cannot name an object: use 2 to {MAX_NAME_LENGTH} lower-case letters, digits, `-` and `.`, with a letter or digit at both ends"
            ),
            Self::MissingPart { part } => {
                write!(
                    f,
                    "no name for the object: its {part} is missing or too short"
                )
            }
        }
    }
}

impl std::error::Error for NameError {}

/// The start of a foreign text, for messages.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 100;
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// At most `length` bytes of `text`, whole characters only.
pub(crate) fn cut(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // `end` is a boundary within the text.
    text.get(..end).unwrap_or_default()
}

/// `base` cut so that `-h1-h2` of `hashed` fits after it within `length`.
pub(crate) fn with_hash(base: &str, hashed: &str, length: usize) -> String {
    let base = cut(base, length.saturating_sub(digest::SUFFIX_LENGTH));
    format!("{base}{}", digest::suffix(hashed))
}

/// `base`, with `-h1-h2` of `hashed` only if it is so long that later clients
/// add them.
pub(crate) fn with_hash_if_long(base: &str, hashed: &str, length: usize) -> String {
    if base.len() < length.saturating_sub(digest::SUFFIX_LENGTH) {
        base.to_owned()
    } else {
        with_hash(base, hashed, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_clients_do() {
        let longest = "a".repeat(253);
        for name in ["ab", "a-b", "a.b", "9a", "a--b", longest.as_str()] {
            assert!(is_valid_object_name(name), "{name}");
        }
        let too_long = "a".repeat(254);
        for name in [
            "",
            "a",
            "-a",
            "a-",
            "--",
            ".a",
            "a.",
            "aB",
            "a_b",
            "a/b",
            "a%b",
            "a:b",
            "a^b",
            "é9",
            too_long.as_str(),
        ] {
            assert!(!is_valid_object_name(name), "{name}");
        }
    }

    #[test]
    fn a_message_shows_the_start_of_a_long_name() {
        let error = ObjectName::new("é".repeat(1_000_000)).unwrap_err();
        assert!(error.to_string().len() < 500);
    }
}
