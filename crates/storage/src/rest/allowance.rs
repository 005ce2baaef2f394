//! Memory of an answer that is made while it is sent: little as a rule, and more
//! while a large body passes.

use std::sync::Arc;

use kubescape_apimachinery::Failure;
use tokio::time::Instant;

use super::call::{Call, busy};
use crate::lanes::Held;
use crate::server::Inner;

/// A body, the piece of the answer made of it, and a piece that waits for the client.
const COPIES: u64 = 3;

pub(super) struct Allowance {
    server: Arc<Inner>,
    held: Held,
    /// Held all the time.
    base: usize,
    /// Needs up to this many bytes are not counted.
    free: usize,
}

impl Allowance {
    /// Holds `base` bytes from now on.
    pub(super) async fn new(call: &Call, base: usize, free: usize) -> Result<Self, Failure> {
        let mut held = Held::default();
        call.hold(&mut held, base).await?;
        Ok(Self {
            server: Arc::clone(&call.server),
            held,
            base,
            free,
        })
    }

    /// Waits for memory for a body of that size. What is being sent waits for as
    /// long as its client would be waited for.
    pub(super) async fn pass(&mut self, body: u64) -> Result<(), Failure> {
        let bytes = usize::try_from(body.saturating_mul(COPIES)).unwrap_or(usize::MAX);
        if bytes <= self.free {
            return Ok(());
        }
        let end = Instant::now() + self.server.settings.patience;
        loop {
            // Again each time: who waits holds nothing.
            let more = bytes.saturating_sub(self.held.bytes());
            if more == 0 {
                return Ok(());
            }
            match self.server.lanes.hold(&mut self.held, more).await {
                Ok(()) => return Ok(()),
                Err(full) if Instant::now() >= end => return Err(busy(full)),
                Err(_) => {}
            }
        }
    }

    /// What passed was sent.
    pub(super) fn sent(&mut self) {
        self.held.shrink(self.base);
    }
}
