//! The JSON of answers, put together from stored texts that are not parsed
//! again: objects, lists, tables and watch events.

mod list;
mod scan;
mod splice;
mod table;
mod watch;

pub use list::{ListMeta, ListRenderer};
pub use splice::{Stored, partial_metadata, splice_resource_version, store_form, version_splice};
pub use table::{Include, Row, TableRenderer, table_bookmark_object, table_event_object};
pub use watch::{
    EventType, INITIAL_EVENTS_END, begin_event, bookmark, bookmark_object, end_event, error_event,
    event,
};
