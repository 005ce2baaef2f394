//! One transaction for a group of commits.
//!
//! The row of the counter is locked first and held until the transaction ends,
//! so that versions become visible in their order and without gaps: nobody can
//! see change N+1 before N, whichever replica made them (ADR 7).

use std::collections::BTreeSet;

use deadpool_postgres::{GenericClient, Transaction};

use super::link::{Link, pg};
use super::plan::{NewRow, Plan};
use super::rows;
use super::schema::{self, State, newer, newest};
use super::write::Committed;
use crate::error::Error;
use crate::event::Event;
use crate::key::Key;
use crate::limits::{Budgets, ResourceUsage};
use crate::prepare::Prepared;
use crate::row::int;
use crate::tally::Tally;

/// What a group came to.
pub(crate) struct Done {
    pub(crate) results: Vec<Committed>,
    pub(crate) events: Vec<Event>,
    /// The newest version before and after.
    pub(crate) before: u64,
    pub(crate) rv: u64,
    /// Rows that became history.
    pub(crate) replaced: usize,
}

pub(crate) async fn commit(
    link: &Link,
    jobs: &[&[Prepared]],
    budgets: &Budgets,
) -> Result<Done, Error> {
    let mut client = link.client().await?;
    let tx = client.transaction().await.map_err(pg)?;
    let (state, tally, found) = begin(link, &tx, jobs).await?;
    let before = state.rv;
    let mut plan = Plan::new(tally, budgets, found);
    let results: Vec<Committed> = jobs.iter().map(|changes| plan.job(changes)).collect();
    if plan.rows.is_empty() {
        tx.rollback().await.map_err(pg)?;
    } else {
        write(link, &tx, &plan, &state).await?;
        tx.commit().await.map_err(|error| match pg(error) {
            Error::Unavailable { detail } => Error::unavailable(format!(
                "{detail}; whether the change was made is not known: read it again"
            )),
            other => other,
        })?;
    }
    Ok(Done {
        results,
        events: plan.events,
        before,
        rv: plan.tally.rv,
        replaced: plan.replaced,
    })
}

type Found = Vec<(crate::object::Meta, u64)>;

/// Waits for the counter and reads what the group is about.
async fn begin(
    link: &Link,
    tx: &Transaction<'_>,
    jobs: &[&[Prepared]],
) -> Result<(State, Tally, Found), Error> {
    let lock = tx
        .prepare_cached("SELECT value FROM state WHERE name = 'rv' FOR UPDATE")
        .await
        .map_err(pg)?;
    tx.query_one(&lock, &[]).await.map_err(pg)?;
    // Each statement sees what was committed before it began, so all that
    // another replica did before it gave the counter away.
    let keys: BTreeSet<&Key> = jobs.iter().copied().flatten().map(Prepared::key).collect();
    let keys: Vec<&Key> = keys.into_iter().collect();
    let (mut state, now, usage, found) = tokio::try_join!(
        schema::state(tx),
        clock(tx),
        usage(tx),
        rows::current(tx, &keys)
    )?;
    if state.schema > newest() {
        return Err(newer(link, state.schema));
    }
    state.at = state.at.max(now);
    let tally = Tally {
        rv: state.rv,
        compacted: state.compacted,
        at: state.at,
        usage: usage.into_iter().collect(),
        history_bytes: 0,
    };
    let found = found.into_iter().map(|v| (v.meta, v.stored)).collect();
    Ok((state, tally, found))
}

/// The clock of the database, which all replicas share.
async fn clock(client: &impl GenericClient) -> Result<i64, Error> {
    let statement = client
        .prepare_cached("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        .await
        .map_err(pg)?;
    let row = client.query_one(&statement, &[]).await.map_err(pg)?;
    row.try_get(0).map_err(pg)
}

/// What resources keep, without budgets.
pub(crate) async fn usage(
    client: &impl GenericClient,
) -> Result<Vec<(String, ResourceUsage)>, Error> {
    let statement = client
        .prepare_cached("SELECT resource, objects, bytes, raw_bytes FROM usage")
        .await
        .map_err(pg)?;
    let rows = client.query(&statement, &[]).await.map_err(pg)?;
    let number = |n: i64| n.max(0).unsigned_abs();
    Ok(rows
        .iter()
        .map(|row| {
            let usage = ResourceUsage {
                objects: number(row.get(1)),
                bytes: number(row.get(2)),
                raw_bytes: number(row.get(3)),
                ..ResourceUsage::default()
            };
            (row.get(0), usage)
        })
        .collect())
}

/// First what ends, as a key has one current version; then the rest at once: the
/// statements travel together.
async fn write(
    link: &Link,
    tx: &Transaction<'_>,
    plan: &Plan<'_>,
    state: &State,
) -> Result<(), Error> {
    end(tx, &plan.ended).await?;
    let done = tokio::join!(
        versions(tx, &plan.rows, state.at),
        bodies(tx, &plan.rows),
        labels(tx, &plan.rows),
        keep_usage(tx, plan),
        keep_state(tx, plan, state),
        ring(link, tx, plan.tally.rv),
    );
    // The others only say that the transaction is aborted.
    let mut errors = [done.0, done.1, done.2, done.3, done.4, done.5]
        .into_iter()
        .filter_map(Result::err);
    let aborted = |error: &Error| matches!(error, Error::Internal(text) if text.ends_with(ABORTED));
    match errors.next() {
        None => Ok(()),
        Some(first) if aborted(&first) => {
            Err(errors.find(|error| !aborted(error)).unwrap_or(first))
        }
        Some(first) => Err(first),
    }
}

/// How the error of a statement ends that came after the one that failed.
const ABORTED: &str = "(25P02)";

async fn end(tx: &Transaction<'_>, ended: &[(u64, u64)]) -> Result<(), Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let rvs: Vec<i64> = ended.iter().map(|(rv, _)| int(*rv)).collect();
    let untils: Vec<i64> = ended.iter().map(|(_, until)| int(*until)).collect();
    let statement = tx
        .prepare_cached(
            "UPDATE versions v SET until = e.until \
             FROM unnest($1::bigint[], $2::bigint[]) AS e (rv, until) WHERE v.rv = e.rv",
        )
        .await
        .map_err(pg)?;
    tx.execute(&statement, &[&rvs, &untils]).await.map_err(pg)?;
    Ok(())
}

async fn versions(tx: &Transaction<'_>, rows: &[NewRow<'_>], at: i64) -> Result<(), Error> {
    let statement = tx
        .prepare_cached(
            "INSERT INTO versions (rv, kind, until, prev, body, size, stored, created, \
             generation, deleting, finalizers, resource, namespace, name, uid, labels, columns, \
             metadata, at) SELECT *, $19::bigint FROM unnest($1::bigint[], $2::smallint[], \
             $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], \
             $9::bigint[], $10::bigint[], $11::boolean[], $12::text[], $13::text[], $14::text[], \
             $15::text[], $16::text[], $17::text[], $18::text[])",
        )
        .await
        .map_err(pg)?;
    let numbers = |of: fn(&NewRow<'_>) -> i64| rows.iter().map(of).collect::<Vec<_>>();
    let maybe = |of: fn(&NewRow<'_>) -> Option<i64>| rows.iter().map(of).collect::<Vec<_>>();
    fn texts<'b>(rows: &'b [NewRow<'_>], of: fn(&'b NewRow<'_>) -> &'b str) -> Vec<&'b str> {
        rows.iter().map(of).collect()
    }
    let labels = rows
        .iter()
        .map(|row| serde_json::to_string(&row.meta.labels))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Error::Internal(format!("labels: {e}")))?;
    let kinds: Vec<i16> = rows
        .iter()
        .map(|row| crate::row::number(row.kind))
        .collect();
    let finalizers: Vec<bool> = rows.iter().map(|row| row.meta.finalizers).collect();
    tx.execute(
        &statement,
        &[
            &numbers(|r| int(r.meta.resource_version)),
            &kinds,
            &maybe(|r| r.until.map(int)),
            &maybe(|r| r.prev.map(int)),
            &numbers(|r| int(r.meta.body)),
            &numbers(|r| int(r.meta.size)),
            &numbers(|r| int(r.body.map_or(0, <[u8]>::len) as u64)),
            &numbers(|r| r.meta.created),
            &numbers(|r| r.meta.generation),
            &maybe(|r| r.meta.deleting),
            &finalizers,
            &texts(rows, |r| &r.meta.key.resource),
            &texts(rows, |r| &r.meta.key.namespace),
            &texts(rows, |r| &r.meta.key.name),
            &texts(rows, |r| &r.meta.uid),
            &labels,
            &texts(rows, |r| &r.meta.columns),
            &texts(rows, |r| &r.meta.metadata),
            &at,
        ],
    )
    .await
    .map_err(pg)?;
    Ok(())
}

async fn bodies(tx: &Transaction<'_>, rows: &[NewRow<'_>]) -> Result<(), Error> {
    let with = || rows.iter().filter_map(|row| Some((row, row.body?)));
    let rvs: Vec<i64> = with().map(|(row, _)| int(row.meta.body)).collect();
    if rvs.is_empty() {
        return Ok(());
    }
    let data: Vec<&[u8]> = with().map(|(_, body)| body).collect();
    let statement = tx
        .prepare_cached(
            "INSERT INTO bodies (rv, data) SELECT * FROM unnest($1::bigint[], $2::bytea[])",
        )
        .await
        .map_err(pg)?;
    tx.execute(&statement, &[&rvs, &data]).await.map_err(pg)?;
    Ok(())
}

async fn labels(tx: &Transaction<'_>, rows: &[NewRow<'_>]) -> Result<(), Error> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.body.is_some()) {
        for (key, value) in &row.meta.labels {
            columns.0.push(int(row.meta.resource_version));
            columns.1.push(row.meta.key.resource.as_str());
            columns.2.push(key.as_str());
            columns.3.push(value.as_str());
        }
    }
    if columns.0.is_empty() {
        return Ok(());
    }
    let statement = tx
        .prepare_cached(
            "INSERT INTO labels (rv, resource, key, value) \
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])",
        )
        .await
        .map_err(pg)?;
    tx.execute(
        &statement,
        &[&columns.0, &columns.1, &columns.2, &columns.3],
    )
    .await
    .map_err(pg)?;
    Ok(())
}

async fn keep_usage(tx: &Transaction<'_>, plan: &Plan<'_>) -> Result<(), Error> {
    let touched: BTreeSet<&str> = plan
        .rows
        .iter()
        .map(|row| row.meta.key.resource.as_str())
        .collect();
    let touched: Vec<&str> = touched.into_iter().collect();
    let numbers = |of: fn(&ResourceUsage) -> u64| -> Vec<i64> {
        let usage = touched.iter().map(|name| plan.tally.usage.get(*name));
        usage.map(|usage| int(usage.map_or(0, of))).collect()
    };
    let statement = tx
        .prepare_cached(
            "INSERT INTO usage (resource, objects, bytes, raw_bytes) \
             SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) \
             ON CONFLICT (resource) DO UPDATE SET objects = excluded.objects, \
             bytes = excluded.bytes, raw_bytes = excluded.raw_bytes",
        )
        .await
        .map_err(pg)?;
    tx.execute(
        &statement,
        &[
            &touched,
            &numbers(|u| u.objects),
            &numbers(|u| u.bytes),
            &numbers(|u| u.raw_bytes),
        ],
    )
    .await
    .map_err(pg)?;
    Ok(())
}

/// The history is counted by differences: compaction counts it, too.
async fn keep_state(tx: &Transaction<'_>, plan: &Plan<'_>, state: &State) -> Result<(), Error> {
    let statement = tx
        .prepare_cached(
            "UPDATE state SET value = CASE name WHEN 'rv' THEN $1 WHEN 'at' THEN $2 \
             ELSE value + $3 END WHERE name IN ('rv', 'at', 'history')",
        )
        .await
        .map_err(pg)?;
    tx.execute(
        &statement,
        &[
            &int(plan.tally.rv),
            &state.at,
            &int(plan.tally.history_bytes),
        ],
    )
    .await
    .map_err(pg)?;
    Ok(())
}

async fn ring(link: &Link, tx: &Transaction<'_>, rv: u64) -> Result<(), Error> {
    let statement = tx
        .prepare_cached("SELECT pg_notify($1, $2)")
        .await
        .map_err(pg)?;
    tx.execute(&statement, &[&link.channel(), &rv.to_string()])
        .await
        .map_err(pg)?;
    Ok(())
}
