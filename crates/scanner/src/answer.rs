//! Answers: bodies of the wire's one shape, and reports from disk.

use std::fs::File;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use kubescape_runtime::serve::{Body, BoxError, full};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

/// `type` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Id,
    Error,
    Busy,
    NotBusy,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Error => "error",
            Self::Busy => "busy",
            Self::NotBusy => "notBusy",
        }
    }
}

/// An answer of the wire's shape.
pub(crate) fn reply(code: u16, id: Option<Uuid>, kind: Type, text: &str) -> Response<Body> {
    let mut body = Map::new();
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    body.insert("id".to_owned(), Value::from(id));
    body.insert("type".to_owned(), Value::from(kind.name()));
    if !text.is_empty() {
        body.insert("response".to_owned(), Value::from(text));
    }
    let mut body = Value::Object(body).to_string();
    body.push('\n');
    content(code, "application/json", full(body))
}

/// What is wrong.
pub(crate) fn error(code: u16, text: &str) -> Response<Body> {
    reply(code, None, Type::Error, text)
}

/// Any answer; nobody may cache it.
pub(crate) fn content(code: u16, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Notes for the caller, as `Warning` headers that kubectl-like clients print.
pub(crate) fn warn(response: &mut Response<Body>, notes: &[String]) {
    for note in notes {
        let clean: String = note
            .chars()
            .map(|letter| match letter {
                '"' => '\'',
                letter if letter.is_ascii_graphic() || letter == ' ' => letter,
                _ => '?',
            })
            .collect();
        if let Ok(value) = HeaderValue::try_from(format!("299 - \"{clean}\"")) {
            response.headers_mut().append("warning", value);
        }
    }
}

/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// `{"id":…,"type":"v1results","response":<the file>}`, read as the client takes it.
/// Needs a runtime; `permit` is its place among all that are being sent.
pub(crate) fn report(
    id: Uuid,
    file: File,
    bytes: u64,
    permit: OwnedSemaphorePermit,
) -> Response<Body> {
    let head = format!(r#"{{"id":"{id}","type":"v1results","response":"#);
    let tail = "}\n";
    let left = bytes + (head.len() + tail.len()) as u64;
    let (sender, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let _permit = permit;
        send(head, file.take(bytes), bytes, tail, &sender).await;
    });
    let body = Pieces { pieces, left };
    content(200, "application/json", body.boxed_unsync())
}

type Piece = Result<Bytes, BoxError>;

/// Nobody holds a thread while the client is slow.
async fn send(
    head: String,
    mut file: std::io::Take<File>,
    bytes: u64,
    tail: &'static str,
    to: &mpsc::Sender<Piece>,
) {
    if to.send(Ok(head.into())).await.is_err() {
        return;
    }
    let mut sent = 0;
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).map(|count| {
                piece.truncate(count);
                piece
            });
            (file, read)
        });
        let piece = match read.await {
            Ok((back, Ok(piece))) => {
                file = back;
                piece
            }
            Ok((_, Err(error))) => {
                let _ = to.send(Err(error.into())).await;
                return;
            }
            Err(error) => {
                let _ = to.send(Err(error.into())).await;
                return;
            }
        };
        if piece.is_empty() {
            break;
        }
        sent += piece.len() as u64;
        if to.send(Ok(piece.into())).await.is_err() {
            return;
        }
    }
    let end = if sent == bytes {
        Ok(tail.into())
    } else {
        Err("the file became shorter while it was read".into())
    };
    let _ = to.send(end).await;
}

struct Pieces {
    pieces: mpsc::Receiver<Piece>,
    left: u64,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Ok(piece)) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            Some(Err(error)) => Some(Err(error)),
            None if self.left > 0 => {
                self.left = 0;
                Some(Err("the result ended early".into()))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
