//! Options of create, update and patch.

use crate::causes::{forbidden, invalid, not_supported, required, too_long};
use crate::failure::{Cause, Failure};
use crate::negotiate::PatchType;
use crate::query::Query;
use crate::quote::quote;

/// Longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

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
        let (options, causes) = Self::read(&Query::parse(query));
        unless_any(causes, "CreateOptions").map(|()| options)
    }

    /// Reads and checks the query of an update.
    ///
    /// # Errors
    ///
    /// 422, as `UpdateOptions.meta.k8s.io`.
    pub fn parse_update(query: &str) -> Result<Self, Failure> {
        let (options, causes) = Self::read(&Query::parse(query));
        unless_any(causes, "UpdateOptions").map(|()| options)
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

    fn read(query: &Query<'_>) -> (Self, Vec<Cause>) {
        let manager = query.text("fieldManager");
        let mut causes = manager_causes("fieldManager", manager);
        let (dry_run, wrong) = dry_run(&query.all("dryRun").collect::<Vec<_>>());
        causes.extend(wrong);
        let field_validation = match query.text("fieldValidation") {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let allowed = &["", "Ignore", "Strict", "Warn"];
                causes.push(not_supported("fieldValidation", quote(other), allowed));
                FieldValidation::Strict
            }
        };
        let options = Self {
            dry_run,
            field_manager: manager.to_owned(),
            field_validation,
        };
        (options, causes)
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
        let query = Query::parse(query);
        let force = query.flag("force");
        let mut causes = Vec::new();
        if patch == PatchType::Apply {
            if query.text("fieldManager").is_empty() {
                causes.push(required("fieldManager", "is required for apply patch"));
            }
        } else if force.is_some() {
            causes.push(forbidden(
                "force",
                "may not be specified for non-apply patch",
            ));
        }
        let (write, wrong) = WriteOptions::read(&query);
        causes.extend(wrong);
        unless_any(causes, "PatchOptions")?;
        Ok(Self {
            write,
            force: force.unwrap_or_default(),
        })
    }
}

/// The options are fine, or 422 with everything that is not.
pub(super) fn unless_any(causes: Vec<Cause>, kind: &str) -> Result<(), Failure> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid("meta.k8s.io", kind, "", causes))
}

/// Whether to store nothing, and what is wrong with how that was said.
pub(super) fn dry_run(values: &[&str]) -> (bool, Option<Cause>) {
    if values.iter().all(|value| *value == "All") {
        return (!values.is_empty(), None);
    }
    let shown = values.iter().take(10).map(|value| quote(value));
    let shown = format!("[{}]", shown.collect::<Vec<_>>().join(","));
    (true, Some(not_supported("dryRun", shown, &["All"])))
}

/// What is wrong with the name of a field manager. (`ValidateFieldManager`)
pub(crate) fn manager_causes(field: &str, manager: &str) -> Vec<Cause> {
    if manager.len() > LONGEST_MANAGER {
        return vec![too_long(field, LONGEST_MANAGER)];
    }
    let unprintable = manager
        .char_indices()
        .filter(|(_, char)| !is_printable(*char));
    unprintable
        .map(|(at, char)| {
            let code = u32::from(char);
            let why = format!("invalid character U+{code:04X} (at position {at})");
            invalid(field, manager, &why)
        })
        .collect()
}

/// Nearly Go's `unicode.IsPrint`: of white space only the blank.
fn is_printable(char: char) -> bool {
    char == ' ' || !(char.is_control() || char.is_whitespace())
}

/// What stands before the first `/` of a `User-Agent`: printable characters, at
/// most 128 bytes.
pub fn manager_from_user_agent(user_agent: &str) -> String {
    let name = user_agent.split('/').next().unwrap_or_default();
    let mut manager = String::new();
    for char in name.chars().filter(|char| is_printable(*char)) {
        if manager.len() + char.len_utf8() > LONGEST_MANAGER {
            break;
        }
        manager.push(char);
    }
    manager
}
