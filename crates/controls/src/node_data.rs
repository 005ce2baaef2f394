//! What a node agent reports as objects: files, command lines and settings of
//! a node.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubescape_engine::{Arena, Object, Value};

/// API group of node data.
pub(crate) const GROUP: &str = "hostdata.kubescape.cloud";

/// Whether this is node data of that kind. Collectors do not agree about the
/// case of kinds.
pub(crate) fn is(object: &Object<'_>, kind: &str) -> bool {
    object.group == GROUP && object.kind.eq_ignore_ascii_case(kind)
}

/// The object with nothing of its `data` but `value` at `path`: node data is
/// long, and a report should show the part at fault.
pub(crate) fn excerpt<'a>(
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
pub(crate) fn file_text<'a>(file: Value<'a>, arena: &'a Arena) -> Option<&'a str> {
    let bytes = STANDARD.decode(file.at("content").as_str()?.trim()).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    (!text.is_empty()).then(|| arena.str(text))
}

/// Reads text as YAML, which JSON is, too.
pub(crate) fn parse<'a>(text: &'a str, arena: &'a Arena) -> Option<Value<'a>> {
    kubescape_yaml::from_yaml(text, arena).ok().flatten()
}

/// What a file on the node says, read as YAML.
pub(crate) fn parsed_file<'a>(file: Value<'a>, arena: &'a Arena) -> Option<Value<'a>> {
    parse(file_text(file, arena)?, arena)
}

/// What a file on the node says, with a name that the report can show: such
/// files have none of their own.
pub(crate) fn named<'a>(
    contents: Value<'a>,
    name: (&'a str, Value<'a>),
    arena: &'a Arena,
) -> Value<'a> {
    let entries = [contents.entries(), &[name]].concat();
    arena.object(&entries)
}

/// The configuration of encryption at rest that the API server was started
/// with, in an object about the control plane.
pub(crate) fn encryption_config<'a>(object: &Object<'a>, arena: &'a Arena) -> Option<Value<'a>> {
    let server = object.at("data").at("APIServerInfo");
    parsed_file(server.at("encryptionProviderConfigFile"), arena)
}

/// That configuration as it goes by in a finding.
pub(crate) fn named_encryption_config<'a>(config: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let name = ("name", Value::Str("encryption-provider-config"));
    named(config, name, arena)
}
