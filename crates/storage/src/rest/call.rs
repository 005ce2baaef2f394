//! One request about a resource, and what its handling needs.

use std::sync::Arc;

use http::{HeaderMap, header};
use kubescape_api::{GROUP, Resource};
use kubescape_apimachinery::negotiate::{Representation, Target, accept, body_format};
use kubescape_apimachinery::{Failure, Format};
use kubescape_store::{Key, Object, Store};

use super::take::UNFOLDED;
use crate::lanes::{Full, Held, Lane, Turn};
use crate::respond;
use crate::server::Inner;

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

    /// The time in which no other patch works on the object, or 429.
    pub(super) async fn alone(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, Failure> {
        let alone = self.server.one_by_one.enter(&self.key()).await;
        alone.map_err(busy)
    }

    /// Memory for `bytes` of bodies, or 429.
    pub(super) async fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Failure> {
        self.server.lanes.hold(held, bytes).await.map_err(busy)
    }

    pub(super) fn failed(&self, error: &kubescape_store::Error) -> Failure {
        respond::of_store(error, self.resource.plural, &self.name)
    }

    pub(super) fn not_found(&self) -> Failure {
        Failure::not_found(GROUP, self.resource.plural, &self.name)
    }

    /// The stored object that a write is about, in memory that is held for it.
    /// If it `streams`, no values are made of it.
    pub(super) async fn old(
        &self,
        held: &mut Held,
        streams: bool,
    ) -> Result<Option<Object>, Failure> {
        let meta = self.store().metadata(&self.key()).await;
        let Some(meta) = meta.map_err(|error| self.failed(&error))? else {
            return Ok(None);
        };
        let size = usize::try_from(meta.size).unwrap_or(usize::MAX);
        let times = if streams { 1 } else { UNFOLDED };
        self.hold(held, size.saturating_mul(times)).await?;
        let object = self.store().get(&self.key()).await;
        object.map_err(|error| self.failed(&error))
    }

    /// The stored object, or 404.
    pub(super) async fn stored(&self) -> Result<Object, Failure> {
        let object = self.store().get(&self.key()).await;
        object
            .map_err(|error| self.failed(&error))?
            .ok_or_else(|| self.not_found())
    }
}

pub(crate) fn busy(full: Full) -> Failure {
    let message = format!("the server is busy ({}): try again after a second", full.0);
    Failure::too_many_requests(message, 1)
}

/// A body above this is large: some hundred microseconds of parsing. It is worked
/// on where that may block, and goes from text to text where that is possible.
pub(super) const LARGE: usize = 64 << 10;

/// Does heavy work where it may block; light work here.
pub(super) async fn work<T: Send + 'static>(
    bytes: usize,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if bytes <= LARGE {
        return Ok(job());
    }
    tokio::task::spawn_blocking(job)
        .await
        .map_err(|error| Failure::internal(format!("a job failed: {error}")))
}
