//! Texts quoted as Go's `%q` quotes them, which Kubernetes' messages use.

use std::fmt::Write as _;

/// Longest text that a message quotes whole, in bytes.
const LONGEST: usize = 256;

/// The text in double quotes, escaped as Go's `strconv.Quote` does; a long one
/// is cut, so that a message cannot be made huge by its input.
pub(crate) fn quote(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST);
    let mut quoted = String::with_capacity(end + 2);
    quoted.push('"');
    for char in text[..end].chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            char if char.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", char as u32);
            }
            char if char.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", char as u32);
            }
            char => quoted.push(char),
        }
    }
    if end < text.len() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(quote("a\"b\\c\n\u{1}é"), r#""a\"b\\c\n\x01é""#);
        assert!(quote(&"é".repeat(1_000_000)).len() < 300);
    }
}
