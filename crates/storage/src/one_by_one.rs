//! Lets patches of one object work one after the other: each would otherwise
//! begin again whenever another was faster, and the last give up.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use kubescape_store::Key;
use tokio::sync::{Mutex, MutexGuard};

use crate::lanes::Full;

/// More than patches work at once, so that few objects share a place.
const PLACES: usize = 256;

pub(crate) struct OneByOne {
    places: Vec<Mutex<()>>,
    hasher: RandomState,
    patience: Duration,
}

impl OneByOne {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            places: (0..PLACES).map(|_| Mutex::new(())).collect(),
            hasher: RandomState::new(),
            patience,
        }
    }

    /// Waits until nobody else works on that object.
    ///
    /// # Errors
    ///
    /// [`Full`] when that took too long.
    pub(crate) async fn enter(&self, key: &Key) -> Result<MutexGuard<'_, ()>, Full> {
        let full = Full("patches of one object");
        let hash = usize::try_from(self.hasher.hash_one(key) % PLACES as u64);
        let place = hash.ok().and_then(|at| self.places.get(at)).ok_or(full)?;
        let turn = tokio::time::timeout(self.patience, place.lock());
        turn.await.map_err(|_| full)
    }
}
