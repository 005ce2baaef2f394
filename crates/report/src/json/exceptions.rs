//! What is excepted, and what became of each exception. (config-scanning reference §7)

use kubescape_engine::Excuse;
use kubescape_engine::exceptions::{Audit, Fate, Inline};
use serde::Serialize;

/// An exception that accepts what a rule found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exception<'o> {
    name: &'o str,
    policy_type: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    actions: &'o [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'o str,
    #[serde(skip_serializing_if = "String::is_empty")]
    expiration_date: String,
}

/// The policies first, then the annotations of the object.
pub(super) fn of<'o>(excuse: &Excuse<'o>) -> Vec<Exception<'o>> {
    let policies = excuse.policies.iter().map(|policy| Exception {
        name: &policy.name,
        policy_type: "postureExceptionPolicy",
        actions: &policy.actions,
        reason: &policy.reason,
        expiration_date: policy.expiry.to_string(),
    });
    let inline = excuse.inline.map(|inline| Exception {
        name: Inline::NAME,
        policy_type: "annotation",
        actions: &[],
        reason: &inline.reason,
        expiration_date: inline.expiry.to_string(),
    });
    policies.chain(inline).collect()
}

/// `exceptionAudit`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExceptionAudit<'a> {
    used: usize,
    unused: usize,
    expired: usize,
    never_matches: usize,
    exceptions: Vec<Audited<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Audited<'a> {
    name: &'a str,
    /// The file, or the resource whose annotations these are.
    source: &'a str,
    status: &'static str,
    /// Resources that fail a control, which it accepts.
    findings: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    expiration_date: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

impl<'a> ExceptionAudit<'a> {
    pub(super) fn new(audit: &'a [Audit]) -> Self {
        let count = |fate| audit.iter().filter(|one| one.fate == fate).count();
        let one = |one: &'a Audit| Audited {
            name: &one.name,
            source: &one.source,
            status: one.fate.name(),
            findings: one.findings,
            reason: &one.reason,
            expiration_date: &one.expiry,
            notes: &one.notes,
        };
        Self {
            used: count(Fate::Used),
            unused: count(Fate::Unused),
            expired: count(Fate::Expired),
            never_matches: count(Fate::NeverMatches),
            exceptions: audit.iter().map(one).collect(),
        }
    }
}
