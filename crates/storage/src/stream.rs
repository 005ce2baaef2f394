//! Bodies that are made while they are sent, with a bound on what waits.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt as _;
use kubescape_runtime::serve::{Body, BoxError};
use tokio::sync::mpsc;

/// Pieces that may wait for the client.
const WAITING: usize = 2;

/// Bytes of a part of a large piece.
const PART: usize = 256 << 10;

/// Where pieces go in.
pub(crate) struct Sender {
    pieces: mpsc::Sender<Result<Bytes, BoxError>>,
    patience: Duration,
}

struct Receiver(mpsc::Receiver<Result<Bytes, BoxError>>);

/// A body and where its pieces go in. A client that takes nothing for the
/// length of `patience` is given up.
pub(crate) fn channel(patience: Duration) -> (Sender, Body) {
    let (pieces, receiver) = mpsc::channel(WAITING);
    let body = Receiver(receiver).boxed_unsync();
    (Sender { pieces, patience }, body)
}

impl Sender {
    /// Whether somebody still listens.
    pub(crate) async fn send(&mut self, piece: impl Into<Bytes>) -> bool {
        let sent = self.pieces.send_timeout(Ok(piece.into()), self.patience);
        sent.await.is_ok()
    }

    /// A large piece, in parts, so that no more than a part waits outside of the
    /// memory that its maker holds.
    pub(crate) async fn send_in_parts(&mut self, piece: impl Into<Bytes>) -> bool {
        let mut rest = piece.into();
        while rest.len() > PART {
            let part = rest.split_to(PART);
            if !self.send(part).await {
                return false;
            }
        }
        self.send(rest).await
    }

    /// Ends the body as broken.
    pub(crate) async fn fail(&mut self, error: String) {
        let failed = self.pieces.send_timeout(Err(error.into()), self.patience);
        // Whoever is gone needs no word.
        let _ = failed.await;
    }

    /// Returns when nobody listens any more.
    pub(crate) async fn closed(&self) {
        self.pieces.closed().await;
    }
}

/// The body, and something that lives until it is sent.
pub(crate) fn holding<T: Send + Unpin + 'static>(body: Body, held: T) -> Body {
    Holding { body, _held: held }.boxed_unsync()
}

/// A body of pieces that are at hand.
pub(crate) fn of_pieces(pieces: impl Into<VecDeque<Bytes>>) -> Body {
    Pieces(pieces.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

struct Pieces(VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

struct Holding<T> {
    body: Body,
    _held: T,
}

impl<T: Unpin> http_body::Body for Holding<T> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl http_body::Body for Receiver {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
