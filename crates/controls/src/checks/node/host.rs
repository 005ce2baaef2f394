//! What all objects of node data have in common.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubescape_engine::{Arena, Object, Value};

/// Whether this is node data of that kind. Collectors do not agree about the
/// case of kinds.
pub(super) fn is(object: &Object<'_>, kind: &str) -> bool {
    object.group == "hostdata.kubescape.cloud" && object.kind.eq_ignore_ascii_case(kind)
}

/// The object with nothing of its `data` but `value` at `path`: node data is
/// long, and a report should show the part at fault.
pub(super) fn excerpt<'a>(
    object: &Object<'a>,
    path: &[&'a str],
    value: Value<'a>,
    arena: &'a Arena,
) -> Value<'a> {
    let nest = |inner, key: &&'a str| arena.object(&[(*key, inner)]);
    let data = path.iter().rev().fold(value, nest);
    let metadata = match object.metadata() {
        Value::Absent => arena.object(&[("name", Value::Str(""))]),
        metadata => metadata,
    };
    arena.object(&[
        ("apiVersion", object.at("apiVersion")),
        ("data", data),
        ("kind", object.at("kind")),
        ("metadata", metadata),
    ])
}

/// The text of a file on the node; `None` when the agent could not read it.
pub(super) fn file_text<'a>(file: Value<'a>, arena: &'a Arena) -> Option<&'a str> {
    let bytes = STANDARD.decode(file.at("content").as_str()?.trim()).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    (!text.is_empty()).then(|| arena.str(text))
}

/// Reads text as YAML, which JSON is, too.
pub(super) fn parse<'a>(text: &'a str, arena: &'a Arena) -> Option<Value<'a>> {
    kubescape_yaml::from_yaml(text, arena).ok().flatten()
}
