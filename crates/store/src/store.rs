//! The one interface of all engines.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::change::Change;
use crate::error::Error;
use crate::key::Key;
use crate::limits::Usage;
use crate::object::{Meta, Object};
use crate::pin::Pin;
use crate::query::{Filter, Page, Query};
use crate::subscription::Subscription;

/// A versioned store of objects.
///
/// One number, the resource version, counts the changes of the whole store. It
/// is persisted, never falls and is never given twice. A change is one
/// transaction: version, body, index and event appear together or not at all,
/// and an answer means that it survives a crash and a power loss.
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes all changes, in order and at once, or none. Gives the new versions,
    /// for a deletion the last one with the number of the deletion.
    ///
    /// A caller that stops waiting does not take the changes back.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::AlreadyExists`], [`Error::Conflict`] of the
    /// first change that cannot be made; [`Error::TooLarge`], [`Error::OverBudget`],
    /// [`Error::Full`], [`Error::Busy`] and what ails the engine.
    async fn commit(&self, changes: Vec<Change>) -> Result<Vec<Arc<Meta>>, Error>;

    /// The object without its body, or `None`.
    async fn metadata(&self, key: &Key) -> Result<Option<Arc<Meta>>, Error>;

    /// The object with its body, or `None`.
    async fn get(&self, key: &Key) -> Result<Option<Object>, Error>;

    /// The body of a version that a list or an event gave.
    ///
    /// # Errors
    ///
    /// [`Error::Compacted`] when the version was replaced and its history is gone.
    async fn body(&self, meta: &Meta) -> Result<Bytes, Error>;

    /// One page of a list. [`crate::Lister`] walks through all pages.
    ///
    /// # Errors
    ///
    /// [`Error::Compacted`], [`Error::FutureVersion`] for states that cannot be shown.
    async fn list(&self, query: &Query) -> Result<Page, Error>;

    /// Events after that version: first what already happened, then what
    /// happens, in order, none missing and none twice.
    ///
    /// # Errors
    ///
    /// [`Error::Compacted`], [`Error::FutureVersion`].
    async fn subscribe(&self, filter: Filter, after: u64) -> Result<Subscription, Error>;

    /// The newest version.
    async fn resource_version(&self) -> Result<u64, Error>;

    /// Keeps the state at that version listable while the pin lives, and at most
    /// for so long, even if the retention would drop it. A store that is short
    /// of space does not heed pins.
    ///
    /// # Errors
    ///
    /// [`Error::Compacted`] if it is gone already.
    async fn pin(&self, version: u64, most: Duration) -> Result<Pin, Error>;

    /// Drops the history up to that version or the oldest pin, whatever the
    /// retention says. Gives the oldest version that can still be asked for.
    async fn compact(&self, up_to: u64) -> Result<u64, Error>;

    /// What is kept.
    async fn usage(&self) -> Result<Usage, Error>;

    /// Reads everything and gives what is damaged, in words; empty is sound.
    /// Takes as long as reading the whole store.
    async fn check(&self) -> Result<Vec<String>, Error>;
}
