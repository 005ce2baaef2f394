//! All rows of a list, page by page, so that a server can stream them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Error;
use crate::object::Object;
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
}

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
    /// history is kept.
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
        match page.next {
            Some(position) => query.at = At::After(position),
            None => self.query = None,
        }
        Ok(())
    }
}
