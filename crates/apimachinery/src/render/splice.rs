//! Stored texts, and the `resourceVersion` that is put into them on the way out.

use std::io::Write as _;

use serde_json::Value;

use super::scan;

/// An object as it is stored: without `metadata.resourceVersion`, which only
/// the commit knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The whole object as JSON, `metadata` near its beginning.
    pub body: Vec<u8>,
    /// Its `metadata` as JSON.
    pub metadata: String,
}

/// Writes an object for the store. `apiVersion`, `kind` and `metadata` come
/// first, so that [`splice_resource_version`] looks at a few bytes only. What is
/// no object is written as it is, and will not splice.
pub fn store_form(object: &Value) -> Stored {
    let metadata = metadata_text(object.get("metadata"));
    let mut body = Vec::new();
    let Some(fields) = object.as_object() else {
        json_into(object, &mut body);
        return Stored { body, metadata };
    };
    for key in ["apiVersion", "kind"] {
        if let Some(value) = fields.get(key) {
            key_into(key, &mut body);
            json_into(value, &mut body);
        }
    }
    key_into("metadata", &mut body);
    body.extend_from_slice(metadata.as_bytes());
    for (key, value) in fields {
        if !matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            key_into(key, &mut body);
            json_into(value, &mut body);
        }
    }
    body.push(b'}');
    Stored { body, metadata }
}

fn metadata_text(metadata: Option<&Value>) -> String {
    let mut text = Vec::new();
    let fields = metadata.and_then(Value::as_object).into_iter().flatten();
    for (key, value) in fields.filter(|(key, _)| *key != "resourceVersion") {
        key_into(key, &mut text);
        json_into(value, &mut text);
    }
    if text.is_empty() {
        text.push(b'{');
    }
    text.push(b'}');
    // JSON of texts is UTF-8.
    String::from_utf8(text).unwrap_or_default()
}

/// Appends `{"key":` as the first field and `,"key":` as a later one.
fn key_into(key: &str, out: &mut Vec<u8>) {
    out.push(if out.is_empty() { b'{' } else { b',' });
    text_into(key, out);
    out.push(b':');
}

/// Appends a value as compact JSON.
pub(super) fn json_into(value: &Value, out: &mut Vec<u8>) {
    // A Value always has a JSON form, and a Vec takes every byte.
    let _ = serde_json::to_writer(out, value);
}

/// Appends a text as a JSON string.
pub(super) fn text_into(text: &str, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, text);
}

/// Appends a stored body to `out` with its version put in, without parsing it:
/// only what stands before `metadata` is looked at. Whether that worked; `out`
/// is unchanged if not (the body is no JSON object with a `metadata` object).
#[must_use]
pub fn splice_resource_version(body: &[u8], resource_version: u64, out: &mut Vec<u8>) -> bool {
    let Some(at) = scan::inside_metadata(body) else {
        return false;
    };
    splice_at(body, at, resource_version, out);
    true
}

/// Where a version goes into a stored body, and what to put there, for those
/// who send the body in pieces; `None` as for [`splice_resource_version`].
pub fn version_splice(body: &[u8], resource_version: u64) -> Option<(usize, String)> {
    let at = scan::inside_metadata(body)?;
    let comma = if scan::closes(&body[at..]) { "" } else { "," };
    Some((
        at,
        format!("\"resourceVersion\":\"{resource_version}\"{comma}"),
    ))
}

/// Appends `object` with a version as the first field of the object whose
/// opening brace ends at `at`.
fn splice_at(object: &[u8], at: usize, resource_version: u64, out: &mut Vec<u8>) {
    let (before, after) = object.split_at(at);
    // `"resourceVersion":"18446744073709551615",` is 41 bytes.
    out.reserve(object.len() + 48);
    out.extend_from_slice(before);
    let _ = write!(out, "\"resourceVersion\":\"{resource_version}\"");
    if !scan::closes(after) {
        out.push(b',');
    }
    out.extend_from_slice(after);
}

/// Appends a `PartialObjectMetadata` made of stored metadata. Whether that
/// worked; `out` is unchanged if not.
#[must_use]
pub fn partial_metadata(
    metadata: &str,
    resource_version: u64,
    beta: bool,
    out: &mut Vec<u8>,
) -> bool {
    let Some(at) = scan::inside_object(metadata.as_bytes()) else {
        return false;
    };
    let version = meta_version(beta);
    let _ = write!(
        out,
        r#"{{"kind":"PartialObjectMetadata","apiVersion":"{version}","metadata":"#
    );
    splice_at(metadata.as_bytes(), at, resource_version, out);
    out.push(b'}');
    true
}

/// The `apiVersion` of tables and partial metadata.
pub(super) fn meta_version(beta: bool) -> &'static str {
    if beta {
        "meta.k8s.io/v1beta1"
    } else {
        "meta.k8s.io/v1"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}|[{}\",:\\\\]{0,6}|metadata".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = "\\PC{0,6}|[{}\",:\\\\]{0,4}|metadata|kind|apiVersion|resourceVersion";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn splicing_means_what_inserting_means(
            rest in any_json(), metadata in any_json(), version in any::<u64>(),
        ) {
            let mut object = if rest.is_object() { rest } else { json!({"spec": rest}) };
            object["metadata"] = if metadata.is_object() { metadata } else { json!({}) };
            let stored = store_form(&object);
            let mut spliced = Vec::new();
            prop_assert!(splice_resource_version(&stored.body, version, &mut spliced));
            let (at, put) = version_splice(&stored.body, version).unwrap();
            let pieces = [&stored.body[..at], put.as_bytes(), &stored.body[at..]].concat();
            prop_assert_eq!(&pieces, &spliced);
            object["metadata"]["resourceVersion"] = version.to_string().into();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&spliced).unwrap(), &object);

            let mut partial = Vec::new();
            prop_assert!(partial_metadata(&stored.metadata, version, false, &mut partial));
            let partial: Value = serde_json::from_slice(&partial).unwrap();
            prop_assert_eq!(&partial["metadata"], &object["metadata"]);
        }

        #[test]
        fn other_json_splices_the_same_wherever_metadata_stands(
            before in any_json(), metadata in any_json(), pretty in any::<bool>(),
        ) {
            let metadata = if metadata.is_object() { metadata } else { json!({}) };
            prop_assume!(metadata.get("resourceVersion").is_none());
            // Written by hand: not every writer sorts or puts metadata first.
            let print = |value: &Value| if pretty {
                serde_json::to_string_pretty(value).unwrap()
            } else {
                value.to_string()
            };
            let body = format!(" {{ \"a\" : {} ,\"metadata\":{}, \"z\":1}} ", print(&before), print(&metadata));
            let mut out = Vec::new();
            prop_assert!(splice_resource_version(body.as_bytes(), 7, &mut out));
            let mut expected: Value = serde_json::from_str(&body).unwrap();
            expected["metadata"]["resourceVersion"] = "7".into();
            prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
        }

        #[test]
        fn any_bytes_splice_or_leave_the_buffer_alone(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut out = b"kept".to_vec();
            if !splice_resource_version(&bytes, 1, &mut out) {
                prop_assert_eq!(out, b"kept".to_vec());
            }
        }
    }

    #[test]
    fn a_stored_object_has_no_version_and_begins_with_what_it_is() {
        let object = json!({
            "a": 1, "apiVersion": "g/v1", "kind": "K",
            "metadata": {"name": "x", "resourceVersion": "9"},
        });
        let stored = store_form(&object);
        assert_eq!(
            String::from_utf8(stored.body).unwrap(),
            r#"{"apiVersion":"g/v1","kind":"K","metadata":{"name":"x"},"a":1}"#
        );
        assert_eq!(stored.metadata, r#"{"name":"x"}"#);
    }

    #[test]
    fn what_is_no_object_does_not_splice() {
        for body in [
            "",
            "[]",
            "{}",
            "7",
            r#"{"metadata":7}"#,
            r#"{"metadata":"#,
            r#"{"a":{"metadata":{}}}"#,
            "{\"a",
        ] {
            assert!(
                !splice_resource_version(body.as_bytes(), 1, &mut Vec::new()),
                "{body}"
            );
        }
    }
}
