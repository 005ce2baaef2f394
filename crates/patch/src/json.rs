//! JSON patches (RFC 6902).

use serde_json::Value;

use crate::{Error, Limits};

/// Changes `object` by a JSON patch: a list of operations (RFC 6902), of
/// which all happen or none.
///
/// # Errors
///
/// [`Error::BadRequest`] when `patch` is no list of operations,
/// [`Error::Unprocessable`] when an operation does not fit or a `test` fails,
/// [`Error::TooLarge`] beyond the limits.
pub fn json_patch(object: Value, patch: Value, limits: &Limits) -> Result<Value, Error> {
    let _ = (object, patch, limits);
    Err(Error::BadRequest(String::new()))
}
