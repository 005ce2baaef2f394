//! What a watch sees.

use std::sync::Arc;

use bytes::Bytes;

use crate::object::Meta;
use crate::query::Filter;

/// What happened, as the watcher sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The object is new, or new to the selector.
    Added,
    /// The object has a new version.
    Modified,
    /// The object is gone, or out of the selector.
    Deleted,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number of the change; strictly increasing along a watch.
    pub resource_version: u64,
    /// What happened.
    pub kind: EventKind,
    /// The new version; of a deleted object the last one. Its
    /// [`Meta::resource_version`] is always that of the event, as Kubernetes shows it.
    pub object: Arc<Meta>,
    /// The version before; absent for a new object.
    pub previous: Option<Arc<Meta>>,
    /// The body of [`Event::object`] if it is at hand; else
    /// [`crate::Store::body`] reads it.
    pub body: Option<Bytes>,
}

impl Event {
    /// The event as a watch with this filter sees it: a modification that brings
    /// an object into the selector is an addition, one that takes it out is a
    /// deletion that shows the version before.
    pub fn seen_by(&self, filter: &Filter) -> Option<Event> {
        if !filter.covers(&self.object.key) {
            return None;
        }
        if filter.is_plain() {
            return Some(self.clone());
        }
        let fits = |meta: &Meta| filter.selector.matches(&meta.labels);
        match (self.kind, self.previous.as_deref()) {
            (EventKind::Modified, Some(previous)) => match (fits(previous), fits(&self.object)) {
                (true, true) => Some(self.clone()),
                (false, true) => Some(Event {
                    kind: EventKind::Added,
                    ..self.clone()
                }),
                (true, false) => Some(self.left(previous)),
                (false, false) => None,
            },
            _ => fits(&self.object).then(|| self.clone()),
        }
    }

    fn left(&self, previous: &Meta) -> Event {
        let object = Meta {
            resource_version: self.resource_version,
            ..previous.clone()
        };
        Event {
            resource_version: self.resource_version,
            kind: EventKind::Deleted,
            object: Arc::new(object),
            previous: self.previous.clone(),
            body: None,
        }
    }

    /// Bytes that the event keeps in memory, roughly.
    pub(crate) fn weight(&self) -> usize {
        let meta = |m: &Meta| {
            let labels: usize = m.labels.iter().map(|(k, v)| k.len() + v.len() + 64).sum();
            m.metadata.len() + m.columns.len() + labels + 400
        };
        meta(&self.object)
            + self.previous.as_deref().map_or(0, meta)
            + self.body.as_ref().map_or(0, Bytes::len)
    }
}
