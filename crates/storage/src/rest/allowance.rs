//! Memory of an answer that is made while it is sent: none as a rule, and some
//! while a large body passes.

use std::sync::Arc;

use kubescape_apimachinery::Failure;

use super::call::{Call, LARGE, busy};
use crate::lanes::Held;
use crate::server::Inner;

/// A body, the piece of the answer made of it, and a piece that waits for the client.
const COPIES: u64 = 3;

pub(super) struct Allowance {
    server: Arc<Inner>,
    held: Held,
}

impl Allowance {
    /// Holds nothing yet.
    pub(super) fn new(call: &Call) -> Self {
        Self {
            server: Arc::clone(&call.server),
            held: Held::default(),
        }
    }

    /// Waits for memory for a body of that size; small ones are not counted. What
    /// is being sent waits for as long as its client would be waited for.
    pub(super) async fn pass(&mut self, body: u64) -> Result<(), Failure> {
        let bytes = usize::try_from(body.saturating_mul(COPIES)).unwrap_or(usize::MAX);
        let more = bytes.saturating_sub(self.held.bytes());
        if bytes <= LARGE || more == 0 {
            return Ok(());
        }
        let (lanes, patience) = (&self.server.lanes, self.server.settings.patience);
        let full = lanes.hold_within(&mut self.held, more, patience);
        full.await.map_err(busy)
    }

    /// What passed was sent.
    pub(super) fn sent(&mut self) {
        self.held.shrink(0);
    }
}
