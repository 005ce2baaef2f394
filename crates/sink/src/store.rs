//! Where results are stored, as the writer sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::object::{ResultKey, ResultObject, ResultResource};

/// What stores results. Every call ends by itself: an answer that does not come is
/// [`StoreError::Unavailable`].
#[async_trait]
pub trait ResultStore: Send + Sync {
    /// One page of what is stored, without bodies. `after` is what the page before
    /// gave as [`IndexPage::next`].
    async fn index(
        &self,
        resource: ResultResource,
        after: Option<&str>,
    ) -> Result<IndexPage, StoreError>;

    /// Makes the object what is stored, whether or not it is there already;
    /// `expected` says which of both the caller believes.
    async fn put(&self, object: &ResultObject, expected: Expected) -> Result<Done, StoreError>;

    /// The annotations of one stored object.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] when there is none.
    async fn annotations(&self, key: &ResultKey) -> Result<BTreeMap<String, String>, StoreError> {
        Err(StoreError::Failed(format!("nothing can say what {key} is")))
    }

    /// Removes an object.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] when there is none.
    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError>;

    /// How many writes [`ResultStore::write`] takes best at once.
    fn batch(&self) -> usize {
        1
    }

    /// Several writes of different objects; an answer for each, in their order.
    async fn write(&self, writes: &[Write]) -> Vec<Result<Done, StoreError>> {
        let mut answers = Vec::with_capacity(writes.len());
        for write in writes {
            answers.push(self.write_one(write).await);
        }
        answers
    }

    /// One write.
    async fn write_one(&self, write: &Write) -> Result<Done, StoreError> {
        match write {
            Write::Put(object, expected) => self.put(object, *expected).await,
            Write::Delete(key) => self.delete(key).await,
        }
    }
}

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// See [`ResultStore::put`].
    Put(std::sync::Arc<ResultObject>, Expected),
    /// See [`ResultStore::delete`].
    Delete(ResultKey),
}

impl Write {
    /// Which object it is about.
    pub fn key(&self) -> ResultKey {
        match self {
            Self::Put(object, _) => object.key(),
            Self::Delete(key) => key.clone(),
        }
    }
}

/// What the caller believes about an object that it puts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is not stored yet.
    Absent,
    /// It is stored.
    Present,
}

/// A write that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As expected.
    AsExpected,
    /// But somebody else had made or removed the object.
    Surprised,
}

/// A part of what is stored.
#[derive(Clone, Debug, Default)]
pub struct IndexPage {
    /// The objects.
    pub rows: Vec<IndexRow>,
    /// Asks for the next page; `None` on the last.
    pub next: Option<String>,
}

/// One stored object, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Which.
    pub key: ResultKey,
    /// Of its content; `None` when it was not stored by us.
    pub digest: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing can be stored now, or nobody knows whether it was: again later.
    #[error("the storage is away: {why}")]
    Unavailable {
        /// What was seen.
        why: String,
        /// The HTTP code; 0 without an answer.
        code: u16,
        /// When the storage wants to be asked again.
        after: Option<Duration>,
        /// Whether it answered, and is only busy: what it stores is as it was.
        busy: bool,
    },
    /// It failed over this request; the next may well succeed.
    #[error("the storage failed: {0}")]
    Failed(String),
    /// This object is not taken, however often it is sent.
    #[error("refused with {code}: {why}")]
    Refused {
        /// The HTTP code.
        code: u16,
        /// In the words of the storage.
        why: String,
    },
    /// There is no such object.
    #[error("there is no such object")]
    Gone,
    /// The place in the list is too old: begin the list again.
    #[error("the list took too long: begin it again")]
    Expired,
}

impl StoreError {
    /// It did not answer.
    pub(crate) fn away(why: impl Into<String>) -> Self {
        Self::Unavailable {
            why: why.into(),
            code: 0,
            after: None,
            busy: false,
        }
    }
}
