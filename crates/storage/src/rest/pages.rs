//! Walks through the rows that a LIST or the beginning of a WATCH shows, page by
//! page on one state of the store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kubescape_apimachinery::FieldSelector;
use kubescape_store::{At, Bodies, Error, Filter, Object, Page, Pin, Position, Query, Store};

/// Rows that are read at once.
const ROWS: usize = 500;

/// Bytes of bodies that are read at once; a single larger body comes alone.
const BYTES: usize = 1 << 20;

/// How long a list may take with its state kept for it.
const PATIENCE: Duration = Duration::from_mins(10);

pub(super) struct Pages {
    store: Arc<dyn Store>,
    query: Query,
    fields: FieldSelector,
    /// Rows that may still be given; `None` for all.
    left: Option<usize>,
    /// The next page is to be read.
    more: bool,
    rows: VecDeque<Object>,
    /// Where the page after the last row would begin.
    next: Option<Position>,
    remaining: Option<u64>,
    resource_version: u64,
    pin: Option<Pin>,
}

impl Pages {
    /// Reads the first page.
    pub(super) async fn start(
        store: Arc<dyn Store>,
        filter: Filter,
        at: At,
        bodies: bool,
        fields: FieldSelector,
        limit: u64,
    ) -> Result<Self, Error> {
        let mut query = Query::new(filter, ROWS);
        query.at = at;
        if bodies {
            query.bodies = Bodies::UpTo(BYTES);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut pages = Self {
            store,
            query,
            fields,
            left: (limit > 0).then_some(limit),
            more: true,
            rows: VecDeque::new(),
            next: None,
            remaining: None,
            resource_version: 0,
            pin: None,
        };
        pages.fill().await?;
        Ok(pages)
    }

    /// The state that is listed.
    pub(super) fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// Whether all rows are at hand.
    pub(super) fn is_whole(&self) -> bool {
        !self.more
    }

    /// The next row, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Object>, Error> {
        loop {
            while let Some(object) = self.rows.pop_front() {
                let key = &object.meta.key;
                if self.fields.matches(&key.namespace, &key.name) {
                    return Ok(Some(object));
                }
            }
            if !self.more {
                return Ok(None);
            }
            self.fill().await?;
        }
    }

    /// The token and the count of what comes after the last row.
    pub(super) fn rest(&self) -> (String, Option<u64>) {
        match &self.next {
            None => (String::new(), None),
            // Of rows that a selector may leave out, none knows the count.
            Some(position) => {
                let counted = self.fields == FieldSelector::default();
                let remaining = self.remaining.filter(|_| counted);
                (position.to_token(), remaining)
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Error> {
        if self.fields.never {
            self.more = false;
            self.resource_version = self.store.resource_version().await?;
            return Ok(());
        }
        self.query.limit = self.left.map_or(ROWS, |left| left.min(ROWS));
        let page: Page = self.store.list(&self.query).await?;
        self.resource_version = page.resource_version;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(page.items.len());
        }
        self.rows = page.items.into();
        self.next.clone_from(&page.next);
        self.remaining = page.remaining;
        self.more = page.next.is_some() && self.left != Some(0);
        if let Some(position) = page.next {
            self.query.at = At::After(position);
        }
        if self.more && self.pin.is_none() {
            // Without a pin the list goes on as long as history lasts.
            self.pin = self.store.pin(self.resource_version, PATIENCE).await.ok();
        }
        Ok(())
    }
}
