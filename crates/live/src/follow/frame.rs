//! One line of a watch → what it says. Pure, and made for hostile bytes: whatever
//! a line holds, the answer is a frame or an error.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::lines::Line;

/// Whose object it is, and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) resource_version: String,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'l> {
    /// An object is new or another; its JSON as it came.
    Put(Identity, &'l str),
    /// An object is gone.
    Gone(Identity),
    /// Everything up to this version has been told.
    Bookmark(String),
    /// The watch ends with this status.
    Error(u16, String),
    /// An object is new or another, and longer than may be read.
    TooLong(Identity),
}

/// Reads a line.
///
/// # Errors
///
/// It is no event of a watch; with the reason.
pub(crate) fn read(line: &Line) -> Result<Frame<'_>, String> {
    if line.is_cut() {
        return read_head(&line.bytes);
    }
    #[derive(Deserialize)]
    struct Envelope<'l> {
        #[serde(borrow, rename = "type")]
        event: Cow<'l, str>,
        #[serde(borrow)]
        object: &'l RawValue,
    }
    let text = std::str::from_utf8(&line.bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| place(&error))?;
    let object = envelope.object.get();
    match &*envelope.event {
        "ADDED" | "MODIFIED" => Ok(Frame::Put(named(object)?, object)),
        "DELETED" => Ok(Frame::Gone(named(object)?)),
        "BOOKMARK" => match identity(object)?.resource_version {
            version if version.is_empty() => Err("a bookmark without a version".to_owned()),
            version => Ok(Frame::Bookmark(version)),
        },
        "ERROR" => error(object),
        _ => Err("an event of an unknown type".to_owned()),
    }
}

/// Where a text is wrong. Not what it holds there, which may be secret.
fn place(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "not what it should hold",
        _ => "not JSON",
    };
    format!("{what} at byte {}", error.column())
}

fn error(object: &str) -> Result<Frame<'_>, String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Status {
        code: u16,
        message: String,
        reason: String,
    }
    let status: Status = serde_json::from_str(object).map_err(|error| place(&error))?;
    let code = match (status.code, &*status.reason) {
        (0, "Expired" | "Gone") => 410,
        (0, _) => 500,
        (code, _) => code,
    };
    let message = crate::caller::first_line(&status.message);
    Ok(Frame::Error(code, message))
}

/// The identity of an object.
fn identity(object: &str) -> Result<Identity, String> {
    #[derive(Deserialize)]
    struct Object {
        #[serde(default)]
        metadata: Identity,
    }
    let object: Object = serde_json::from_str(object).map_err(|error| place(&error))?;
    Ok(object.metadata)
}

/// The identity of an object that has a name.
pub(crate) fn named(object: &str) -> Result<Identity, String> {
    let identity = identity(object)?;
    if identity.name.is_empty() {
        return Err("an object without a name".to_owned());
    }
    Ok(identity)
}

/// What the beginning of a line tells. Servers write `metadata` before what can
/// be long.
fn read_head(bytes: &[u8]) -> Result<Frame<'static>, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Cut in the middle of a letter, most likely.
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut head = Head::default();
    // It ends early, so it is an error in any case; what came before counts.
    let _ =
        Seed(&mut head, Level::Event).deserialize(&mut serde_json::Deserializer::from_str(text));
    match &*head.event {
        "DELETED" if !head.identity.name.is_empty() => Ok(Frame::Gone(head.identity)),
        "ADDED" | "MODIFIED" => Ok(Frame::TooLong(head.identity)),
        _ => Err("a line that is too long, and no object".to_owned()),
    }
}

#[derive(Default)]
struct Head {
    event: String,
    identity: Identity,
}

#[derive(Clone, Copy)]
enum Level {
    Event,
    Object,
    Metadata,
}

/// Fills a [`Head`] on the way, so that a text may end anywhere.
struct Seed<'h>(&'h mut Head, Level);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(head, level) = self;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match (level, &*key) {
                (Level::Event, "type") => head.event = map.next_value()?,
                (Level::Event, "object") => map.next_value_seed(Seed(head, Level::Object))?,
                (Level::Object, "metadata") => map.next_value_seed(Seed(head, Level::Metadata))?,
                (Level::Metadata, "name") => head.identity.name = map.next_value()?,
                (Level::Metadata, "namespace") => head.identity.namespace = map.next_value()?,
                (Level::Metadata, "resourceVersion") => {
                    head.identity.resource_version = map.next_value()?;
                }
                _ => {
                    let _: IgnoredAny = map.next_value()?;
                }
            }
        }
        Err(de::Error::custom("the end was not to come"))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::follow::lines::Lines;

    fn line(text: &[u8]) -> Line {
        Line {
            bytes: Bytes::copy_from_slice(text),
            length: text.len(),
        }
    }

    fn cart(version: &str) -> Identity {
        Identity {
            namespace: "shop".to_owned(),
            name: "cart".to_owned(),
            resource_version: version.to_owned(),
        }
    }

    #[test]
    fn a_line_says_what_happened() {
        let object = r#"{"metadata":{"name":"cart","namespace":"shop","resourceVersion":"8","labels":{"name":"x"}}}"#;
        let of = |event: &str, object: &str| format!(r#"{{"type":"{event}","object":{object}}}"#);
        let text = line(of("MODIFIED", object).as_bytes());
        assert_eq!(read(&text), Ok(Frame::Put(cart("8"), object)));
        let text = line(of("DELETED", object).as_bytes());
        assert_eq!(read(&text), Ok(Frame::Gone(cart("8"))));
        let text = line(of("BOOKMARK", r#"{"metadata":{"resourceVersion":"9"}}"#).as_bytes());
        assert_eq!(read(&text), Ok(Frame::Bookmark("9".to_owned())));
        for status in [
            r#"{"code":410,"message":"too old"}"#,
            r#"{"reason":"Expired","message":"too old"}"#,
        ] {
            let text = line(of("ERROR", status).as_bytes());
            assert_eq!(read(&text), Ok(Frame::Error(410, "too old".to_owned())));
        }
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for text in [
            &b"<html>"[..],
            b"{}",
            b"\xff",
            br#"{"type":"ADDED","object":{"metadata":{}}}"#,
            br#"{"type":"ADDED","object":7}"#,
            br#"{"type":"ADDED","object":{"metadata":{"name":7}}}"#,
            br#"{"type":"BOOKMARK","object":{}}"#,
            br#"{"type":"NEWS","object":{}}"#,
        ] {
            assert!(
                read(&line(text)).is_err(),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn an_object_that_is_too_long_is_named() {
        let text = format!(
            r#"{{"type":"MODIFIED","object":{{"kind":"ConfigMap","metadata":{{"name":"cart","namespace":"shop","resourceVersion":"8"}},"data":{{"a":"{}"}}}}}}"#,
            "é".repeat(500)
        );
        let mut lines = Lines::new(301);
        lines.feed(Bytes::from(text + "\n"));
        let line = lines.next().unwrap();
        assert_eq!(read(&line), Ok(Frame::TooLong(cart("8"))));
    }

    fn parts() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(vec![
                r#"{"type":"ADDED","#,
                r#""object":"#,
                r#"{"metadata":"#,
                r#"{"name":"a""#,
                "}",
                "]",
                "[",
                "{",
                "\"",
                "\\u",
                "7",
                "null",
                ",",
                ":",
                "é",
                "\u{0}",
                r#""resourceVersion":"1""#,
                r#""type":"ERROR""#,
                "1e999",
            ]),
            0..30,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_frames_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..300), more in 0_usize..2) {
            let line = Line { length: bytes.len() + more, bytes: Bytes::from(bytes) };
            let _ = read(&line);
        }

        #[test]
        fn nearly_right_lines_are_frames_or_errors(text in parts(), more in 0_usize..2) {
            let line = Line { length: text.len() + more, bytes: Bytes::from(text) };
            let _ = read(&line);
        }

        #[test]
        fn a_head_never_names_another_object(cut in 0_usize..200) {
            let text = r#"{"type":"ADDED","object":{"metadata":{"name":"cart","labels":{"name":"no"},"namespace":"shop"},"spec":{"metadata":{"name":"no"}}}}"#;
            let line = Line { bytes: Bytes::from(&text[..cut.min(text.len() - 1)]), length: text.len() };
            if let Ok(Frame::TooLong(identity)) = read(&line) {
                prop_assert!(["", "cart"].contains(&&*identity.name));
                prop_assert!(["", "shop"].contains(&&*identity.namespace));
            }
        }
    }

    #[test]
    fn bottomless_nesting_is_no_danger() {
        let deep = "[".repeat(300_000);
        let _ = read(&line(
            format!(r#"{{"type":"ADDED","object":{deep}"#).as_bytes(),
        ));
    }
}
