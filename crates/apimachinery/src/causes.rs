//! Causes in the words of Kubernetes.
//! (`apimachinery/pkg/util/validation/field/errors.go`)

use std::fmt::Display;

use crate::failure::Cause;
use crate::quote::quote;

fn cause(reason: &str, field: &str, message: String) -> Cause {
    Cause {
        reason: reason.to_owned(),
        message,
        field: field.to_owned(),
    }
}

/// A value is missing.
pub(crate) fn required(field: &str, detail: &str) -> Cause {
    let message = if detail.is_empty() {
        "Required value".to_owned()
    } else {
        format!("Required value: {detail}")
    };
    cause("FieldValueRequired", field, message)
}

/// A value is not allowed here.
pub(crate) fn forbidden(field: &str, detail: &str) -> Cause {
    let message = format!("Forbidden: {detail}");
    cause("FieldValueForbidden", field, message)
}

/// A text is wrong.
pub(crate) fn invalid(field: &str, value: &str, detail: &str) -> Cause {
    invalid_raw(field, quote(value), detail)
}

/// A value is wrong that is shown as it is.
pub(crate) fn invalid_raw(field: &str, value: impl Display, detail: &str) -> Cause {
    let message = format!("Invalid value: {value}: {detail}");
    cause("FieldValueInvalid", field, message)
}

/// A value is none of those allowed.
pub(crate) fn not_supported(field: &str, value: impl Display, allowed: &[&str]) -> Cause {
    let allowed: Vec<String> = allowed.iter().map(|one| quote(one)).collect();
    let allowed = allowed.join(", ");
    let message = format!("Unsupported value: {value}: supported values: {allowed}");
    cause("FieldValueNotSupported", field, message)
}

/// A value has more bytes than it may.
pub(crate) fn too_long(field: &str, most: usize) -> Cause {
    let message = format!("Too long: may not be more than {most} bytes");
    cause("FieldValueTooLong", field, message)
}
