//! One YAML document → one [`Value`]. Pure: no I/O.
//!
//! Scalars are typed as Go's `yaml.v3` types them, because that is what
//! Kubernetes tools and upstream's rule cases expect: `0644` is octal, `yes`
//! stays a string, a timestamp becomes RFC 3339.

mod builder;
mod error;
mod scalar;

use granit_parser::{Event, Parser};
use kubescape_engine::{Arena, Value};

pub use error::{YamlError, YamlErrorKind};
pub use granit_parser as events;

/// Deeper nesting is refused, in YAML as in JSON.
const MAX_DEPTH: usize = 128;

/// A document whose aliases unfold to more values than this is refused.
const MAX_UNFOLDED: usize = 1_000_000;

/// Reads the first document of `text`; `None` when there is none.
///
/// # Errors
///
/// Malformed YAML, a key given twice in one mapping, nesting deeper than 128,
/// aliases that unfold without end, an unknown alias.
pub fn from_yaml<'a>(text: &'a str, arena: &'a Arena) -> Result<Option<Value<'a>>, YamlError> {
    let mut builder = builder::Builder::new(arena);
    // Not the iterator of the parser: it stops for good after an error, which
    // costs a check an event and gains nothing here.
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|scan| YamlError::from_scan(&scan))?;
        // The end of the document, and not of its root node: whatever stands
        // between them is an error that must not pass unseen.
        let end = matches!(event, Event::DocumentEnd);
        builder.take(event, span.start)?;
        if end {
            break;
        }
    }
    Ok(builder.done())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let arena = Arena::new();
        match from_yaml(text, &arena) {
            Ok(value) => serde_json::to_string(&value).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn scalars_are_typed_as_kubernetes_tools_do() {
        let text =
            "{a: 0644, b: yes, c: 1.5, d: '1', e: ~, f: true, g: 1e3, h: 0x1F, i: 0o17, j: 1.2.3}";
        let expected = r#"{"a":420,"b":"yes","c":1.5,"d":"1","e":null,"f":true,"g":1000.0,"h":31,"i":15,"j":"1.2.3"}"#;
        assert_eq!(json(text), expected);
    }

    #[test]
    fn aliases_and_merge_keys_unfold() {
        let text = "base: &base {x: 1, y: 2}\nmore:\n  <<: *base\n  y: 3\nsame: *base\n";
        assert_eq!(
            json(text),
            r#"{"base":{"x":1,"y":2},"more":{"x":1,"y":3},"same":{"x":1,"y":2}}"#
        );
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert!(json("a: 1\na: 2\n").starts_with("the key \"a\" is given twice"));
    }

    #[test]
    fn aliases_without_end_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
        }
        assert!(json(&text).starts_with("aliases unfold"), "{}", json(&text));
    }

    #[test]
    fn bottomless_nesting_is_refused() {
        assert!(
            json(&"[".repeat(10_000)).contains("nested deeper")
                || json(&"[".repeat(10_000)).contains("recursion")
        );
    }
}
