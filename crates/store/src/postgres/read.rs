//! Reads of one moment: one object, the log.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use tokio_postgres::{Row, Statement};

use super::link::pg;
use super::rows::{self, Version};
use super::schema;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::hub::Hub;
use crate::key::Key;
use crate::row::int;

/// The object and its compressed body.
pub(crate) async fn object(
    client: &impl GenericClient,
    key: &Key,
) -> Result<Option<(Version, Vec<u8>)>, Error> {
    let statement = client
        .prepare_cached(&format!(
            "SELECT {}, b.data FROM versions v LEFT JOIN bodies b ON b.rv = v.body \
             WHERE v.until IS NULL AND v.resource = $1 AND v.namespace = $2 AND v.name = $3",
            rows::columns("v")
        ))
        .await
        .map_err(pg)?;
    let row = client
        .query_opt(&statement, &[&key.resource, &key.namespace, &key.name])
        .await
        .map_err(pg)?;
    let Some(row) = row else { return Ok(None) };
    let stored: Option<Vec<u8>> = row.try_get(rows::WIDTH).map_err(pg)?;
    let stored = stored.ok_or_else(|| lost(key))?;
    Ok(Some((rows::version(&row, 0)?, stored)))
}

pub(crate) fn lost(key: &Key) -> Error {
    Error::Corrupt {
        detail: format!("{key} has no body"),
    }
}

/// Whether history reaches back to that version.
pub(crate) fn check_window(wanted: u64, oldest: u64, current: u64) -> Result<(), Error> {
    if wanted < oldest {
        return Err(Error::Compacted { wanted, oldest });
    }
    if wanted > current {
        return Err(Error::FutureVersion { wanted, current });
    }
    Ok(())
}

/// Whether a watch can start after that version.
pub(crate) async fn can_watch(client: &impl GenericClient, after: u64) -> Result<(), Error> {
    let state = schema::state(client).await?;
    check_window(after, state.compacted, state.rv)
}

/// One statement, so one moment: where things stand, and the log after `$1`.
/// `condition` is about `versions`.
fn log(condition: &str, body: &str, more: &str) -> String {
    format!(
        "SELECT {v}, {p}, p.rv IS NULL, \
         (SELECT value FROM state WHERE name = 'rv'), \
         (SELECT value FROM state WHERE name = 'compacted'), {body} \
         FROM (SELECT 1) AS one LEFT JOIN LATERAL \
         (SELECT * FROM versions WHERE rv > $1 {condition} ORDER BY rv LIMIT $2) AS v ON true \
         LEFT JOIN versions p ON p.rv = v.prev {more} ORDER BY v.rv",
        v = rows::columns("v"),
        p = rows::columns("p"),
    )
}

/// Where [`log`] has the newest and the oldest version.
const STATE: usize = 2 * rows::WIDTH + 1;

/// The newest and the oldest version of a row of [`log`].
fn window(row: Option<&Row>) -> Result<(u64, u64), Error> {
    let row = row.ok_or_else(|| Error::Internal("the log gave no row".into()))?;
    let number = |at: usize| {
        let n: i64 = row.try_get(at).map_err(pg)?;
        Ok::<_, Error>(n.max(0).unsigned_abs())
    };
    Ok((number(STATE)?, number(STATE + 1)?))
}

/// The events of rows of [`log`]; a log without any has one row of nothing.
fn events_of(rows: &[Row]) -> Result<Vec<Event>, Error> {
    let full = |row: &&Row| !matches!(row.try_get::<_, Option<i64>>(0), Ok(None));
    rows.iter().filter(full).map(event).collect()
}

fn event(row: &Row) -> Result<Event, Error> {
    let version = rows::version(row, 0)?;
    let first: bool = row.try_get(2 * rows::WIDTH).map_err(pg)?;
    let previous = if first || version.kind == EventKind::Added {
        None
    } else {
        Some(Arc::new(rows::version(row, rows::WIDTH)?.meta))
    };
    let stored: Option<&[u8]> = row.try_get(STATE + 2).map_err(pg)?;
    let body = stored
        .map(|stored| crate::body::decompress(stored, version.meta.size))
        .transpose()?;
    Ok(Event {
        resource_version: version.meta.resource_version,
        kind: version.kind,
        object: Arc::new(version.meta),
        previous,
        body,
    })
}

/// Events of a resource after a version, oldest first, and up to where these are all.
pub(crate) async fn events(
    client: &impl GenericClient,
    resource: &str,
    after: u64,
    limit: usize,
) -> Result<(Vec<Event>, u64), Error> {
    let text = log("AND resource = $3", "NULL::bytea", "");
    let statement = client.prepare_cached(&text).await.map_err(pg)?;
    let rows = client
        .query(&statement, &[&int(after), &int(limit as u64), &resource])
        .await
        .map_err(pg)?;
    let (current, oldest) = window(rows.first())?;
    check_window(after, oldest, current)?;
    let events = events_of(&rows)?;
    let upto = match events.last() {
        Some(last) if events.len() == limit => last.resource_version,
        _ => current,
    };
    Ok((events, upto))
}

/// What a follower finds.
pub(crate) enum News {
    None,
    /// The log starts later.
    Gone {
        oldest: u64,
    },
    Events {
        events: Vec<Event>,
        upto: u64,
        more: bool,
    },
}

/// Events that a follower reads at once.
const BATCH: usize = 500;

/// The statement of [`news`].
pub(crate) async fn prepare_news(client: &tokio_postgres::Client) -> Result<Statement, Error> {
    let text = log(
        "",
        "b.data",
        "LEFT JOIN bodies b ON b.rv = v.body AND v.kind <> 2 AND v.size <= $3 \
         AND v.resource = ANY($4)",
    );
    client.prepare(&text).await.map_err(pg)
}

/// Events of all resources after a version, with the bodies that watchers want
/// at hand.
pub(crate) async fn news(
    client: &tokio_postgres::Client,
    statement: &Statement,
    after: u64,
    hub: &Hub,
) -> Result<News, Error> {
    let rows = client
        .query(
            statement,
            &[
                &int(after),
                &int(BATCH as u64),
                &int(hub.limits.inline_body as u64),
                &hub.watched(),
            ],
        )
        .await
        .map_err(pg)?;
    let (current, oldest) = window(rows.first())?;
    if after < oldest {
        return Ok(News::Gone { oldest });
    }
    let events = events_of(&rows)?;
    let more = events.len() == BATCH;
    Ok(match events.last() {
        None if current <= after => News::None,
        Some(last) if more => News::Events {
            upto: last.resource_version,
            events,
            more,
        },
        _ => News::Events {
            events,
            upto: current,
            more,
        },
    })
}
