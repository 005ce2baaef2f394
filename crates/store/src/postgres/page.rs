//! Pages of lists.

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::types::ToSql;

use super::link::{Link, pg};
use super::read::{check_window, lost};
use super::rows;
use super::schema;
use crate::body;
use crate::error::Error;
use crate::object::{Meta, Object};
use crate::query::{At, Bodies, Filter, Page, Position, Query};
use crate::row::int;
use kubescape_apimachinery::selector::Requirement;

/// With so many candidates the label index is no longer better than the list.
const MOST_CANDIDATES: usize = 5000;

/// Rows that are read at once where a selector leaves some of them out.
const CHUNK: usize = 2000;

/// The state that a list shows.
struct Moment {
    rv: u64,
    /// Whether it is the newest.
    newest: bool,
}

/// Text and values of a statement.
#[derive(Default)]
struct Values(Vec<Box<dyn ToSql + Sync + Send>>);

impl Values {
    /// The place of a value.
    fn put(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.0.push(Box::new(value));
        format!("${}", self.0.len())
    }

    fn all(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|v| &**v as &(dyn ToSql + Sync)).collect()
    }
}

/// One page. Everything is read in one transaction on one snapshot.
pub(crate) async fn page(link: &Link, query: &Query) -> Result<Page, Error> {
    let mut client = link.client().await?;
    let tx = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .map_err(pg)?;
    let (wanted, after) = match &query.at {
        At::Now => (None, None),
        At::Version(rv) => (Some(*rv), None),
        At::After(position) => (Some(position.resource_version), Some(position)),
    };
    let state = schema::state(&tx).await?;
    let rv = wanted.unwrap_or(state.rv);
    check_window(rv, state.compacted, state.rv)?;
    let moment = Moment {
        rv,
        newest: rv == state.rv,
    };
    let mut taker = Taker::new(query);
    match candidates(&tx, &query.filter).await? {
        Some(rvs) => by_label(&tx, &mut taker, &rvs, &moment, after).await?,
        None => in_order(&tx, &mut taker, &moment, after).await?,
    }
    let (metas, more) = (taker.metas, taker.more);
    let last = metas.last().map(|meta| &meta.key);
    let remaining = match (query.filter.is_plain(), after.and_then(|p| p.remaining)) {
        (false, _) => None,
        (true, Some(before)) => Some(before.saturating_sub(metas.len() as u64)),
        (true, None) if !more => Some(0),
        (true, None) if moment.newest && query.filter.is_whole() => {
            let total = total(&tx, &query.filter.resource).await?;
            Some(total.saturating_sub(metas.len() as u64))
        }
        (true, None) => {
            let from = last.map(|k| (k.namespace.as_str(), k.name.as_str()));
            Some(count(&tx, &query.filter, &moment, from).await?)
        }
    };
    let next = last.filter(|_| more).map(|last| Position {
        resource_version: moment.rv,
        namespace: last.namespace.clone(),
        name: last.name.clone(),
        remaining,
    });
    let items = with_bodies(&tx, query, metas).await?;
    tx.commit().await.map_err(pg)?;
    Ok(Page {
        items,
        resource_version: moment.rv,
        next,
        remaining,
    })
}

/// Gathers rows until the page is full.
struct Taker<'a> {
    query: &'a Query,
    metas: Vec<Meta>,
    bytes: u64,
    /// Whether a row was left for the next page.
    more: bool,
}

impl<'a> Taker<'a> {
    fn new(query: &'a Query) -> Self {
        Self {
            query,
            metas: Vec::new(),
            bytes: 0,
            more: false,
        }
    }

    /// Takes the row if it fits; whether to go on.
    fn take(&mut self, meta: Meta) -> bool {
        if !self.query.filter.matches(&meta.key, &meta.labels) {
            return true;
        }
        if self.metas.len() >= self.query.rows()
            || !self.query.fits(self.metas.len(), self.bytes, meta.size)
        {
            self.more = true;
            return false;
        }
        self.bytes += meta.size;
        self.metas.push(meta);
        true
    }
}

async fn with_bodies(
    tx: &Transaction<'_>,
    query: &Query,
    metas: Vec<Meta>,
) -> Result<Vec<Object>, Error> {
    let mut stored: HashMap<u64, Vec<u8>> = HashMap::new();
    if query.bodies != Bodies::None {
        let statement = tx
            .prepare_cached("SELECT rv, data FROM bodies WHERE rv = ANY($1)")
            .await
            .map_err(pg)?;
        let rvs: Vec<i64> = metas.iter().map(|meta| int(meta.body)).collect();
        for row in tx.query(&statement, &[&rvs]).await.map_err(pg)? {
            let rv: i64 = row.try_get(0).map_err(pg)?;
            stored.insert(rv.max(0).unsigned_abs(), row.try_get(1).map_err(pg)?);
        }
    }
    let object = |meta: Meta| {
        let body = match query.bodies {
            Bodies::None => None,
            Bodies::UpTo(_) => {
                let stored = stored.remove(&meta.body).ok_or_else(|| lost(&meta.key))?;
                Some(body::decompress(&stored, meta.size)?)
            }
        };
        Ok(Object {
            meta: Arc::new(meta),
            body,
        })
    };
    metas.into_iter().map(object).collect()
}

/// Conditions on the key.
fn key_conditions(filter: &Filter, after: Option<(&str, &str)>, values: &mut Values) -> String {
    let mut text = format!("resource = {}", values.put(filter.resource.clone()));
    for (column, wanted) in [("namespace", &filter.namespace), ("name", &filter.name)] {
        if let Some(wanted) = wanted {
            text += &format!(" AND {column} = {}", values.put(wanted.clone()));
        }
    }
    if let Some((namespace, name)) = after {
        let (namespace, name) = (
            values.put(namespace.to_owned()),
            values.put(name.to_owned()),
        );
        text += &format!(" AND (namespace, name) > ({namespace}, {name})");
    }
    text
}

/// The versions that were current at the moment, in two parts that the planner
/// has an index for: those that still are, and those that were replaced since.
fn shown(
    what: &str,
    filter: &Filter,
    moment: &Moment,
    after: Option<(&str, &str)>,
    end: &str,
    values: &mut Values,
) -> String {
    let keys = key_conditions(filter, after, values);
    if moment.newest {
        return format!("SELECT {what} FROM versions v WHERE until IS NULL AND {keys} {end}");
    }
    let rv = values.put(int(moment.rv));
    format!(
        "(SELECT {what} FROM versions v WHERE until IS NULL AND rv <= {rv} AND {keys} {end}) \
         UNION ALL (SELECT {what} FROM versions v WHERE until IS NOT NULL AND until > {rv} \
         AND rv <= {rv} AND kind <> 2 AND {keys} {end})"
    )
}

async fn in_order(
    tx: &Transaction<'_>,
    taker: &mut Taker<'_>,
    moment: &Moment,
    after: Option<&Position>,
) -> Result<(), Error> {
    let mut after = after.map(|p| (p.namespace.clone(), p.name.clone()));
    // One more than the page says whether there is another page.
    let chunk = if taker.query.filter.is_plain() {
        taker.query.rows() + 1
    } else {
        CHUNK
    };
    loop {
        let mut values = Values::default();
        let end = format!("ORDER BY namespace, name LIMIT {chunk}");
        let from = after.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
        let inner = shown(
            &rows::columns("v"),
            &taker.query.filter,
            moment,
            from,
            &end,
            &mut values,
        );
        let text = if moment.newest {
            inner
        } else {
            format!("SELECT * FROM ({inner}) AS v ORDER BY namespace, name LIMIT {chunk}")
        };
        let statement = tx.prepare_cached(&text).await.map_err(pg)?;
        let found = tx.query(&statement, &values.all()).await.map_err(pg)?;
        for row in &found {
            let meta = rows::version(row, 0)?.meta;
            after = Some((meta.key.namespace.clone(), meta.key.name.clone()));
            if !taker.take(meta) {
                return Ok(());
            }
        }
        if found.len() < chunk {
            return Ok(());
        }
    }
}

/// Current objects of a resource.
async fn total(tx: &Transaction<'_>, resource: &str) -> Result<u64, Error> {
    let statement = tx
        .prepare_cached("SELECT objects FROM usage WHERE resource = $1")
        .await
        .map_err(pg)?;
    let row = tx.query_opt(&statement, &[&resource]).await.map_err(pg)?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0).max(0).unsigned_abs()))
}

async fn count(
    tx: &Transaction<'_>,
    filter: &Filter,
    moment: &Moment,
    after: Option<(&str, &str)>,
) -> Result<u64, Error> {
    let mut values = Values::default();
    let inner = shown("1", filter, moment, after, "", &mut values);
    let text = format!("SELECT count(*) FROM ({inner}) AS shown");
    let statement = tx.prepare_cached(&text).await.map_err(pg)?;
    let row = tx.query_one(&statement, &values.all()).await.map_err(pg)?;
    Ok(row.get::<_, i64>(0).max(0).unsigned_abs())
}

/// Versions that may fit, from the label index, where that leaves few.
async fn candidates(tx: &Transaction<'_>, filter: &Filter) -> Result<Option<Vec<i64>>, Error> {
    let mut best: Option<Vec<i64>> = None;
    for requirement in &filter.selector.0 {
        let most = best.as_ref().map_or(MOST_CANDIDATES, Vec::len);
        let (key, wanted) = match requirement {
            Requirement::Equals(key, value) => (key, Some(vec![value.as_str()])),
            Requirement::In(key, set) => (key, Some(set.iter().map(String::as_str).collect())),
            Requirement::Exists(key)
            | Requirement::GreaterThan(key, _)
            | Requirement::LessThan(key, _) => (key, None),
            Requirement::NotEquals(..) | Requirement::NotIn(..) | Requirement::Missing(_) => {
                continue;
            }
        };
        let condition = if wanted.is_some() {
            "value = ANY($4)"
        } else {
            "$4::text[] IS NULL"
        };
        let statement = tx
            .prepare_cached(&format!(
                "SELECT rv FROM labels WHERE resource = $1 AND key = $2 AND {condition} LIMIT $3"
            ))
            .await
            .map_err(pg)?;
        let found = tx
            .query(
                &statement,
                &[&filter.resource, key, &int(most as u64 + 1), &wanted],
            )
            .await
            .map_err(pg)?;
        if found.len() <= most {
            best = Some(found.iter().map(|row| row.get(0)).collect());
        }
    }
    Ok(best)
}

async fn by_label(
    tx: &Transaction<'_>,
    taker: &mut Taker<'_>,
    rvs: &[i64],
    moment: &Moment,
    after: Option<&Position>,
) -> Result<(), Error> {
    let mut values = Values::default();
    let after = after.map(|p| (p.namespace.as_str(), p.name.as_str()));
    let keys = key_conditions(&taker.query.filter, after, &mut values);
    let (rvs, rv) = (values.put(rvs.to_vec()), values.put(int(moment.rv)));
    let text = format!(
        "SELECT {} FROM versions v WHERE rv = ANY({rvs}) AND rv <= {rv} \
         AND (until IS NULL OR until > {rv}) AND kind <> 2 AND {keys}",
        rows::columns("v")
    );
    let statement = tx.prepare_cached(&text).await.map_err(pg)?;
    let found = tx.query(&statement, &values.all()).await.map_err(pg)?;
    let metas = found.iter().map(|row| Ok(rows::version(row, 0)?.meta));
    let mut metas = metas.collect::<Result<Vec<_>, Error>>()?;
    metas.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    for meta in metas {
        if !taker.take(meta) {
            break;
        }
    }
    Ok(())
}
