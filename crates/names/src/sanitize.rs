//! Foreign text made fit for names and label values, as clients do it.

use crate::label::{MAX_LABEL_VALUE_LENGTH, is_valid_label_value};
use crate::object_name::{MAX_NAME_LENGTH, cut, is_valid_object_name};

/// A valid label value that resembles `value`; the same if it is valid. Else
/// other characters become `-`, letters lower-case, the length at most 63 bytes,
/// and the ends letters or digits. May be empty, which is valid.
pub fn sanitize_label_value(value: &str) -> String {
    if is_valid_label_value(value) {
        return value.to_owned();
    }
    resembling(value, MAX_LABEL_VALUE_LENGTH, |c| "-_.".contains(c))
}

/// What the name of a scan is made of: `text` if that is a valid name, else
/// something that resembles it, possibly empty.
pub(crate) fn sanitize_name(text: &str) -> String {
    if is_valid_object_name(text) {
        return text.to_owned();
    }
    resembling(text, MAX_NAME_LENGTH, |c| "-.".contains(c))
}

fn resembling(text: &str, length: usize, allowed: impl Fn(char) -> bool) -> String {
    let text = text.trim_matches(|c: char| c == '-' || !(c.is_ascii_alphanumeric() || allowed(c)));
    // The first `length` characters give all the bytes that count.
    let replaced: String = text
        .chars()
        .take(length)
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || allowed(c) => c,
            _ => '-',
        })
        .collect();
    cut(&replaced, length)
        .trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_values_stay() {
        for value in ["", "Deployment", "a_b.C-1"] {
            assert_eq!(sanitize_label_value(value), value);
        }
    }

    #[test]
    fn others_become_valid() {
        let long = format!("sha256:{}", "0".repeat(64));
        let cut = format!("sha256-{}", "0".repeat(56));
        let cases = [
            ("docker.io/Library/nginx", "docker.io-library-nginx"),
            (" -_x_- ", "x"),
            ("a:", "a"),
            ("///", ""),
            ("é", ""),
            ("aéb", "a-b"),
            (long.as_str(), cut.as_str()),
        ];
        for (value, expected) in cases {
            assert_eq!(sanitize_label_value(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn sanitized_label_values_are_valid(value in any::<String>()) {
            let sanitized = sanitize_label_value(&value);
            prop_assert!(is_valid_label_value(&sanitized));
            prop_assert_eq!(&sanitize_label_value(&sanitized), &sanitized);
        }

        #[test]
        fn long_values_too(value in "[a-zA-Z0-9:/_. @é-]{40,200}") {
            prop_assert!(is_valid_label_value(&sanitize_label_value(&value)));
        }
    }
}
