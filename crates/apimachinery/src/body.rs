//! Bodies: text to values and back.

use kubescape_engine::Arena;
use serde_json::Value;

use crate::failure::Failure;
use crate::negotiate::Format;
use crate::quote::quote;

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// Paths of fields that were given twice, for field validation (JSON only:
    /// YAML with a repeated key is refused).
    pub duplicates: Vec<String>,
}

/// Reads a body. Of YAML only the first document counts, as for a real server.
/// JSON sent as YAML, as clients of server-side apply do, is read as JSON: that
/// is an order of magnitude faster.
///
/// # Errors
///
/// 400 that says what is wrong and where.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Decoded, Failure> {
    match format {
        Format::Json => decode_json(bytes),
        Format::Yaml if bytes.trim_ascii_start().starts_with(b"{") => {
            decode_json(bytes).or_else(|_| decode_yaml(bytes))
        }
        Format::Yaml => decode_yaml(bytes),
    }
}

fn decode_json(bytes: &[u8]) -> Result<Decoded, Failure> {
    let parsed = kubescape_api::parse(bytes)
        .map_err(|error| unreadable(&format!("json parse error: {error}")))?;
    Ok(Decoded {
        value: parsed.value,
        duplicates: parsed.duplicates,
    })
}

fn decode_yaml(bytes: &[u8]) -> Result<Decoded, Failure> {
    let wrong = |error: String| unreadable(&format!("yaml parse error: {error}"));
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    let arena = Arena::new();
    let value =
        kubescape_yaml::from_yaml(text, &arena).map_err(|error| wrong(error.to_string()))?;
    let value = match value {
        None => Value::Null,
        Some(value) => serde_json::to_value(value).map_err(|error| wrong(error.to_string()))?,
    };
    Ok(Decoded {
        value,
        duplicates: Vec::new(),
    })
}

fn unreadable(why: &str) -> Failure {
    let why = &why[..why.floor_char_boundary(1024)];
    Failure::bad_request(format!("couldn't get version/kind; {why}"))
}

/// Sees that an object is of the kind that the path is about; `apiVersion` and
/// `kind` that are missing are filled in, as a real server does.
///
/// # Errors
///
/// 400 in the words of a real server.
pub fn expect_kind(
    object: &mut Value,
    group: &str,
    version: &str,
    kind: &str,
) -> Result<(), Failure> {
    let Value::Object(fields) = object else {
        return Err(Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; it is no JSON object"
        )));
    };
    let expected = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    for (name, value) in [("apiVersion", expected.as_str()), ("kind", kind)] {
        let field = fields.entry(name).or_insert(Value::Null);
        if field.is_null() || *field == "" {
            *field = value.into();
        }
        if !field.is_string() {
            return Err(Failure::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; {name} must be a string"
            )));
        }
    }
    let given = |name: &str| {
        let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        &text[..text.floor_char_boundary(256)]
    };
    let (api_version, own) = (given("apiVersion"), given("kind"));
    if own != kind {
        let version = api_version.rsplit('/').next().unwrap_or_default();
        return Err(Failure::bad_request(format!(
            "{own} in version {} cannot be handled as a {kind}: no kind {} is registered for version {}",
            quote(version),
            quote(own),
            quote(api_version)
        )));
    }
    if api_version != expected {
        return Err(Failure::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    Ok(())
}

/// Writes an answer.
///
/// # Errors
///
/// 500 if the value has no such form, which does not happen for JSON values.
pub fn encode(format: Format, value: &Value) -> Result<Vec<u8>, Failure> {
    match format {
        Format::Json => {
            let mut text =
                serde_json::to_vec(value).map_err(|error| Failure::internal(error.to_string()))?;
            text.push(b'\n');
            Ok(text)
        }
        Format::Yaml => serde_norway::to_string(value)
            .map(String::into_bytes)
            .map_err(|error| Failure::internal(error.to_string())),
    }
}
