//! Watch events, one JSON line each. (`metav1.WatchEvent`)

use super::splice::{json_into, splice_resource_version, text_into};
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

impl EventType {
    /// The word in `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
            Self::Bookmark => "BOOKMARK",
            Self::Error => "ERROR",
        }
    }
}

/// Appends an event about an object, which is given as JSON.
pub fn event(kind: EventType, object: &[u8], out: &mut Vec<u8>) {
    out.reserve(object.len() + 40);
    begin_event(kind, out);
    out.extend_from_slice(object);
    end_event(out);
}

/// Appends the beginning of an event; the caller appends the object and then
/// calls [`end_event`]: no copy of a large object.
pub fn begin_event(kind: EventType, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"object\":");
}

/// Appends the end of an event.
pub fn end_event(out: &mut Vec<u8>) {
    out.extend_from_slice(b"}\n");
}

/// Appends a BOOKMARK for a watch of this kind. Of watches of metadata that is
/// `PartialObjectMetadata` of `meta.k8s.io/v1`.
pub fn bookmark(
    api_version: &str,
    kind: &str,
    resource_version: u64,
    initial_events_end: bool,
    out: &mut Vec<u8>,
) {
    let object = bookmark_object(api_version, kind, resource_version, initial_events_end);
    event(EventType::Bookmark, &object, out);
}

/// The object of a BOOKMARK as JSON.
pub fn bookmark_object(
    api_version: &str,
    kind: &str,
    resource_version: u64,
    initial_events_end: bool,
) -> Vec<u8> {
    let mut plain = b"{\"kind\":".to_vec();
    text_into(kind, &mut plain);
    plain.extend_from_slice(b",\"apiVersion\":");
    text_into(api_version, &mut plain);
    plain.extend_from_slice(b",\"metadata\":");
    plain.extend_from_slice(bookmark_metadata(initial_events_end).as_bytes());
    plain.push(b'}');
    let mut object = Vec::new();
    // The text above has a metadata object.
    let _ = splice_resource_version(&plain, resource_version, &mut object);
    object
}

/// The metadata of a BOOKMARK, as if it were stored.
pub(super) fn bookmark_metadata(initial_events_end: bool) -> &'static str {
    if initial_events_end {
        r#"{"creationTimestamp":null,"annotations":{"k8s.io/initial-events-end":"true"}}"#
    } else {
        r#"{"creationTimestamp":null}"#
    }
}

/// Appends the ERROR that ends a watch.
pub fn error_event(failure: &Failure, out: &mut Vec<u8>) {
    begin_event(EventType::Error, out);
    json_into(&failure.to_status(), out);
    end_event(out);
}
