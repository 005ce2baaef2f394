//! The counters that a writer keeps in step with the tables.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::{Budgets, ResourceUsage};

/// Copied before each transaction and put back when that fails.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// The newest version.
    pub(crate) rv: u64,
    /// The oldest version that can be watched from.
    pub(crate) compacted: u64,
    /// Time of the last commit, ms since 1970.
    pub(crate) at: i64,
    /// By resource.
    pub(crate) usage: BTreeMap<String, ResourceUsage>,
    /// Compressed bytes of replaced versions.
    pub(crate) history_bytes: u64,
}

impl Tally {
    /// Whether the budget allows the resource to go from an object of `before`
    /// compressed bytes (if it exists) to one of `after`. What shrinks may always.
    pub(crate) fn check(
        &self,
        budgets: &Budgets,
        resource: &str,
        before: Option<u64>,
        after: u64,
    ) -> Result<(), Error> {
        let budget = budgets.of(resource);
        let (objects, bytes) = self
            .usage
            .get(resource)
            .map_or((0, 0), |u| (u.objects, u.bytes));
        let over = |unit, limit, used| {
            Err(Error::OverBudget {
                resource: resource.to_owned(),
                unit,
                limit,
                used,
            })
        };
        if let (Some(most), None) = (budget.objects, before)
            && objects >= most
        {
            return over("objects", most, objects);
        }
        if let Some(most) = budget.bytes
            && after > before.unwrap_or(0)
            && bytes - before.unwrap_or(0).min(bytes) + after > most
        {
            return over("bytes", most, bytes);
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, resource: &str, bytes: u64, raw: u64) {
        let usage = match self.usage.get_mut(resource) {
            Some(usage) => usage,
            None => self.usage.entry(resource.to_owned()).or_default(),
        };
        usage.objects += 1;
        usage.bytes += bytes;
        usage.raw_bytes += raw;
    }

    /// A current version becomes history.
    pub(crate) fn replace(&mut self, resource: &str, bytes: u64, raw: u64) {
        if let Some(usage) = self.usage.get_mut(resource) {
            usage.objects = usage.objects.saturating_sub(1);
            usage.bytes = usage.bytes.saturating_sub(bytes);
            usage.raw_bytes = usage.raw_bytes.saturating_sub(raw);
        }
        self.history_bytes += bytes;
    }
}
