//! All rows of a list, page by page, so that a server can stream them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::object::Object;
use crate::pin::Pin;
use crate::query::{At, Query};
use crate::store::Store;

/// Walks through a list on one state of the store. Memory holds one page: with
/// [`crate::Bodies::UpTo`] that is so many bytes, or one body.
pub struct Lister {
    store: Arc<dyn Store>,
    /// The next page; `None` after the last.
    query: Option<Query>,
    rows: VecDeque<Object>,
    resource_version: u64,
    /// Keeps the state while there are pages to come.
    pin: Option<Pin>,
}

/// A reader may take so long for a list however fast history goes.
const PATIENCE: Duration = Duration::from_mins(10);

impl Lister {
    /// Reads the first page.
    ///
    /// # Errors
    ///
    /// As [`Store::list`].
    pub async fn start(store: Arc<dyn Store>, query: Query) -> Result<Self, Error> {
        let mut lister = Self {
            store,
            query: Some(query),
            rows: VecDeque::new(),
            resource_version: 0,
            pin: None,
        };
        lister.fill().await?;
        Ok(lister)
    }

    /// The state that is listed.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`Store::list`]; [`Error::Compacted`] if the reader takes longer than
    /// history is kept and than ten minutes, or if space is short.
    pub async fn next(&mut self) -> Result<Option<Object>, Error> {
        while self.rows.is_empty() && self.query.is_some() {
            self.fill().await?;
        }
        Ok(self.rows.pop_front())
    }

    async fn fill(&mut self) -> Result<(), Error> {
        let Some(query) = &mut self.query else {
            return Ok(());
        };
        let page = self.store.list(query).await?;
        self.resource_version = page.resource_version;
        self.rows = page.items.into();
        let Some(position) = page.next else {
            self.query = None;
            self.pin = None;
            return Ok(());
        };
        query.at = At::After(position);
        if self.pin.is_none() {
            // Without a pin the list goes on as long as history lasts.
            self.pin = self.store.pin(page.resource_version, PATIENCE).await.ok();
        }
        Ok(())
    }
}
