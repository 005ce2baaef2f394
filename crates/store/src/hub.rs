//! The newest events, shared by all watchers of the process.
//!
//! Watchers pull: each knows how far it has read and takes what follows from
//! the ring of its resource, or from the log in the database when it is further
//! behind. So no watcher has a queue of its own, a slow one costs no memory and
//! never makes a writer wait, and nothing can be missed or seen twice between
//! history and live events.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::event::Event;
use crate::limits::WatchLimits;

pub(crate) struct Hub {
    inner: Mutex<Inner>,
    pub(crate) limits: WatchLimits,
}

struct Inner {
    /// All changes up to this one were published.
    published: u64,
    rings: HashMap<String, Ring>,
    closed: bool,
}

struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Events that were ever pushed.
    total: u64,
    /// All events of the resource after this version are in the ring.
    floor: u64,
    /// Rung at every event of the resource.
    bell: watch::Sender<u64>,
}

/// What a watcher finds.
pub(crate) enum Next {
    /// Events after its position; maybe none. It has then seen all up to `upto`.
    /// `seen` counts the events of the resource up to there.
    Live {
        events: Vec<Arc<Event>>,
        upto: u64,
        seen: u64,
    },
    /// The ring starts later: read the log. `total` counts the events of the
    /// resource so far.
    Behind { total: u64 },
    /// The store was closed.
    Closed,
}

/// Events that a watcher takes at once.
const BATCH: usize = 128;

impl Hub {
    pub(crate) fn new(published: u64, limits: WatchLimits) -> Self {
        Self {
            inner: Mutex::new(Inner {
                published,
                rings: HashMap::new(),
                closed: false,
            }),
            limits,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way; a poisoned lock still guards sound data.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A bell that rings at every event of the resource.
    pub(crate) fn listen(&self, resource: &str) -> watch::Receiver<u64> {
        let mut inner = self.lock();
        let published = inner.published;
        inner
            .rings
            .entry(resource.to_owned())
            .or_insert_with(|| Ring::new(published))
            .bell
            .subscribe()
    }

    /// Open watches.
    pub(crate) fn watchers(&self) -> u64 {
        let inner = self.lock();
        inner
            .rings
            .values()
            .map(|r| r.bell.receiver_count() as u64)
            .sum()
    }

    /// Whether a body would be read by somebody.
    pub(crate) fn wants_body(&self, resource: &str, size: usize) -> bool {
        size <= self.limits.inline_body
            && self
                .lock()
                .rings
                .get(resource)
                .is_some_and(|r| r.bell.receiver_count() > 0)
    }

    /// All changes up to here were published.
    pub(crate) fn published(&self) -> u64 {
        self.lock().published
    }

    /// Resources that somebody watches.
    pub(crate) fn watched(&self) -> Vec<String> {
        let inner = self.lock();
        inner
            .rings
            .iter()
            .filter(|(_, ring)| ring.bell.receiver_count() > 0)
            .map(|(resource, _)| resource.clone())
            .collect()
    }

    /// Adds the events after `after`, unless others come between: whether it did.
    pub(crate) fn publish_after(&self, after: u64, events: Vec<Event>, upto: u64) -> bool {
        let inner = self.lock();
        let follows = inner.published >= after;
        if follows {
            Self::add(inner, &self.limits, events, upto);
        }
        follows
    }

    /// The events up to there are not to be had any more: who needs them is told
    /// by the log.
    pub(crate) fn skip_to(&self, version: u64) {
        let mut inner = self.lock();
        if version <= inner.published {
            return;
        }
        inner.published = version;
        for ring in inner.rings.values_mut() {
            ring.events.clear();
            ring.bytes = 0;
            ring.floor = version;
            ring.bell.send_replace(version);
        }
    }

    /// Adds committed events, in order, up to change `upto`.
    pub(crate) fn publish(&self, events: Vec<Event>, upto: u64) {
        Self::add(self.lock(), &self.limits, events, upto);
    }

    fn add(mut inner: MutexGuard<'_, Inner>, limits: &WatchLimits, events: Vec<Event>, upto: u64) {
        let before = inner.published;
        let mut rung: Vec<String> = Vec::new();
        for event in events {
            if event.resource_version <= before {
                continue;
            }
            let resource = &event.object.key.resource;
            if !rung.contains(resource) {
                rung.push(resource.clone());
            }
            inner
                .rings
                .entry(resource.clone())
                .or_insert_with(|| Ring::new(before))
                .push(event, limits);
        }
        inner.published = inner.published.max(upto);
        let now = inner.published;
        for resource in rung {
            if let Some(ring) = inner.rings.get(&resource) {
                ring.bell.send_replace(now);
            }
        }
    }

    /// What follows for a watcher of that resource.
    pub(crate) fn after(&self, resource: &str, position: u64) -> Next {
        let inner = self.lock();
        if inner.closed {
            return Next::Closed;
        }
        let Some(ring) = inner.rings.get(resource) else {
            return Next::Behind { total: 0 };
        };
        if position < ring.floor {
            return Next::Behind { total: ring.total };
        }
        let start = ring
            .events
            .partition_point(|e| e.resource_version <= position);
        let events: Vec<_> = ring.events.range(start..).take(BATCH).cloned().collect();
        let upto = if start + events.len() == ring.events.len() {
            inner.published.max(position)
        } else {
            events.last().map_or(position, |e| e.resource_version)
        };
        let left = (ring.events.len() - start - events.len()) as u64;
        Next::Live {
            events,
            upto,
            seen: ring.total - left,
        }
    }

    /// Ends all watches.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        for ring in inner.rings.values() {
            ring.bell.send_modify(|_| {});
        }
    }
}

impl Ring {
    fn new(floor: u64) -> Self {
        Self {
            events: VecDeque::new(),
            bytes: 0,
            total: 0,
            floor,
            bell: watch::Sender::new(floor),
        }
    }

    fn push(&mut self, event: Event, limits: &WatchLimits) {
        self.total += 1;
        self.bytes += event.weight();
        self.events.push_back(Arc::new(event));
        while self.events.len() > limits.events.max(1) || self.bytes > limits.bytes {
            let Some(old) = self.events.pop_front() else {
                break;
            };
            self.bytes -= old.weight();
            self.floor = old.resource_version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::key::Key;
    use crate::object::{Labels, Meta};

    fn event(version: u64) -> Event {
        let meta = Meta {
            key: Key::new("things", "shop", "a"),
            resource_version: version,
            uid: String::new(),
            labels: Labels::new(),
            created: 0,
            generation: 1,
            deleting: None,
            finalizers: false,
            metadata: String::new(),
            columns: String::new(),
            size: 0,
            body: version,
        };
        Event {
            resource_version: version,
            kind: EventKind::Added,
            object: Arc::new(meta),
            previous: None,
            body: None,
        }
    }

    fn seen(hub: &Hub, position: u64) -> Vec<u64> {
        match hub.after("things", position) {
            Next::Live { events, .. } => events.iter().map(|e| e.resource_version).collect(),
            Next::Behind { .. } => vec![0],
            Next::Closed => vec![],
        }
    }

    #[test]
    fn events_of_two_writers_are_taken_in_order_and_once() {
        let hub = Hub::new(5, WatchLimits::default());
        let _bell = hub.listen("things");
        // 8 came to be before 6 and 7 are known here.
        assert!(!hub.publish_after(7, vec![event(8)], 8));
        assert!(seen(&hub, 5).is_empty());
        assert!(hub.publish_after(5, vec![event(6), event(7), event(8)], 8));
        assert!(hub.publish_after(7, vec![event(8)], 8));
        assert_eq!(seen(&hub, 5), [6, 7, 8]);
    }

    #[test]
    fn who_needs_events_that_are_gone_is_sent_to_the_log() {
        let hub = Hub::new(5, WatchLimits::default());
        let mut bell = hub.listen("things");
        hub.publish(vec![event(6)], 6);
        bell.borrow_and_update();
        hub.skip_to(20);
        assert!(bell.has_changed().unwrap());
        assert_eq!(seen(&hub, 6), [0]);
        assert!(seen(&hub, 20).is_empty());
        assert_eq!(hub.published(), 20);
    }
}
