//! Looking for damage.

use rusqlite::Connection;

use super::connection::sql;
use super::rows;
use crate::error::Error;
use crate::row::body_problem;

/// So many problems are named; one that has more is lost anyway.
const MOST: usize = 100;

/// Structure, indexes, and every body against its checksum.
pub(crate) fn full(db: &Connection) -> Result<Vec<String>, Error> {
    let mut problems = pragma(db, "PRAGMA integrity_check(100)")?;
    if let Err(error) = bodies(db, &mut problems) {
        problems.push(error.to_string());
    }
    problems.truncate(MOST);
    Ok(problems)
}

fn pragma(db: &Connection, text: &str) -> Result<Vec<String>, Error> {
    let mut statement = db.prepare(text).map_err(sql)?;
    let lines: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn bodies(db: &Connection, problems: &mut Vec<String>) -> Result<(), Error> {
    let mut statement = db
        .prepare(&format!(
            "SELECT {} FROM versions v",
            rows::columns_of_any(db, "v")
        ))
        .map_err(sql)?;
    let mut found = statement.query([]).map_err(sql)?;
    while problems.len() < MOST
        && let Some(row) = found.next().map_err(sql)?
    {
        let version = match rows::version(row, 0) {
            Ok(version) => version,
            Err(error) => {
                problems.push(error.to_string());
                continue;
            }
        };
        let meta = version.meta;
        let stored = rows::stored_body(db, meta.body)?;
        problems.extend(body_problem(&meta, stored.as_deref()));
    }
    Ok(())
}
