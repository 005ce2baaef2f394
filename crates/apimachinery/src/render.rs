//! The JSON of answers, put together from stored texts that are not parsed
//! again: objects, lists, tables and watch events.

mod list;
mod splice;
mod table;
mod watch;

pub use list::{ListMeta, ListRenderer};
pub use splice::{Stored, partial_metadata, splice_resource_version, store_form};
pub use table::{Include, TableRenderer, table_event_object};
pub use watch::{EventType, INITIAL_EVENTS_END, bookmark, bookmark_object, error_event, event};
