//! The way to a writer, bounded in commits and bytes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::change::Change;
use crate::error::Error;

pub(crate) struct Gate {
    turns: Arc<Semaphore>,
    /// One permit is a KiB.
    room: Arc<Semaphore>,
    most_kib: u32,
    patience: Duration,
}

/// A share of the queue, given back on drop.
pub(crate) struct Turn {
    _turn: OwnedSemaphorePermit,
    _room: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(turns: usize, bytes: usize, patience: Duration) -> Self {
        let most_kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX >> 4);
        let most_kib = most_kib.clamp(1, u32::MAX >> 4);
        Self {
            turns: Arc::new(Semaphore::new(turns.max(1))),
            room: Arc::new(Semaphore::new(most_kib as usize)),
            most_kib,
            patience,
        }
    }

    /// Waits for a share for these changes; one larger than all waits alone.
    pub(crate) async fn enter(&self, changes: &[Change]) -> Result<Turn, Error> {
        let weight: usize = changes.iter().map(Change::weight).sum();
        let kib = u32::try_from(weight >> 10)
            .unwrap_or(u32::MAX)
            .clamp(1, self.most_kib);
        let busy = |_| Error::Busy {
            retry_after_seconds: 1,
        };
        tokio::time::timeout(self.patience, async {
            let turn = Arc::clone(&self.turns).acquire_owned().await;
            let room = Arc::clone(&self.room).acquire_many_owned(kib).await;
            Ok(Turn {
                _turn: turn.map_err(|_| Error::Closed)?,
                _room: room.map_err(|_| Error::Closed)?,
            })
        })
        .await
        .map_err(busy)?
    }
}
