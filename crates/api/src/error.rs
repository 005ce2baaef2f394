//! What is wrong with a field, in Kubernetes' words: the causes of a 422.

use std::fmt;

use serde_json::Value;

/// Longest text of a bad value that is quoted back, in bytes.
const QUOTED: usize = 200;

/// The class of an error. (`apimachinery/pkg/util/validation/field`)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// A value is missing.
    Required,
    /// A value is not acceptable.
    Invalid,
    /// A value is of another JSON type.
    TypeInvalid,
    /// A value is not among those allowed.
    Unsupported,
    /// A value repeats where it must not.
    Duplicate,
}

impl ErrorType {
    /// The `reason` of a `StatusCause`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Unsupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::Unsupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
        }
    }
}

/// One thing wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where, such as `spec.ingress[0].ports[1].port`.
    pub path: String,
    /// The class.
    pub error_type: ErrorType,
    /// The bad value as shown to people, shortened; empty when missing.
    pub value: String,
    /// Why it is wrong and what would be right; may be empty.
    pub detail: String,
}

impl FieldError {
    /// The `message` of a `StatusCause`: everything but the path.
    pub fn message(&self) -> String {
        let mut message = String::from(self.error_type.text());
        for part in [&self.value, &self.detail] {
            if !part.is_empty() {
                message.push_str(": ");
                message.push_str(part);
            }
        }
        message
    }

    /// The `StatusCause` of a 422 answer.
    pub fn cause(&self) -> Value {
        serde_json::json!({
            "reason": self.error_type.reason(),
            "message": self.message(),
            "field": self.path,
        })
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.message())
    }
}

/// A value as an error shows it: texts quoted and cut, containers by type.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let mut end = text.len().min(QUOTED);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let more = if end < text.len() { "…" } else { "" };
            format!("{:?}", format!("{}{more}", &text[..end]))
        }
        Value::Array(_) | Value::Object(_) => format!("{:?}", json_type(value)),
        other => other.to_string(),
    }
}

/// The JSON Schema name of a value's type.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
