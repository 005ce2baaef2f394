//! Options of create, update and patch.

use crate::failure::Failure;
use crate::negotiate::PatchType;

/// What to do about fields that are unknown or given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Drop them silently.
    Ignore,
    /// Drop them and say so in `Warning` headers: the default.
    #[default]
    Warn,
    /// Refuse the request (400).
    Strict,
}

/// Options of create and update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Go through every stage, but store nothing (`dryRun=All`).
    pub dry_run: bool,
    /// Who writes, for managed fields; empty when not said.
    pub field_manager: String,
    /// About unknown and repeated fields.
    pub field_validation: FieldValidation,
}

/// Options of patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchOptions {
    /// What it shares with other writes.
    pub write: WriteOptions,
    /// Whether an apply takes over fields that others own.
    pub force: bool,
}

impl WriteOptions {
    /// Reads and checks the query of a create.
    ///
    /// # Errors
    ///
    /// 422, as `CreateOptions.meta.k8s.io`.
    pub fn parse_create(query: &str) -> Result<Self, Failure> {
        let _ = query;
        todo!()
    }

    /// Reads and checks the query of an update.
    ///
    /// # Errors
    ///
    /// 422, as `UpdateOptions.meta.k8s.io`.
    pub fn parse_update(query: &str) -> Result<Self, Failure> {
        let _ = query;
        todo!()
    }

    /// The manager that owns the written fields: the one named, or else what the
    /// `User-Agent` begins with.
    pub fn manager(&self, user_agent: &str) -> String {
        if self.field_manager.is_empty() {
            manager_from_user_agent(user_agent)
        } else {
            self.field_manager.clone()
        }
    }
}

impl PatchOptions {
    /// Reads and checks the query of a patch.
    ///
    /// # Errors
    ///
    /// 422, as `PatchOptions.meta.k8s.io`: an apply needs a `fieldManager`, and
    /// only an apply may have `force`.
    pub fn parse(query: &str, patch: PatchType) -> Result<Self, Failure> {
        let _ = (query, patch);
        todo!()
    }
}

/// What stands before the first `/` of a `User-Agent`: printable characters, at
/// most 128 bytes.
pub fn manager_from_user_agent(user_agent: &str) -> String {
    let _ = user_agent;
    todo!()
}
