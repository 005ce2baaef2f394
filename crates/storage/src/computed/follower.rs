//! Keeps something in step with one resource of the store, on demand: whoever
//! reads catches up first, so that every read sees every acknowledged write,
//! and nothing runs while nobody reads.

use std::sync::Arc;

use kubescape_store::{
    Error, EventKind, Filter, Key, Lister, MAX_PAGE, Meta, Query, Store, Subscription,
};

/// What changed since the last time.
pub(crate) enum Change {
    /// Forget everything: the whole resource follows.
    Reset,
    /// New or changed.
    Set(Arc<Meta>),
    /// Gone.
    Gone(Key),
}

pub(crate) struct Follower {
    store: Arc<dyn Store>,
    resource: &'static str,
    /// `None` before the first read and after history was lost.
    subscription: Option<Subscription>,
}

impl Follower {
    pub(crate) fn new(store: Arc<dyn Store>, resource: &'static str) -> Self {
        Self {
            store,
            resource,
            subscription: None,
        }
    }

    /// Tells `apply` all that happened since the last call.
    ///
    /// # Errors
    ///
    /// What ails the store; the next call starts over.
    pub(crate) async fn catch_up(&mut self, mut apply: impl FnMut(Change)) -> Result<(), Error> {
        // Twice: a subscription that fell too far behind starts over once.
        for last in [false, true] {
            match self.try_catch_up(&mut apply).await {
                Err(Error::Compacted { .. } | Error::TooSlow { .. }) if !last => {
                    self.subscription = None;
                }
                Err(error) => {
                    self.subscription = None;
                    return Err(error);
                }
                Ok(()) => break,
            }
        }
        Ok(())
    }

    async fn try_catch_up(&mut self, apply: &mut impl FnMut(Change)) -> Result<(), Error> {
        let mut subscription = match self.subscription.take() {
            Some(subscription) => subscription,
            None => self.start_over(apply).await?,
        };
        while let Some(event) = subscription.try_next().await? {
            match event.kind {
                EventKind::Deleted => apply(Change::Gone(event.object.key.clone())),
                EventKind::Added | EventKind::Modified => apply(Change::Set(event.object)),
            }
        }
        self.subscription = Some(subscription);
        Ok(())
    }

    async fn start_over(&self, apply: &mut impl FnMut(Change)) -> Result<Subscription, Error> {
        apply(Change::Reset);
        let filter = Filter::all(self.resource);
        let query = Query::new(filter.clone(), MAX_PAGE);
        let mut lister = Lister::start(Arc::clone(&self.store), query).await?;
        while let Some(object) = lister.next().await? {
            apply(Change::Set(object.meta));
        }
        self.store
            .subscribe(filter, lister.resource_version())
            .await
    }
}
