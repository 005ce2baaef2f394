//! Answers: JSON or YAML, failures as a `Status`, warnings as headers.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use kubescape_apimachinery::{Failure, Format, body};
use kubescape_patch as patch;
use kubescape_runtime::serve::{Body, full};
use kubescape_store as store;
use serde_json::Value;

use kubescape_api::GROUP;

/// An answer of bytes.
pub(crate) fn bytes(
    code: u16,
    content_type: &'static str,
    text: impl Into<Bytes>,
) -> Response<Body> {
    body_of(code, content_type, full(text))
}

/// An answer of any body.
pub(crate) fn body_of(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    response
}

/// An answer of one value.
pub(crate) fn value(code: u16, format: Format, value: &Value) -> Response<Body> {
    match body::encode(format, value) {
        Ok(text) => bytes(code, format.media_type(), text),
        Err(failure) => self::failure(&failure),
    }
}

/// The answer to what failed: always a `Status`, always JSON.
pub(crate) fn failure(failure: &Failure) -> Response<Body> {
    let mut text = failure.to_status().to_string();
    text.push('\n');
    let mut response = bytes(failure.code, Format::Json.media_type(), text);
    if let Some(seconds) = failure.retry_after() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Longest text of all warnings together, in bytes. (`apiserver/pkg/warning`)
const WARNING_BYTES: usize = 4 << 10;

/// Adds warnings as headers, which clients print.
pub(crate) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    let mut room = WARNING_BYTES;
    for warning in warnings {
        room = match room.checked_sub(warning.len()) {
            Some(room) => room,
            None => break,
        };
        let text: String = warning
            .chars()
            .map(|char| if char.is_control() { ' ' } else { char })
            .collect();
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{text}\"")) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}

/// What the store says, as the API words it.
pub(crate) fn of_store(error: &store::Error, resource: &str, name: &str) -> Failure {
    use store::Error as E;
    match error {
        E::NotFound(_) => Failure::not_found(GROUP, resource, name),
        E::AlreadyExists(_) => Failure::already_exists(GROUP, resource, name),
        E::Conflict { .. } => Failure::stale(GROUP, resource, name),
        E::Compacted { .. } | E::TooSlow { .. } => expired(),
        E::FutureVersion { wanted, current } => too_new(*wanted, *current),
        E::BadToken => Failure::bad_request("continue key is not valid: list again from the start"),
        E::TooLarge { limit, .. } => Failure::too_large(*limit),
        E::Busy {
            retry_after_seconds,
        } => Failure::too_many_requests(
            error.to_string(),
            u32::try_from(*retry_after_seconds).unwrap_or(1),
        ),
        E::OverBudget { .. } | E::Full { .. } => {
            let mut failure = Failure::service_unavailable(error.to_string(), 30);
            failure.code = error.http_code();
            failure
        }
        E::Unavailable { .. } | E::Closed => Failure::service_unavailable(error.to_string(), 1),
        other => {
            tracing::error!(error = %other, resource, name, "the store failed");
            Failure::internal(other.to_string())
        }
    }
}

/// 410 in the words that client-go looks for.
pub(crate) fn expired() -> Failure {
    Failure::expired("The resourceVersion for the provided list or watch is too old.")
}

/// 504 with the cause by which client-go knows that it must list anew.
pub(crate) fn too_new(wanted: u64, current: u64) -> Failure {
    let text = format!("Too large resource version: {wanted}, current: {current}");
    let mut failure = Failure::timeout(&text, 1);
    if let Some(details) = &mut failure.details {
        details.causes.push(kubescape_apimachinery::Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        });
    }
    failure
}

/// What a patch ran into.
pub(crate) fn of_patch(error: patch::Error, kind: &str, name: &str) -> Failure {
    match error {
        patch::Error::BadRequest(message) => Failure::bad_request(message),
        patch::Error::Unprocessable(message) => {
            let cause = kubescape_apimachinery::Cause {
                reason: "FieldValueInvalid".to_owned(),
                message,
                field: "patch".to_owned(),
            };
            Failure::invalid(GROUP, kind, name, vec![cause])
        }
        patch::Error::Conflict(conflict) => {
            let causes = conflict
                .causes
                .iter()
                .map(|cause| kubescape_apimachinery::Cause {
                    reason: "FieldManagerConflict".to_owned(),
                    message: cause.message(),
                    field: cause.field.clone(),
                });
            Failure::apply_conflict(causes.collect())
        }
        patch::Error::TooLarge(message) => {
            let mut failure = Failure::too_large(0);
            failure.message = message;
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_harmless_and_bounded() {
        let mut response = bytes(200, "text/plain", "x");
        let warnings = [
            "unknown field \"spec.a\"".to_owned(),
            "evil\r\nSet-Cookie: x".to_owned(),
            "y".repeat(5000),
        ];
        warn(&mut response, &warnings);
        let got: Vec<_> = response.headers().get_all("warning").iter().collect();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0], r#"299 - "unknown field \"spec.a\"""#);
        assert!(!got[1].to_str().unwrap().contains('\n'));
    }
}
