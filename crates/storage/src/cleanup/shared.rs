//! The facts, between those who find them and the sweep.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::facts::{Facts, Sighting, State};
use super::kind::Kind;

/// Where facts come from.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Tells all about one kind, and what changes, until it is dropped.
    async fn follow(&self, kind: Kind, shared: &Shared);
}

/// Facts that one side writes and the other reads.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    facts: Mutex<Facts>,
    stirred: Notify,
}

impl Shared {
    /// The facts; hold them for as long as a computation takes, never across an
    /// await.
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when something went, or more or less is known than before. One
    /// such change that nobody waited for is remembered.
    pub(crate) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    pub(crate) fn begin(&self, kind: Kind) {
        self.facts().begin(kind);
    }

    pub(crate) fn see(&self, kind: Kind, sighting: &Sighting) {
        if self.facts().see(kind, sighting) {
            self.stirred.notify_one();
        }
    }

    pub(crate) fn lose(&self, kind: Kind, namespace: &str, name: &str) {
        if self.facts().lose(kind, namespace, name) {
            self.stirred.notify_one();
        }
    }

    pub(crate) fn complete(&self, kind: Kind) {
        self.facts().complete(kind);
        self.stirred.notify_one();
    }

    pub(crate) fn unavailable(&self, kind: Kind, why: String) {
        self.facts().unavailable(kind, why);
        self.stirred.notify_one();
    }

    /// Whether all that can be known about these kinds is known.
    pub(crate) fn settled(&self, kinds: &BTreeSet<Kind>) -> bool {
        let facts = self.facts();
        kinds.iter().all(|kind| {
            let state = facts.state(*kind);
            matches!(state, State::Complete | State::Unavailable(_))
        })
    }
}

/// Follows one kind, and says that it is not known any more when that ends,
/// however it ends.
pub(crate) async fn follow(source: Arc<dyn Source>, kind: Kind, shared: Arc<Shared>) {
    struct End(Kind, Arc<Shared>);
    impl Drop for End {
        fn drop(&mut self) {
            self.1.unavailable(self.0, "not followed".to_owned());
        }
    }
    let end = End(kind, shared);
    source.follow(kind, &end.1).await;
}
