//! The one error of the API: what becomes a `metav1.Status`.
//! (`apimachinery/pkg/api/errors`)

mod construct;
mod status;

use std::fmt;

use kubescape_api::FieldError;

pub use status::success;

/// Why a request failed, as one word for programs. (`metav1.StatusReason`)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// 400: the request makes no sense.
    BadRequest,
    /// 401: nobody known asks.
    Unauthorized,
    /// 403: the asker may not do this.
    Forbidden,
    /// 404: no such object or path.
    NotFound,
    /// 405: the resource has no such verb.
    MethodNotAllowed,
    /// 406: no representation that the client takes.
    NotAcceptable,
    /// 409: the name is taken.
    AlreadyExists,
    /// 409: the object changed, or another owns its fields.
    Conflict,
    /// 410: the wanted version is no longer kept, for good.
    Gone,
    /// 410: the continue token or version is too old; list again.
    Expired,
    /// 413: the body is too large.
    RequestEntityTooLarge,
    /// 415: the body is of a type that is not read.
    UnsupportedMediaType,
    /// 422: fields are wrong; the causes say which.
    Invalid,
    /// 429: come back later.
    TooManyRequests,
    /// 500: a fault of the server.
    InternalError,
    /// 500: the server could not do it in time; safe to try again.
    ServerTimeout,
    /// 503: not ready, or something behind the server is away.
    ServiceUnavailable,
    /// 504: the request took too long.
    Timeout,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub code: u16,
    /// The class, for programs.
    pub reason: Reason,
    /// What happened, for people.
    pub message: String,
    /// What it is about. Boxed: failures travel in results.
    pub details: Option<Box<Details>>,
}

/// What a failure is about. Empty texts and lists are left out of the JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name of the object.
    pub name: String,
    /// The group of the resource.
    pub group: String,
    /// The plural of the resource; of invalid objects the kind.
    pub kind: String,
    /// The uid of the object.
    pub uid: String,
    /// Every single thing that was wrong.
    pub causes: Vec<Cause>,
    /// Seconds to wait before trying again; also the `Retry-After` header.
    pub retry_after_seconds: Option<u32>,
}

/// One thing that was wrong. (`metav1.StatusCause`)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The class, such as `FieldValueInvalid`; may be empty.
    pub reason: String,
    /// What is wrong, for people, without the path.
    pub message: String,
    /// The path of the field, such as `spec.ingress[0].ports[1].port`; may be empty.
    pub field: String,
}

impl Failure {
    /// Seconds that the client should wait, for `Retry-After`.
    pub fn retry_after(&self) -> Option<u32> {
        self.details.as_deref()?.retry_after_seconds
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<&FieldError> for Cause {
    fn from(error: &FieldError) -> Self {
        Self {
            reason: error.error_type.reason().to_owned(),
            message: error.message(),
            field: error.path.clone(),
        }
    }
}

impl From<FieldError> for Cause {
    fn from(error: FieldError) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return out.write_str(&self.message);
        }
        write!(out, "{}: {}", self.field, self.message)
    }
}
