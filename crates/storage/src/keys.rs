//! Lets those who change the same object take turns, so that parallel patches of
//! one object do not make each other start over. Other replicas may still come
//! between: versions decide.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use kubescape_store::Key;
use tokio::sync::{Mutex, MutexGuard};

/// Objects that share a lock wait for each other without need; rarely.
const LOCKS: usize = 256;

pub(crate) struct Keys(Vec<Mutex<()>>);

impl Keys {
    pub(crate) fn new() -> Self {
        Self((0..LOCKS).map(|_| Mutex::default()).collect())
    }

    /// Waits for a turn at that object.
    pub(crate) async fn turn(&self, key: &Key) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        self.0[place].lock().await
    }
}
