//! Why a request did not succeed.

use std::error::Error;
use std::time::Duration;

use http::StatusCode;

/// What went wrong, as half a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// 404.
    #[error("not found")]
    Missing,
    /// 403, in the server's words.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// 401.
    #[error("the server does not accept the credentials (401): they are wrong or have expired")]
    Unauthorized,
    /// 410: the list that a token belongs to is gone.
    #[error("the list expired while it was read (410)")]
    Expired,
    /// Another status.
    #[error("the server answered {code}{}", words(.message))]
    Status {
        /// Its code.
        code: u16,
        /// The server's words; may be empty.
        message: String,
        /// When it wants to be asked again.
        again: Option<Duration>,
    },
    /// No answer began, or it stopped.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// There is no connection.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The answer ends early, or is not what it should be.
    #[error("the answer is broken: {0}")]
    Broken(String),
    /// Nobody wants the answer any more.
    #[error("the scan was cancelled")]
    Cancelled,
}

fn words(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

impl Trouble {
    pub(crate) fn of_status(code: StatusCode, message: String, again: Option<Duration>) -> Self {
        match code {
            StatusCode::NOT_FOUND => Self::Missing,
            StatusCode::FORBIDDEN => Self::Forbidden(message),
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::GONE => Self::Expired,
            code => Self::Status {
                code: code.as_u16(),
                message,
                again,
            },
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 429 | 500 | 502..=504),
            Self::Slow(_) | Self::Unreachable(_) | Self::Broken(_) => true,
            Self::Missing
            | Self::Forbidden(_)
            | Self::Unauthorized
            | Self::Expired
            | Self::Cancelled => false,
        }
    }

    /// Whether nothing was heard from the server at all.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Slow(_) | Self::Unreachable(_))
    }

    /// When the server wants to be asked again.
    pub(crate) fn again(&self) -> Option<Duration> {
        match self {
            Self::Status { again, .. } => *again,
            _ => None,
        }
    }
}

impl From<&kube::Error> for Trouble {
    fn from(error: &kube::Error) -> Self {
        match error {
            kube::Error::Auth(error) => Self::Broken(format!("credentials: {}", chain(error))),
            other => Self::Unreachable(chain(other)),
        }
    }
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
