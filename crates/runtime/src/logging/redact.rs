//! The net below [`crate::Secret`]: takes what looks like a credential out of texts.

use std::borrow::Cow;

const STARS: &str = "***";

/// Parts of field names whose values are never shown, lower-case.
const SECRET_NAMES: [&str; 10] = [
    "password",
    "passwd",
    "token",
    "secret",
    "authorization",
    "credential",
    "privatekey",
    "private_key",
    "accesskey",
    "apikey",
];

/// Whether a field of this name is never shown. Names of Kubernetes' objects
/// (`secretName`) and counts (`tokens`) are.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part)) && !name.ends_with("name")
}

/// A text without bearer tokens, passwords in URLs and private keys: `***` instead.
/// Linear in its length.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for find in [private_key, bearer, password_of_url] {
        if let Some(new) = replaced(&text, find) {
            text = Cow::Owned(new);
        }
    }
    text
}

/// Where the next secret is, from `start` on: its first byte and the one after it.
type Find = fn(&str, usize) -> Option<(usize, usize)>;

fn replaced(text: &str, find: Find) -> Option<String> {
    let mut out: Option<String> = None;
    let mut done = 0;
    while let Some((start, end)) = find(text, done) {
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(text.get(done..start)?);
        out.push_str(STARS);
        done = end;
    }
    let mut out = out?;
    out.push_str(text.get(done..)?);
    Some(out)
}

fn private_key(text: &str, start: usize) -> Option<(usize, usize)> {
    const MARK: &str = "PRIVATE KEY-----";
    let rest = text.get(start..)?;
    let begin = start + rest.find(MARK)? + MARK.len();
    let body = text.get(begin..)?;
    // Cut off before its end mark it is a key, too; text behind the mark goes as well.
    let end = body.find("-----END").map_or(text.len(), |at| begin + at);
    // Step over the end mark, which holds the same words.
    match text.get(end..)?.find(MARK) {
        Some(at) => Some((begin, end + at + MARK.len())),
        None => (begin < text.len()).then_some((begin, text.len())),
    }
}

fn bearer(text: &str, start: usize) -> Option<(usize, usize)> {
    const WORD: &[u8] = b"bearer ";
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        let word = bytes
            .get(at..)?
            .windows(WORD.len())
            .position(|window| window.eq_ignore_ascii_case(WORD))?;
        let begin = at + word + WORD.len();
        let length = bytes
            .get(begin..)?
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte))
            .count();
        // "bearer of bad news" is no credential.
        if length >= 8 {
            return Some((begin, begin + length));
        }
        at = begin;
    }
}

/// `scheme://user:PASSWORD@host`.
fn password_of_url(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        let begin = at + text.get(at..)?.find("://")? + 3;
        let authority = bytes
            .get(begin..)?
            .iter()
            .take_while(|byte| !byte.is_ascii_whitespace() && !b"/?#\"'<>".contains(byte))
            .count();
        let end = begin + authority;
        let part = bytes.get(begin..end)?;
        let sign = part.iter().rposition(|byte| *byte == b'@');
        let colon = part.iter().position(|byte| *byte == b':');
        if let (Some(colon), Some(sign)) = (colon, sign)
            && colon + 1 < sign
            && part.get(colon + 1..sign) != Some(STARS.as_bytes())
        {
            return Some((begin + colon + 1, begin + sign));
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn credentials_become_stars_and_the_rest_stays() {
        for (text, wanted) in [
            (
                "Authorization: Bearer eyJhbGciOi.x-y_z",
                "Authorization: Bearer ***",
            ),
            ("bearer of bad news", "bearer of bad news"),
            (
                "postgres://ks:hunter2@db:5432/ks?x=1",
                "postgres://ks:***@db:5432/ks?x=1",
            ),
            (
                "at https://host:8443/a and http://u:p@h",
                "at https://host:8443/a and http://u:***@h",
            ),
            (
                "x -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- y",
                "x -----BEGIN EC PRIVATE KEY-----*** y",
            ),
            (
                "-----BEGIN PRIVATE KEY-----MHcut",
                "-----BEGIN PRIVATE KEY-----***",
            ),
            ("nothing to hide", "nothing to hide"),
        ] {
            assert_eq!(redact(text), wanted);
        }
        assert!(is_secret_name("accessToken") && is_secret_name("Authorization"));
        assert!(!is_secret_name("secretName") && !is_secret_name("namespace"));
    }

    proptest! {
        #[test]
        fn whatever_is_around_it_a_token_is_gone(before in "[a-z :/@\u{e9}]{0,30}", after in "[ ,;\"][a-z :@/]{0,30}") {
            let text = format!("{before}Bearer s3cr3t-t0k3n{after}");
            prop_assert!(!redact(&text).contains("s3cr3t-t0k3n"));
        }

        #[test]
        fn no_text_panics(text in "(bearer |://|:|@|-----BEGIN |PRIVATE KEY-----|-----END|é|a| ){0,40}") {
            let once = redact(&text).into_owned();
            let _ = redact(&once);
        }
    }
}
