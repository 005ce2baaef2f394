//! Changes on their way to a writer: bodies measured and compressed.

use std::sync::Arc;

use crate::body;
use crate::change::{Change, Expect};
use crate::error::Error;
use crate::hub::Hub;
use crate::key::Key;
use crate::object::Draft;

/// A change with its body compressed.
pub(crate) enum Prepared {
    Create(Written),
    Update(Written, Expect),
    Delete(Key, Expect),
}

impl Prepared {
    /// What it happens to.
    pub(crate) fn key(&self) -> &Key {
        match self {
            Prepared::Create(w) | Prepared::Update(w, _) => &w.draft.key,
            Prepared::Delete(key, _) => key,
        }
    }

    /// Compressed bytes that it writes.
    pub(crate) fn stored(&self) -> usize {
        match self {
            Prepared::Create(w) | Prepared::Update(w, _) => w.stored.len(),
            Prepared::Delete(..) => 0,
        }
    }
}

/// An object ready to be stored.
pub(crate) struct Written {
    /// Without the body, unless watchers want it at hand.
    pub(crate) draft: Draft,
    /// Bytes of the body.
    pub(crate) size: u64,
    pub(crate) stored: Vec<u8>,
}

/// Measures and compresses.
pub(crate) struct Preparer {
    pub(crate) max_body: u64,
    pub(crate) hub: Arc<Hub>,
}

impl Preparer {
    pub(crate) async fn all(&self, changes: Vec<Change>) -> Result<Vec<Prepared>, Error> {
        let mut prepared = Vec::with_capacity(changes.len());
        for change in changes {
            prepared.push(match change {
                Change::Create(draft) => Prepared::Create(self.written(draft).await?),
                Change::Update(draft, expect) => {
                    Prepared::Update(self.written(draft).await?, expect)
                }
                Change::Delete(key, expect) => Prepared::Delete(key, expect),
            });
        }
        Ok(prepared)
    }

    async fn written(&self, mut draft: Draft) -> Result<Written, Error> {
        let body = std::mem::take(&mut draft.body);
        let size = body.len() as u64;
        if size > self.max_body {
            return Err(Error::TooLarge {
                key: draft.key,
                size,
                limit: self.max_body,
            });
        }
        if self.hub.wants_body(&draft.key.resource, body.len()) {
            draft.body = body.clone();
        }
        let stored = if body.len() <= body::SMALL {
            body::compress(&body)?
        } else {
            blocking(move || body::compress(&body)).await?
        };
        Ok(Written {
            draft,
            size,
            stored,
        })
    }
}

/// Work that takes long, away from the threads that serve.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::Internal(format!("a task ended early: {e}")))?
}
