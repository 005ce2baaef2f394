//! Options of reads.

use crate::failure::Failure;
use crate::render::Include;
use crate::selector::{FieldSelector, Selector};

/// How `resourceVersion` is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceVersionMatch {
    /// Exactly that state.
    Exact,
    /// That state or any later one.
    NotOlderThan,
}

/// Whether answers carry `spec`: upstream's `resourceVersion=fullSpec` and
/// `resourceVersion=metadata`, which are no versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spec {
    /// What is usual for the kind.
    #[default]
    Usual,
    /// Whole objects.
    Full,
    /// Without `spec`.
    Metadata,
}

/// Options of LIST, WATCH and the choice of a deletecollection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Demands on labels.
    pub label_selector: Selector,
    /// Demands on name and namespace.
    pub field_selector: FieldSelector,
    /// Whether events are wanted and not a list.
    pub watch: bool,
    /// Whether the client takes BOOKMARK events.
    pub allow_watch_bookmarks: bool,
    /// The version to start from; `None` is the newest, 0 any.
    pub resource_version: Option<u64>,
    /// How the version is meant.
    pub resource_version_match: Option<ResourceVersionMatch>,
    /// Seconds after which the server ends the request.
    pub timeout_seconds: Option<u64>,
    /// Most items of one page; 0 is no limit.
    pub limit: u64,
    /// The token of the page before; empty on the first. Not looked into.
    pub continue_token: String,
    /// Whether a watch begins with the present objects, and then the bookmark
    /// that says so. Set, as a real server does, for watches that start nowhere.
    pub send_initial_events: Option<bool>,
    /// Whether `spec` is wanted.
    pub spec: Spec,
}

/// Options of GET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// The object must be at least this new; `None` and 0 demand nothing more.
    pub resource_version: Option<u64>,
    /// Whether `spec` is wanted.
    pub spec: Spec,
}

/// Options of answers as `Table`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What rows carry beside cells.
    pub include: Include,
}

impl ListOptions {
    /// Reads and checks the query string (without `?`).
    ///
    /// # Errors
    ///
    /// 400 for what cannot be read, 422 for what cannot be combined.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let _ = query;
        todo!()
    }
}

impl GetOptions {
    /// Reads the query string.
    ///
    /// # Errors
    ///
    /// 400 for a version that is no number.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let _ = query;
        todo!()
    }
}

impl TableOptions {
    /// Reads the query string.
    ///
    /// # Errors
    ///
    /// 400 for an unknown `includeObject`.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let _ = query;
        todo!()
    }
}
