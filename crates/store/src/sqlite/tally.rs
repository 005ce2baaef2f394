//! The counters that the writer keeps in step with the tables.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::connection::sql;
use super::schema;
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
    /// Counts what is in the tables.
    pub(crate) fn load(db: &Connection) -> Result<Self, Error> {
        let mut tally = Tally {
            rv: schema::state(db, "rv")?,
            compacted: schema::state(db, "compacted")?,
            ..Tally::default()
        };
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        let mut statement = db
            .prepare(
                "SELECT resource, count(*), coalesce(sum(stored), 0), coalesce(sum(size), 0) \
                 FROM versions WHERE until IS NULL GROUP BY resource",
            )
            .map_err(sql)?;
        let mut rows = statement.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let usage = ResourceUsage {
                objects: number(row.get(1).map_err(sql)?),
                bytes: number(row.get(2).map_err(sql)?),
                raw_bytes: number(row.get(3).map_err(sql)?),
                ..ResourceUsage::default()
            };
            tally.usage.insert(row.get(0).map_err(sql)?, usage);
        }
        let one = |text: &str| {
            db.query_row(text, [], |row| row.get::<_, i64>(0))
                .map_err(sql)
        };
        tally.history_bytes = number(one(
            "SELECT coalesce(sum(stored), 0) FROM versions WHERE until IS NOT NULL",
        )?);
        tally.at = one("SELECT coalesce(max(at), 0) FROM \
                        (SELECT at FROM versions ORDER BY rv DESC LIMIT 1)")?;
        // A version that was given must never be given again, whatever the counter says.
        let last = number(one("SELECT coalesce(max(rv), 0) FROM versions")?);
        tally.rv = tally.rv.max(last).max(1);
        Ok(tally)
    }

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
