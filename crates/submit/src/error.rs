//! Why a report did not arrive, and what to do.

use std::time::Duration;

use http::Uri;
use kubescape_runtime::outgoing::{Incoming, OutgoingError};

use crate::chunks::ChunkError;
use crate::post::{Failed, Why};

/// Letters of what a receiver says that are quoted.
const QUOTED: usize = 300;

/// What is shorter is no key, but a part of many words.
const SHORTEST_KEY: usize = 4;

/// Why a report did not arrive whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The server does not say where its event receiver is.
    #[error(
        "backend {host} does not say where reports go: {problem}: check the address of the server, or name the event receiver in the service-discovery file"
    )]
    Discovery {
        /// The server.
        host: String,
        /// What is wrong.
        problem: String,
    },
    /// The receiver says no.
    #[error("backend {host} refused chunk {chunk} of the report with {code}{said}: {remedy}")]
    Refused {
        /// The event receiver.
        host: String,
        /// The message's number, from 0.
        chunk: usize,
        /// The status.
        code: u16,
        /// What it says, after a space and in brackets; may be empty.
        said: String,
        /// What to do.
        remedy: String,
    },
    /// There was no answer.
    #[error(
        "chunk {chunk} of the report does not reach backend {host} ({tries} tried): {problem}: {remedy}"
    )]
    Unreachable {
        /// The event receiver.
        host: String,
        /// The message's number, from 0.
        chunk: usize,
        /// `once`, `3 times`.
        tries: String,
        /// What the last try came to.
        problem: OutgoingError,
        /// What to do.
        remedy: &'static str,
    },
    /// The whole takes too long.
    #[error(
        "backend {host} is too slow: after {patience:?} it had not taken chunk {chunk} of the report: submit again when it is faster"
    )]
    Late {
        /// The event receiver, or the server that knows it.
        host: String,
        /// The message's number, from 0.
        chunk: usize,
        /// How long it had.
        patience: Duration,
    },
    /// The report cannot be cut into messages.
    #[error("the report cannot be sent: {0}")]
    Report(#[from] ChunkError),
}

impl SubmitError {
    /// Of a message that was given up. What the receiver says is quoted without `key`.
    pub(crate) fn of(failed: Failed, url: &str, chunk: usize, key: &str) -> Self {
        let host = authority(url);
        match failed.why {
            Why::Answer(answer) => Self::Refused {
                remedy: remedy(&answer, failed.asked),
                code: answer.code,
                said: said(&answer.body, key),
                host,
                chunk,
            },
            Why::Silence(problem) => Self::Unreachable {
                remedy: if problem.may_pass() {
                    "check the address and the network on the way, then submit again"
                } else {
                    "if its certificate is of your own authority, name that in SSL_CERT_FILE"
                },
                tries: match failed.tries {
                    1 => "once".to_owned(),
                    many => format!("{many} times"),
                },
                host,
                chunk,
                problem,
            },
        }
    }
}

fn remedy(answer: &Incoming, asked: Option<Duration>) -> String {
    if let Some(asked) = asked {
        return format!("it asks for a pause of {asked:?}: submit again after that");
    }
    let remedy = match answer.code {
        300..400 => "it is elsewhere: give the address that it redirects to",
        400 | 422 => "see what it says; the account may be missing or unknown there",
        401 | 403 => "check account and access key (KS_ACCOUNT_ID, KS_ACCESS_KEY)",
        404 | 405 => "there is no event receiver at this address: check it",
        413 => "it, or a proxy before it, has to take bodies of 2 MiB",
        429 | 500.. => "it has trouble of its own: submit again later",
        _ => "see what it says",
    };
    remedy.to_owned()
}

/// What a receiver says, for people: ` ("…")`, or nothing.
fn said(body: &[u8], key: &str) -> String {
    let text = message(body, key);
    if text.is_empty() {
        return text;
    }
    format!(" ({text:?})")
}

/// The `message` of a reply, or else its text, in printable letters, not too many,
/// and without the key.
pub(crate) fn message(body: &[u8], key: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| json["message"].as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body), Into::into);
    let text = if key.len() < SHORTEST_KEY {
        text.into_owned()
    } else {
        text.replace(key, "***")
    };
    let words = text.split(|letter: char| letter.is_control() || letter.is_whitespace());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(QUOTED).collect()
}

/// Host and port of a URL, for people.
pub(crate) fn authority(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    let authority = uri.as_ref().and_then(Uri::authority);
    authority.map_or_else(|| "at no host".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_says_is_printable_and_without_the_key() {
        assert_eq!(message(br#"{"message":"taken"}"#, ""), "taken");
        let page = b"<h1>\x1b[31m401</h1>\r\n  key hunter2 \xff";
        assert_eq!(
            message(page, "hunter2"),
            "<h1> [31m401</h1> key *** \u{fffd}"
        );
        assert_eq!(message(&[b'x'; 5000], "").len(), QUOTED);
        assert_eq!(message(br#"{"message":7}"#, ""), r#"{"message":7}"#);
        assert_eq!(said(b"\n", ""), "");
    }
}
