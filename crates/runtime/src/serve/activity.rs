//! Counts what is under way on a connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::body::{Body, BoxError};

/// What a connection does.
#[derive(Clone, Copy, Debug)]
struct State {
    under_way: usize,
    /// Since when nothing is under way.
    idle_since: Instant,
    /// Whether a request has ever come.
    used: bool,
}

/// The requests of one connection.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<watch::Sender<State>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State {
            under_way: 0,
            idle_since: Instant::now(),
            used: false,
        })))
    }

    /// A request begins; it ends when the guard is dropped.
    pub(super) fn begin(&self) -> Guard {
        self.0.send_modify(|state| {
            state.under_way += 1;
            state.used = true;
        });
        Guard(self.clone())
    }

    /// Returns when no request came for `first` in the beginning, or `idle` later.
    pub(super) fn idle(
        &self,
        first: Duration,
        idle: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.subscribe();
        async move {
            loop {
                let state = *receiver.borrow_and_update();
                let patience = if state.used { idle } else { first };
                let changed = if state.under_way > 0 {
                    receiver.changed().await
                } else {
                    tokio::select! {
                        changed = receiver.changed() => changed,
                        () = sleep_until(state.idle_since + patience) => return,
                    }
                };
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// One request under way.
#[derive(Debug)]
pub(super) struct Guard(Activity);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            state.under_way -= 1;
            state.idle_since = Instant::now();
        });
    }
}

/// A body whose request is under way until it is dropped; its panics are errors.
pub(super) struct Counted {
    inner: Body,
    _guard: Guard,
}

impl Counted {
    pub(super) fn new(inner: Body, guard: Guard) -> Self {
        Self {
            inner,
            _guard: guard,
        }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let inner = Pin::new(&mut self.inner);
        let polled =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inner.poll_frame(context)));
        polled.unwrap_or_else(|panic| {
            let text = crate::panics::text(panic.as_ref());
            tracing::error!(panic = %text, "a body panicked");
            self.inner = super::body::empty();
            Poll::Ready(Some(Err("internal error".into())))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
