//! Options of deletions.

use serde_json::Value;

use crate::failure::Failure;

/// What happens to objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They stay; the garbage collector takes the owner off them first.
    Orphan,
    /// The garbage collector deletes them afterwards.
    Background,
    /// The object stays until the garbage collector has deleted them.
    Foreground,
}

/// What must hold of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// Its uid.
    pub uid: Option<String>,
    /// Its version.
    pub resource_version: Option<String>,
}

/// Options of delete and deletecollection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Go through every stage, but store nothing.
    pub dry_run: bool,
    /// Seconds that the deletion may take. Nothing here takes any.
    pub grace_period_seconds: Option<i64>,
    /// Else 409.
    pub preconditions: Preconditions,
    /// The old form of `propagation`.
    pub orphan_dependents: Option<bool>,
    /// About dependents.
    pub propagation: Option<Propagation>,
    /// Whether an object that cannot be read may go, too.
    pub ignore_store_read_error: bool,
}

impl DeleteOptions {
    /// Reads and checks the options: from the body where there is one (already
    /// decoded, see [`crate::body::decode`]), else from the query.
    ///
    /// # Errors
    ///
    /// 400 for what cannot be read, 422 for what is not allowed.
    pub fn parse(query: &str, body: Option<&Value>) -> Result<Self, Failure> {
        let _ = (query, body);
        todo!()
    }
}
