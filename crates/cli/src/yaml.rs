//! Objects as YAML for `kubectl`, in its style.
//!
//! The texts come from other people's files, so a string is written plain only
//! when no reader, of YAML 1.1 or 1.2, could take it for anything else: `yes`,
//! `1_000` and `0b1` are numbers and booleans to kubectl. What terminals act on
//! is escaped.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::safe_json::quoted;

/// Writes an object as a document. The recursion is as deep as the value is:
/// give it values of our own making.
pub(crate) fn write(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Object(entries) if !entries.is_empty() => map(entries, 0, false, out),
        Value::Array(items) if !items.is_empty() => list(items, 0, out),
        _ => writeln!(out, "{}", scalar(value)),
    }
}

/// The entries of a map, each a line; the first may stand behind a dash.
fn map(
    entries: &Map<String, Value>,
    indent: usize,
    behind_dash: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (number, (key, value)) in entries.iter().enumerate() {
        let indent_here = if behind_dash && number == 0 {
            0
        } else {
            indent
        };
        write!(out, "{:indent_here$}", "")?;
        let text = string(key);
        if text.len() > LONGEST_KEY {
            // Longer keys have to be announced.
            write!(out, "? {text}\n{:indent$}:", "")?;
        } else {
            write!(out, "{text}:")?;
        }
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                writeln!(out)?;
                map(entries, indent + 2, false, out)?;
            }
            Value::Array(items) if !items.is_empty() => {
                writeln!(out)?;
                list(items, indent, out)?;
            }
            _ => writeln!(out, " {}", scalar(value))?,
        }
    }
    Ok(())
}

fn list(items: &[Value], indent: usize, out: &mut dyn Write) -> io::Result<()> {
    for item in items {
        write!(out, "{:indent$}- ", "")?;
        match item {
            Value::Object(entries) if !entries.is_empty() => map(entries, indent + 2, true, out)?,
            Value::Array(inner) if !inner.is_empty() => {
                writeln!(out)?;
                list(inner, indent + 2, out)?;
            }
            _ => writeln!(out, "{}", scalar(item))?,
        }
    }
    Ok(())
}

/// Most bytes of a key before its colon. (YAML 1.2.2 §7.4.2: 1024 characters.)
const LONGEST_KEY: usize = 1000;

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // Numbers, booleans, null and what is empty are written as in JSON.
        _ => value.to_string(),
    }
}

fn string(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether no reader takes the bare text for anything but this string.
fn is_plain(text: &str) -> bool {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
    let is_network = text.contains('/')
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"./".contains(&byte));
    let means_something = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    (is_word || is_network) && !means_something
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_collect::yaml::from_yaml;
    use kubescape_engine::Arena;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        let mut out = Vec::new();
        write(value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_looks_as_kubectl_writes_it() {
        let value = json!({
            "kind": "NetworkPolicy",
            "spec": {"ports": [{"port": 80, "protocol": "TCP"}, {}], "podSelector": {}, "to": []},
            "cidr": ["10.0.0.0/8", "2001:db8::/32"]
        });
        let expected = "\
cidr:
- 10.0.0.0/8
- \"2001:db8::/32\"
kind: NetworkPolicy
spec:
  podSelector: {}
  ports:
  - port: 80
    protocol: TCP
  - {}
  to: []
";
        assert_eq!(text(&value), expected);
    }

    #[test]
    fn what_could_be_something_else_is_quoted() {
        for word in [
            "",
            "yes",
            "On",
            "n",
            "NULL",
            "~",
            "1_000",
            "0b1",
            "0o7",
            "1e3",
            "12",
            "1.5",
            "-",
            "?",
            "a: b",
            "a #b",
            " a",
            "*a",
            "&a",
            "!a",
            "1:20",
            "2001-01-01",
            "<<",
            "=",
            ".inf",
            "@a",
        ] {
            assert_eq!(text(&json!({ "a": word })), format!("a: \"{word}\"\n"));
        }
        assert_eq!(
            text(&json!({"a": "b\u{1b}\u{9b}\u{2028}"})),
            "a: \"b\\u001b\\u009b\\u2028\"\n"
        );
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a-z0-9:#_./ -]{0,6}".prop_map(Value::from),
            "x{990,1010}".prop_map(|key| json!({key: 1})),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z: ]{0,4}", inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn readers_get_what_was_written(value in values()) {
            let text = text(&value);
            let arena = Arena::new();
            let read = from_yaml(&text, &arena).unwrap().unwrap();
            prop_assert_eq!(serde_json::to_value(read).unwrap(), value, "{}", text);
        }
    }
}
