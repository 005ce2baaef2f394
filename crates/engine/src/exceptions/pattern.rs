//! Anchored patterns, cheap where they say something simple.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

/// Bytes of a compiled pattern.
const LARGEST: usize = 64 << 10;

/// Different expressions that are no plain text and no plain beginning: anybody may
/// send exceptions to a scanner, and together they must not take much memory.
const MOST: usize = 2000;

/// Bytes of a pattern's text.
const LONGEST: usize = 4096;

/// What a whole text is compared with.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Every text.
    Any,
    /// This text.
    Literal(Box<str>),
    /// This text in any case.
    AnyCase(Box<str>),
    /// Texts that begin with this: `front-.*`.
    Prefix(Box<str>),
    /// Anything else.
    Regex(Regex),
}

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(literal) => **literal == *text,
            Self::AnyCase(literal) => literal.eq_ignore_ascii_case(text),
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

/// Compiles each pattern once.
#[derive(Default)]
pub(super) struct Compiler {
    known: HashMap<(bool, String), Result<Pattern, String>>,
    expressions: usize,
}

impl Compiler {
    /// A pattern for texts as they are written.
    pub(super) fn exact(&mut self, text: &str) -> Result<Pattern, String> {
        self.compile(text, false)
    }

    /// A pattern for texts in any case.
    pub(super) fn any_case(&mut self, text: &str) -> Result<Pattern, String> {
        self.compile(text, true)
    }

    fn compile(&mut self, text: &str, any_case: bool) -> Result<Pattern, String> {
        let key = (any_case, text.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let made = match compile(text, any_case) {
            Ok(Pattern::Regex(_)) if self.expressions == MOST => Err(format!(
                "all exceptions together have more than {MOST} of them"
            )),
            made => made,
        };
        self.expressions += usize::from(matches!(made, Ok(Pattern::Regex(_))));
        self.known.insert(key, made.clone());
        made
    }
}

fn compile(text: &str, any_case: bool) -> Result<Pattern, String> {
    if text.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} characters"));
    }
    let is_plain = |text: &str| !text.contains(|char| r"\.+*?()|[]{}^$".contains(char));
    if text == ".*" {
        return Ok(Pattern::Any);
    }
    if is_plain(text) {
        let text = text.into();
        return Ok(if any_case {
            Pattern::AnyCase(text)
        } else {
            Pattern::Literal(text)
        });
    }
    let prefix = text.strip_suffix(".*").filter(|prefix| is_plain(prefix));
    if let Some(prefix) = prefix.filter(|_| !any_case) {
        return Ok(Pattern::Prefix(prefix.into()));
    }
    RegexBuilder::new(&format!("^(?:{text})$"))
        .case_insensitive(any_case)
        .dot_matches_new_line(true)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .build()
        .map(Pattern::Regex)
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            // The last line says what is wrong, those before it show where.
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        let mut compiler = Compiler::default();
        for text in [
            "(",
            "a{",
            "[z-a]",
            r"(?:\w{100}){100}",
            &"a".repeat(LONGEST + 1),
        ] {
            assert!(compiler.exact(text).is_err(), "{text}");
        }
        for number in 0..=MOST {
            let text = format!("[ab]{number}");
            assert_eq!(compiler.exact(&text).is_err(), number == MOST, "{text}");
        }
        let mut compiler = Compiler::default();
        assert!(compiler.exact(r"front-\w+-\d+").is_ok());
        // Anchors hold for every alternative.
        assert!(!compiler.exact("a|b").unwrap().matches("ab"));
        assert!(compiler.any_case("c-0016").unwrap().matches("C-0016"));
    }

    proptest! {
        /// Shortcuts match as the expression does.
        #[test]
        fn shortcuts_match_as_expressions(text in "[a-c.*|-]{0,5}", value in "[a-c.-]{0,5}") {
            let quick = Compiler::default().exact(&text);
            let slow = Regex::new(&format!("^(?:{text})$"));
            prop_assert_eq!(quick.is_ok(), slow.is_ok());
            if let (Ok(quick), Ok(slow)) = (quick, slow) {
                prop_assert_eq!(quick.matches(&value), slow.is_match(&value), "{} {}", text, value);
            }
        }
    }
}
