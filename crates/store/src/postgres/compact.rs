//! How history ends. Any replica may do it, one at a time does.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Transaction};

use super::link::{Link, pg};
use super::schema::{self, State};
use crate::error::Error;
use crate::limits::Retention;
use crate::pin::Pin;
use crate::row::int;

/// Rows of one transaction of a compaction that was asked for.
const STEP: usize = 5000;

/// Forgets some of what the retention no longer keeps; whether there is more.
/// Does nothing while another replica does it.
pub(crate) async fn keep(link: &Link, retention: &Retention, most: usize) -> Result<bool, Error> {
    let mut client = link.client().await?;
    let tx = client.transaction().await.map_err(pg)?;
    let free = tx
        .query_one(
            "SELECT pg_try_advisory_xact_lock($1)",
            &[&link.lock("compaction")],
        )
        .await
        .map_err(pg)?;
    if !free.get::<_, bool>(0) {
        return Ok(false);
    }
    let state = hold(&tx).await?;
    let target = target(&tx, &state, retention).await?;
    let more = remove(&tx, &state, target, most).await?;
    tx.commit().await.map_err(pg)?;
    Ok(more)
}

/// Forgets everything up to that version, or to the oldest pin; gives the oldest
/// version that can still be asked for.
pub(crate) async fn to(link: &Link, up_to: u64) -> Result<u64, Error> {
    let mut client = link.client().await?;
    loop {
        let tx = client.transaction().await.map_err(pg)?;
        tx.execute(
            "SELECT pg_advisory_xact_lock($1)",
            &[&link.lock("compaction")],
        )
        .await
        .map_err(pg)?;
        let state = hold(&tx).await?;
        let target = unpinned(&tx, up_to.min(state.rv)).await?;
        let more = remove(&tx, &state, target, STEP).await?;
        tx.commit().await.map_err(pg)?;
        if !more {
            return Ok(target.max(state.compacted));
        }
    }
}

/// Keeps others from pinning what is about to go, and reads where things stand.
async fn hold(tx: &Transaction<'_>) -> Result<State, Error> {
    tx.query_one(
        "SELECT value FROM state WHERE name = 'compacted' FOR UPDATE",
        &[],
    )
    .await
    .map_err(pg)?;
    schema::state(tx).await
}

/// The version up to which history may go.
async fn target(tx: &Transaction<'_>, state: &State, keep: &Retention) -> Result<u64, Error> {
    let mut target = state.compacted;
    // A margin of an eighth, so that not every look compacts.
    if state.rv.saturating_sub(target) > keep.changes.saturating_add(keep.changes / 8) {
        target = state.rv - keep.changes;
    }
    if state.history > keep.bytes.saturating_add(keep.bytes / 8) {
        target = target.max(by_bytes(tx, state.history - keep.bytes).await?);
    }
    target = target.max(by_age(tx, state, keep.age).await?);
    unpinned(tx, target.min(state.rv)).await
}

/// The change with which so many bytes of history are reached.
async fn by_bytes(tx: &Transaction<'_>, excess: u64) -> Result<u64, Error> {
    let row = tx
        .query_opt(
            "SELECT until FROM (SELECT until, sum(stored) OVER (ORDER BY until) AS bytes \
             FROM versions WHERE until IS NOT NULL) AS history \
             WHERE bytes >= $1::bigint ORDER BY until LIMIT 1",
            &[&int(excess)],
        )
        .await
        .map_err(pg)?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0).max(0).unsigned_abs()))
}

/// The last version that is older than that; times never fall.
async fn by_age(tx: &Transaction<'_>, state: &State, age: Duration) -> Result<u64, Error> {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let row = tx
        .query_one(
            "SELECT coalesce((SELECT rv FROM versions WHERE rv > $1 AND at >= \
             (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $2::bigint \
             ORDER BY rv LIMIT 1), $3::bigint + 1) - 1",
            &[&int(state.compacted), &age, &int(state.rv)],
        )
        .await
        .map_err(pg)?;
    Ok(row.get::<_, i64>(0).max(0).unsigned_abs())
}

async fn unpinned(tx: &Transaction<'_>, target: u64) -> Result<u64, Error> {
    tx.execute("DELETE FROM pins WHERE until <= clock_timestamp()", &[])
        .await
        .map_err(pg)?;
    let row = tx
        .query_one("SELECT min(rv) FROM pins", &[])
        .await
        .map_err(pg)?;
    let pinned: Option<i64> = row.get(0);
    Ok(pinned.map_or(target, |rv| target.min(rv.max(0).unsigned_abs())))
}

/// Moves `compacted` to `target` and removes up to `most` rows behind it;
/// whether there are more.
async fn remove(
    tx: &Transaction<'_>,
    state: &State,
    target: u64,
    most: usize,
) -> Result<bool, Error> {
    let target = target.max(state.compacted);
    if target > state.compacted {
        tx.execute(
            "UPDATE state SET value = $1 WHERE name = 'compacted'",
            &[&int(target)],
        )
        .await
        .map_err(pg)?;
    }
    // A tombstone shares the body of the version that it ended.
    let row = tx
        .query_one(
            "WITH old AS (SELECT rv FROM versions WHERE until IS NOT NULL AND until <= $1 \
             ORDER BY until LIMIT $2), \
             gone AS (DELETE FROM versions v USING old WHERE v.rv = old.rv \
             RETURNING v.rv, v.kind, v.stored), \
             b AS (DELETE FROM bodies USING gone WHERE bodies.rv = gone.rv AND gone.kind <> 2), \
             l AS (DELETE FROM labels USING gone WHERE labels.rv = gone.rv) \
             SELECT count(*), coalesce(sum(stored), 0)::bigint FROM gone",
            &[&int(target), &int(most as u64)],
        )
        .await
        .map_err(pg)?;
    let (gone, bytes): (i64, i64) = (row.get(0), row.get(1));
    if gone > 0 {
        // Last: commits of others wait for this row.
        tx.execute(
            "UPDATE state SET value = greatest(value - $1, 0) WHERE name = 'history'",
            &[&bytes],
        )
        .await
        .map_err(pg)?;
    }
    Ok(gone.unsigned_abs() >= most as u64)
}

/// Keeps the state at `version`, whichever replica compacts.
pub(crate) async fn pin(
    link: &std::sync::Arc<Link>,
    version: u64,
    most: Duration,
) -> Result<Pin, Error> {
    let mut client = link.client().await?;
    let tx = client.transaction().await.map_err(pg)?;
    let compacted = tx
        .query_one(
            "SELECT value FROM state WHERE name = 'compacted' FOR SHARE",
            &[],
        )
        .await
        .map_err(pg)?;
    let oldest = compacted.get::<_, i64>(0).max(0).unsigned_abs();
    if version < oldest {
        return Err(Error::Compacted {
            wanted: version,
            oldest,
        });
    }
    let row = tx
        .query_one(
            "INSERT INTO pins (rv, until) \
             VALUES ($1, clock_timestamp() + $2::double precision * interval '1 second') \
             RETURNING id",
            &[&int(version), &most.as_secs_f64()],
        )
        .await
        .map_err(pg)?;
    tx.commit().await.map_err(pg)?;
    let held = Held {
        link: std::sync::Arc::clone(link),
        id: row.get(0),
    };
    Ok(Pin::new(version, held))
}

struct Held {
    link: std::sync::Arc<Link>,
    id: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        // What cannot be taken back now ends with its time.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (link, id) = (std::sync::Arc::clone(&self.link), self.id);
        runtime.spawn(async move {
            let unpin = async {
                let client = link.client().await?;
                client
                    .execute("DELETE FROM pins WHERE id = $1", &[&id])
                    .await
                    .map_err(pg)
            };
            let _ = link.within(unpin).await;
        });
    }
}
