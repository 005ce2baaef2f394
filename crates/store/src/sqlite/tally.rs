//! The counters, from what is in the tables.

use rusqlite::Connection;

use super::connection::sql;
use super::schema;
use crate::error::Error;
use crate::limits::ResourceUsage;
use crate::tally::Tally;

/// Counts what is in the tables.
pub(crate) fn load(db: &Connection) -> Result<Tally, Error> {
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
