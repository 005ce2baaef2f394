//! Bodies of answers, and reading those of requests within limits.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::Response;
use hyper::body::Body as _;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

/// Any error, as bodies end with it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer. An error cuts the connection (HTTP/1.1) or resets the
/// stream (HTTP/2): the client sees that the answer is not whole.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body of these bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// A body without bytes.
pub fn empty() -> Body {
    Empty::new()
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// An answer of plain text that nobody may cache, for health, metrics and the like.
pub fn text(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() =
        hyper::StatusCode::from_u16(code).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Why a request's body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// More bytes than allowed: 413. Said as soon as the length is announced.
    #[error("the body has more than {0} bytes")]
    TooLarge(u64),
    /// No byte came for this long: 408.
    #[error("the body stopped coming for {0:?}")]
    TooSlow(Duration),
    /// The client went away or broke the protocol: 400.
    #[error("the body ended early: {0}")]
    Broken(#[source] BoxError),
}

/// Reads a whole body of at most `limit` bytes, counted as they come, giving up when
/// nothing comes for `pause`. Memory follows what has come, not what is announced.
///
/// # Errors
///
/// [`BodyError`]; the rest of the body is not read.
pub async fn read_limited<B>(body: B, limit: u64, pause: Duration) -> Result<Bytes, BodyError>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    if body.size_hint().lower() > limit {
        return Err(BodyError::TooLarge(limit));
    }
    let mut gathered = Gathered::default();
    while let Some(piece) = next_piece(body.as_mut(), pause).await? {
        if (gathered.len() + piece.len()) as u64 > limit {
            return Err(BodyError::TooLarge(limit));
        }
        gathered.add(piece);
    }
    Ok(gathered.into_bytes())
}

/// The next piece of a body, or `None` at its end, for those who count as they
/// read; others have [`read_limited`].
///
/// # Errors
///
/// [`BodyError::TooSlow`], [`BodyError::Broken`].
pub async fn next_piece<B>(
    mut body: Pin<&mut B>,
    pause: Duration,
) -> Result<Option<Bytes>, BodyError>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    loop {
        let Ok(frame) = tokio::time::timeout(pause, body.frame()).await else {
            return Err(BodyError::TooSlow(pause));
        };
        let Some(frame) = frame else {
            return Ok(None);
        };
        let frame = frame.map_err(|error| BodyError::Broken(error.into()))?;
        // Trailers say nothing to us.
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
}

/// Pieces of a body, put together.
#[derive(Debug, Default)]
pub struct Gathered {
    first: Bytes,
    rest: BytesMut,
}

impl Gathered {
    /// Appends a piece.
    pub fn add(&mut self, piece: Bytes) {
        // Small bodies come in one piece, which then need not be copied.
        if self.is_empty() {
            self.first = piece;
        } else {
            self.rest
                .extend_from_slice(&std::mem::take(&mut self.first));
            self.rest.extend_from_slice(&piece);
        }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole body.
    pub fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        }
    }
}
