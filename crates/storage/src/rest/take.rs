//! Bodies of requests: read within the limit of the resource, in memory that is
//! counted as they come.

use std::pin::pin;

use bytes::Bytes;
use http::Response;
use http_body::Body as _;
use kubescape_apimachinery::{Failure, Reason};
use kubescape_runtime::serve::{Body, BodyError, BoxError, Gathered, next_piece};

use super::call::{Call, LARGE, busy};
use crate::lanes::Held;
use crate::stream;

/// A body and the memory that is held for it.
pub(super) struct Taken {
    pub(super) bytes: Bytes,
    /// For what is made of the body.
    pub(super) held: Held,
    /// For the body itself.
    _arrived: Held,
}

/// How many times its size a body needs while it is worked on, beside itself:
/// the values it is parsed to, the text that is stored, and the answer.
pub(super) const UNFOLDED: usize = 5;

/// The same where it goes from text to text: that, and room to sort in.
const STREAMED: usize = 2;

/// Bodies up to this size are not counted while they come; lanes bound them.
const SMALL: usize = 64 << 10;

/// Memory for a body that comes is taken in steps of this size.
const STEP: usize = 1 << 20;

impl Call {
    /// Reads the body within the limit of the resource. Memory is held for values
    /// to be made of it, or, if it `streams` and is large, for another text.
    pub(super) async fn take<B>(&self, body: B, streams: bool) -> Result<Taken, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let limit = self.server.settings.max_body(self.resource);
        if body.size_hint().lower() > limit {
            return Err(Failure::too_large(limit));
        }
        let mut arrived = Held::default();
        let bytes = self.read(body, limit, &mut arrived).await?;
        let mut held = Held::default();
        let times = if streams && bytes.len() > LARGE {
            STREAMED
        } else {
            UNFOLDED
        };
        self.hold(&mut held, bytes.len().saturating_mul(times))
            .await?;
        Ok(Taken {
            bytes,
            held,
            _arrived: arrived,
        })
    }

    /// Memory for values after all, for a body that was to stream.
    pub(super) async fn unfold(&self, taken: &mut Taken) -> Result<(), Failure> {
        let more = taken.bytes.len().saturating_mul(UNFOLDED - STREAMED);
        self.hold(&mut taken.held, more).await
    }

    /// Memory follows what has come and not what is announced.
    async fn read<B>(&self, body: B, limit: u64, arrived: &mut Held) -> Result<Bytes, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let patience = self.server.settings.patience;
        let mut body = pin!(body);
        let mut gathered = Gathered::default();
        while let Some(piece) = next_piece(body.as_mut(), patience)
            .await
            .map_err(|error| unreadable(&error))?
        {
            let count = gathered.len() + piece.len();
            if count as u64 > limit {
                return Err(Failure::too_large(limit));
            }
            if count > SMALL && count > arrived.bytes() {
                let more = (count - arrived.bytes()).max(STEP);
                let lanes = &self.server.lanes;
                lanes.hold_arriving(arrived, more).await.map_err(busy)?;
            }
            gathered.add(piece);
        }
        Ok(gathered.into_bytes())
    }
}

impl Taken {
    /// The answer, which keeps the memory that it needs until it is sent.
    pub(super) fn hand_over(mut self, response: Response<Body>) -> Response<Body> {
        let size = response.body().size_hint().exact().unwrap_or_default();
        self.held
            .shrink(usize::try_from(size).unwrap_or(usize::MAX));
        response.map(|body| stream::holding(body, self.held))
    }
}

fn unreadable(error: &BodyError) -> Failure {
    let BodyError::TooSlow(_) = error else {
        return Failure::bad_request(error.to_string());
    };
    let mut failure = Failure::bad_request("the body stopped coming: send it again");
    failure.code = 408;
    failure.reason = Reason::Timeout;
    failure
}
