//! Watch events, one JSON line each.

use crate::failure::Failure;

/// The annotation of the bookmark after the initial events.
pub const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// The object is new to the watcher.
    Added,
    /// It has a new version.
    Modified,
    /// It is gone.
    Deleted,
    /// Only the version went on.
    Bookmark,
    /// The watch ends; the object is a `Status`.
    Error,
}

/// Appends an event about an object, which is given as JSON.
pub fn event(kind: EventType, object: &[u8], out: &mut Vec<u8>) {
    let _ = (kind, object, out);
    todo!()
}

/// Appends a BOOKMARK for a watch of this kind.
pub fn bookmark(
    api_version: &str,
    kind: &str,
    resource_version: u64,
    initial_events_end: bool,
    out: &mut Vec<u8>,
) {
    let _ = (api_version, kind, resource_version, initial_events_end, out);
    todo!()
}

/// The object of a BOOKMARK as JSON.
pub fn bookmark_object(
    api_version: &str,
    kind: &str,
    resource_version: u64,
    initial_events_end: bool,
) -> Vec<u8> {
    let _ = (api_version, kind, resource_version, initial_events_end);
    todo!()
}

/// Appends the ERROR that ends a watch.
pub fn error_event(failure: &Failure, out: &mut Vec<u8>) {
    let _ = (failure, out);
    todo!()
}
