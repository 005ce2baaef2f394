//! One request about a resource, and what its handling needs.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use kubescape_api::{GROUP, Resource, Weight};
use kubescape_apimachinery::negotiate::{Representation, Target, accept, body_format};
use kubescape_apimachinery::{Failure, Format};
use kubescape_runtime::serve::{Body, BodyError, BoxError, read_limited};
use kubescape_store::{Key, Object, Store};

use crate::lanes::{Full, Held, Lane, Turn};
use crate::respond;
use crate::server::Inner;
use crate::stream;

/// One request.
pub(crate) struct Call {
    pub(crate) server: Arc<Inner>,
    pub(crate) resource: &'static Resource,
    /// Empty for all namespaces, or none.
    pub(crate) namespace: String,
    /// Empty for many.
    pub(crate) name: String,
    /// Without `?`.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
}

/// A body and the memory that is held for it.
pub(super) struct Taken {
    pub(super) bytes: Bytes,
    /// Held while the body is worked on.
    pub(super) held: Held,
}

/// How many times its size a body needs while it is worked on: the text, the
/// values it is parsed to, and the text that is stored.
const UNFOLDED: usize = 6;

/// The same where it goes from text to text: both, and room to sort in.
const STREAMED: usize = 3;

/// A body above this is large: it is parsed where it may block, and goes from
/// text to text where that is possible.
pub(super) const LARGE: usize = 64 << 10;

impl Taken {
    /// Keeps the memory of a large answer until the client has it.
    pub(super) fn answered(self, response: Response<Body>) -> Response<Body> {
        let size = http_body::Body::size_hint(response.body()).lower();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size <= LARGE {
            return response;
        }
        let mut held = self.held;
        held.keep(size);
        response.map(|body| stream::holding(body, held))
    }
}

impl Call {
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.server.store
    }

    pub(super) fn key(&self) -> Key {
        Key::new(self.resource.plural, &*self.namespace, &*self.name)
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn accepted(&self, target: Target) -> Result<Representation, Failure> {
        accept(self.header(header::ACCEPT), target)
    }

    pub(super) fn body_format(&self) -> Result<Format, Failure> {
        body_format(self.header(header::CONTENT_TYPE))
    }

    /// Who writes, when the request does not say.
    pub(super) fn user_agent(&self) -> &str {
        self.header(header::USER_AGENT).unwrap_or_default()
    }

    /// A place in a lane, or 429.
    pub(super) async fn enter(&self, lane: Lane) -> Result<Turn, Failure> {
        self.server.lanes.enter(lane).await.map_err(busy)
    }

    /// Memory for `bytes` of bodies, or 429.
    pub(super) async fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Failure> {
        self.server.lanes.hold(held, bytes).await.map_err(busy)
    }

    /// Reads the body within the limit of the resource. Memory is held for
    /// values to be made of it, or if it `streams` and is large for another text.
    pub(super) async fn take<B>(&self, body: B, streams: bool) -> Result<Taken, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let limit = self.server.settings.max_body(self.resource);
        let mut held = Held::default();
        // What is announced is held at once, what is not as the most that it
        // can be, at first for small bodies only.
        let announced = http_body::Body::size_hint(&body).exact();
        if announced.is_some_and(|size| size > limit) {
            return Err(Failure::too_large(limit));
        }
        let expected = usize::try_from(announced.unwrap_or(64 << 10)).unwrap_or(usize::MAX);
        let times = |size: usize| {
            let streams = streams && size > LARGE;
            size.saturating_mul(if streams { STREAMED } else { UNFOLDED })
        };
        let first = times(expected);
        self.hold(&mut held, first).await?;
        let bytes = read_limited(body, limit, self.server.settings.patience)
            .await
            .map_err(|error| unreadable(&error, limit))?;
        let more = times(bytes.len()).saturating_sub(first);
        self.hold(&mut held, more).await?;
        Ok(Taken { bytes, held })
    }

    /// Memory for values after all, for a body that was to stream.
    pub(super) async fn unfold(&self, taken: &mut Taken) -> Result<(), Failure> {
        let more = taken.bytes.len().saturating_mul(UNFOLDED - STREAMED);
        self.hold(&mut taken.held, more).await
    }

    pub(super) fn failed(&self, error: &kubescape_store::Error) -> Failure {
        respond::of_store(error, self.resource.plural, &self.name)
    }

    pub(super) fn not_found(&self) -> Failure {
        Failure::not_found(GROUP, self.resource.plural, &self.name)
    }

    /// The stored object, or 404. Memory is held for the body of a heavy kind.
    pub(super) async fn stored_within(&self, held: &mut Held) -> Result<Object, Failure> {
        if self.resource.weight == Weight::Heavy {
            let meta = self.store().metadata(&self.key()).await;
            let meta = meta.map_err(|error| self.failed(&error))?;
            let size = meta.map_or(0, |meta| meta.size);
            self.hold(held, usize::try_from(size).unwrap_or(usize::MAX))
                .await?;
        }
        self.stored().await
    }

    /// The stored object, or 404.
    pub(super) async fn stored(&self) -> Result<Object, Failure> {
        let object = self.store().get(&self.key()).await;
        object
            .map_err(|error| self.failed(&error))?
            .ok_or_else(|| self.not_found())
    }
}

fn busy(full: Full) -> Failure {
    let message = format!("the server is busy ({}): try again after a second", full.0);
    Failure::too_many_requests(message, 1)
}

fn unreadable(error: &BodyError, limit: u64) -> Failure {
    match error {
        BodyError::TooLarge(_) => Failure::too_large(limit),
        BodyError::TooSlow(_) => {
            let mut failure = Failure::bad_request(error.to_string());
            failure.code = 408;
            failure.reason = kubescape_apimachinery::Reason::Timeout;
            failure
        }
        _ => Failure::bad_request(error.to_string()),
    }
}

/// Does heavy work where it may block; light work here.
pub(super) async fn work<T: Send + 'static>(
    bytes: usize,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // Some hundred microseconds of parsing.
    if bytes <= LARGE {
        return Ok(job());
    }
    tokio::task::spawn_blocking(job)
        .await
        .map_err(|error| Failure::internal(format!("a job failed: {error}")))
}
