//! Looking for damage.

use deadpool_postgres::GenericClient;

use super::link::{Link, pg};
use super::rows;
use crate::error::Error;
use crate::row::{body_problem, int};

/// So many problems are named; one that has more is lost anyway.
const MOST: usize = 100;

/// Rows that are read at once; with bodies of 1 MiB some 200 MB.
const CHUNK: i64 = 200;

/// Statements whose every row is a problem.
const RULES: [(&str, &str); 5] = [
    (
        "SELECT name FROM state WHERE name = 'rv' \
         AND value < (SELECT coalesce(max(rv), 0) FROM versions)",
        "the counter is behind the versions",
    ),
    (
        "SELECT coalesce(u.resource, c.resource) FROM usage u FULL JOIN \
         (SELECT resource, count(*) AS objects, sum(stored) AS bytes, sum(size) AS raw_bytes \
          FROM versions WHERE until IS NULL GROUP BY resource) AS c USING (resource) \
         WHERE (coalesce(u.objects, 0), coalesce(u.bytes, 0), coalesce(u.raw_bytes, 0)) \
         IS DISTINCT FROM \
         (coalesce(c.objects, 0), coalesce(c.bytes, 0), coalesce(c.raw_bytes, 0)) LIMIT 100",
        "counted wrongly",
    ),
    (
        "SELECT b.rv::text FROM bodies b WHERE NOT EXISTS \
         (SELECT 1 FROM versions v WHERE v.rv = b.rv) LIMIT 100",
        "a body of no version",
    ),
    (
        "SELECT l.rv::text FROM labels l WHERE NOT EXISTS \
         (SELECT 1 FROM versions v WHERE v.rv = l.rv AND v.labels::jsonb ->> l.key = l.value) \
         LIMIT 100",
        "a label of no version",
    ),
    (
        "SELECT v.rv::text FROM versions v WHERE kind <> 2 AND \
         (SELECT count(*) FROM jsonb_object_keys(v.labels::jsonb)) <> \
         (SELECT count(*) FROM labels l WHERE l.rv = v.rv) LIMIT 100",
        "labels that the index does not have",
    ),
];

/// Reads everything on one snapshot and gives what is damaged.
pub(crate) async fn full(link: &Link) -> Result<Vec<String>, Error> {
    let mut client = link.client().await?;
    let tx = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .map_err(pg)?;
    let mut problems = Vec::new();
    for (text, what) in RULES {
        for row in tx.query(text, &[]).await.map_err(pg)? {
            let place: &str = row.try_get(0).map_err(pg)?;
            problems.push(format!("{place}: {what}"));
        }
    }
    bodies(&tx, &mut problems).await?;
    problems.truncate(MOST);
    Ok(problems)
}

async fn bodies(client: &impl GenericClient, problems: &mut Vec<String>) -> Result<(), Error> {
    let text = format!(
        "SELECT {}, b.data FROM versions v LEFT JOIN bodies b ON b.rv = v.body \
         WHERE v.rv > $1 ORDER BY v.rv LIMIT {CHUNK}",
        rows::columns("v")
    );
    let mut after = 0;
    loop {
        let found = client.query(&text, &[&int(after)]).await.map_err(pg)?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        after = last.try_get::<_, i64>(0).map_err(pg)?.max(0).unsigned_abs();
        for row in &found {
            let version = match rows::version(row, 0) {
                Ok(version) => version,
                Err(error) => {
                    problems.push(error.to_string());
                    continue;
                }
            };
            let meta = version.meta;
            let stored: Option<&[u8]> = row.try_get(rows::WIDTH).map_err(pg)?;
            problems.extend(body_problem(&meta, stored));
        }
        if problems.len() >= MOST {
            return Ok(());
        }
    }
}
