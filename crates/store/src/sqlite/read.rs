//! Reads: one object, one page, the log.

use std::sync::Arc;

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use super::apply::label_key;
use super::connection::sql;
use super::rows::{self, Version};
use super::schema;
use crate::body;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::key::Key;
use crate::object::Object;
use crate::query::{At, Bodies, Filter, Page, Position, Query};
use crate::row::int;
use kubescape_apimachinery::selector::Requirement;

/// With so many candidates the label index is no longer better than the list.
const MOST_CANDIDATES: usize = 5000;

/// The object and its compressed body, of one moment.
pub(crate) fn object(db: &mut Connection, key: &Key) -> Result<Option<(Version, Vec<u8>)>, Error> {
    let tx = db.transaction().map_err(sql)?;
    let Some(version) = rows::current(&tx, key)? else {
        return Ok(None);
    };
    let stored = rows::stored_body(&tx, version.meta.body)?.ok_or_else(|| lost(key))?;
    Ok(Some((version, stored)))
}

fn lost(key: &Key) -> Error {
    Error::Corrupt {
        detail: format!("{key} has no body"),
    }
}

/// The state that a list shows, and whether it can still be shown.
struct Moment {
    rv: u64,
    /// Whether it is the newest.
    newest: bool,
}

fn moment(db: &Connection, wanted: Option<u64>) -> Result<Moment, Error> {
    let current = schema::state(db, "rv")?;
    let Some(wanted) = wanted else {
        return Ok(Moment {
            rv: current,
            newest: true,
        });
    };
    check_window(db, wanted, current)?;
    Ok(Moment {
        rv: wanted,
        newest: wanted == current,
    })
}

/// Whether history reaches back to that version.
pub(crate) fn check_window(db: &Connection, wanted: u64, current: u64) -> Result<(), Error> {
    let oldest = schema::state(db, "compacted")?;
    if wanted < oldest {
        return Err(Error::Compacted { wanted, oldest });
    }
    if wanted > current {
        return Err(Error::FutureVersion { wanted, current });
    }
    Ok(())
}

/// One page. Everything is read in one transaction, so it is of one moment.
/// `total` is how many objects of the resource there are, roughly: clients may
/// not rely on the count of what remains.
pub(crate) fn page(db: &mut Connection, query: &Query, total: u64) -> Result<Page, Error> {
    let tx = db.transaction().map_err(sql)?;
    let (wanted, after) = match &query.at {
        At::Now => (None, None),
        At::Version(rv) => (Some(*rv), None),
        At::After(position) => (Some(position.resource_version), Some(position)),
    };
    let moment = moment(&tx, wanted)?;
    let mut taker = Taker {
        db: &tx,
        query,
        items: Vec::new(),
        bytes: 0,
        more: false,
    };
    match candidates(&tx, &query.filter)? {
        Some(rvs) => by_label(&mut taker, &rvs, &moment, after)?,
        None => in_order(&mut taker, &moment, after)?,
    }
    let (items, more) = (taker.items, taker.more);
    let remaining = match (query.filter.is_plain(), after.and_then(|p| p.remaining)) {
        (false, _) => None,
        (true, Some(before)) => Some(before.saturating_sub(items.len() as u64)),
        (true, None) if !more => Some(0),
        (true, None) if moment.newest && query.filter.is_whole() => {
            Some(total.saturating_sub(items.len() as u64).max(1))
        }
        (true, None) => {
            let from = items.last().map(|o| &o.meta.key);
            Some(count(&tx, &query.filter, &moment, from)?)
        }
    };
    let next = items.last().filter(|_| more).map(|last| Position {
        resource_version: moment.rv,
        namespace: last.meta.key.namespace.clone(),
        name: last.meta.key.name.clone(),
        remaining,
    });
    Ok(Page {
        items,
        resource_version: moment.rv,
        next,
        remaining,
    })
}

/// Gathers rows until the page is full.
struct Taker<'a> {
    db: &'a Connection,
    query: &'a Query,
    items: Vec<Object>,
    bytes: u64,
    /// Whether a row was left for the next page.
    more: bool,
}

impl Taker<'_> {
    /// Takes the row if it fits; whether to go on.
    fn take(&mut self, version: Version) -> Result<bool, Error> {
        let meta = version.meta;
        if !self.query.filter.matches(&meta.key, &meta.labels) {
            return Ok(true);
        }
        if self.items.len() >= self.query.rows()
            || !self.query.fits(self.items.len(), self.bytes, meta.size)
        {
            self.more = true;
            return Ok(false);
        }
        let body = match self.query.bodies {
            Bodies::None => None,
            Bodies::UpTo(_) => {
                let stored =
                    rows::stored_body(self.db, meta.body)?.ok_or_else(|| lost(&meta.key))?;
                self.bytes += meta.size;
                Some(body::decompress(&stored, meta.size)?)
            }
        };
        self.items.push(Object {
            meta: Arc::new(meta),
            body,
        });
        Ok(true)
    }
}

/// Conditions on the key, as text and values.
fn key_conditions(filter: &Filter, after: Option<(&str, &str)>) -> (String, Vec<Value>) {
    let mut text = String::from("resource = ?");
    let mut values = vec![Value::from(filter.resource.clone())];
    for (column, wanted) in [("namespace", &filter.namespace), ("name", &filter.name)] {
        if let Some(wanted) = wanted {
            text += &format!(" AND {column} = ?");
            values.push(Value::from(wanted.clone()));
        }
    }
    if let Some((namespace, name)) = after {
        text += " AND (namespace, name) > (?, ?)";
        values.push(Value::from(namespace.to_owned()));
        values.push(Value::from(name.to_owned()));
    }
    (text, values)
}

/// Names of the versions that were current at an older moment, in list order:
/// those that still are, and those that were replaced since.
fn past(filter: &Filter, rv: u64, after: Option<(&str, &str)>, what: &str) -> (String, Vec<Value>) {
    let (condition, values) = key_conditions(filter, after);
    let rv = Value::from(int(rv));
    let mut all = vec![rv.clone()];
    all.extend(values.clone());
    all.extend([rv.clone(), rv]);
    all.extend(values);
    let text = format!(
        "SELECT {what} FROM versions INDEXED BY current \
         WHERE until IS NULL AND rv <= ? AND {condition} \
         UNION ALL SELECT {what} FROM versions INDEXED BY past_keys \
         WHERE until IS NOT NULL AND until > ? AND rv <= ? AND kind <> 2 AND {condition}"
    );
    (text, all)
}

fn in_order(taker: &mut Taker<'_>, moment: &Moment, after: Option<&Position>) -> Result<(), Error> {
    let after = after.map(|p| (p.namespace.as_str(), p.name.as_str()));
    let db = taker.db;
    if moment.newest {
        let (condition, values) = key_conditions(&taker.query.filter, after);
        let text = format!(
            "SELECT {} FROM versions v INDEXED BY current \
             WHERE until IS NULL AND {condition} ORDER BY resource, namespace, name",
            rows::columns("v")
        );
        let mut statement = db.prepare_cached(&text).map_err(sql)?;
        let mut found = statement.query(params_from_iter(values)).map_err(sql)?;
        while let Some(row) = found.next().map_err(sql)? {
            if !taker.take(rows::version(row, 0)?)? {
                break;
            }
        }
        return Ok(());
    }
    let (text, values) = past(&taker.query.filter, moment.rv, after, "rv, namespace, name");
    let mut statement = db
        .prepare_cached(&format!("{text} ORDER BY namespace, name"))
        .map_err(sql)?;
    let mut found = statement.query(params_from_iter(values)).map_err(sql)?;
    let mut by_rv = ByRv::new(db)?;
    while let Some(row) = found.next().map_err(sql)? {
        let rv: i64 = row.get(0).map_err(sql)?;
        let Some(version) = by_rv.get(rv)? else {
            continue;
        };
        if !taker.take(version)? {
            break;
        }
    }
    Ok(())
}

/// Versions by their number, many in a row.
struct ByRv<'a>(rusqlite::CachedStatement<'a>);

impl<'a> ByRv<'a> {
    fn new(db: &'a Connection) -> Result<Self, Error> {
        let text = format!(
            "SELECT {} FROM versions v WHERE rv = ?1",
            rows::columns("v")
        );
        db.prepare_cached(&text).map(Self).map_err(sql)
    }

    fn get(&mut self, rv: i64) -> Result<Option<Version>, Error> {
        let mut found = self.0.query([rv]).map_err(sql)?;
        let row = found.next().map_err(sql)?;
        row.map(|row| rows::version(row, 0)).transpose()
    }
}

fn count(
    db: &Connection,
    filter: &Filter,
    moment: &Moment,
    from: Option<&Key>,
) -> Result<u64, Error> {
    let after = from.map(|k| (k.namespace.as_str(), k.name.as_str()));
    let (text, values) = if moment.newest {
        let (condition, values) = key_conditions(filter, after);
        let text = format!(
            "SELECT 1 FROM versions INDEXED BY current WHERE until IS NULL AND {condition}"
        );
        (text, values)
    } else {
        past(filter, moment.rv, after, "1")
    };
    db.prepare_cached(&format!("SELECT count(*) FROM ({text})"))
        .and_then(|mut s| s.query_row(params_from_iter(values), |row| row.get::<_, i64>(0)))
        .map(i64::unsigned_abs)
        .map_err(sql)
}

/// Versions that may fit, from the label index, where that leaves few.
fn candidates(db: &Connection, filter: &Filter) -> Result<Option<Vec<i64>>, Error> {
    let mut best: Option<Vec<i64>> = None;
    for requirement in &filter.selector.0 {
        let most = best.as_ref().map_or(MOST_CANDIDATES, Vec::len);
        let found = match requirement {
            Requirement::Equals(key, value) => labelled(db, filter, key, Some(value), most)?,
            Requirement::In(key, values) => {
                let mut all = Some(Vec::new());
                for value in values {
                    let Some(list) = &mut all else { break };
                    let left = most.saturating_sub(list.len());
                    match labelled(db, filter, key, Some(value), left)? {
                        Some(more) => list.extend(more),
                        None => all = None,
                    }
                }
                all
            }
            Requirement::Exists(key)
            | Requirement::GreaterThan(key, _)
            | Requirement::LessThan(key, _) => labelled(db, filter, key, None, most)?,
            Requirement::NotEquals(..) | Requirement::NotIn(..) | Requirement::Missing(_) => None,
        };
        if found.is_some() {
            best = found;
        }
    }
    Ok(best)
}

/// Versions with that label, unless there are more than `most`.
fn labelled(
    db: &Connection,
    filter: &Filter,
    key: &str,
    value: Option<&String>,
    most: usize,
) -> Result<Option<Vec<i64>>, Error> {
    let Some(id) = label_key(db, &filter.resource, key)? else {
        return Ok(Some(Vec::new()));
    };
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let one = |row: &Row<'_>| row.get::<_, i64>(0);
    let rvs: Vec<i64> = match value {
        Some(value) => db
            .prepare_cached("SELECT rv FROM labels WHERE key = ?1 AND value = ?2 LIMIT ?3")
            .and_then(|mut s| s.query_map((id, value, limit), one)?.collect()),
        None => db
            .prepare_cached("SELECT rv FROM labels WHERE key = ?1 LIMIT ?2")
            .and_then(|mut s| s.query_map((id, limit), one)?.collect()),
    }
    .map_err(sql)?;
    Ok((rvs.len() <= most).then_some(rvs))
}

fn by_label(
    taker: &mut Taker<'_>,
    rvs: &[i64],
    moment: &Moment,
    after: Option<&Position>,
) -> Result<(), Error> {
    let mut fitting = Vec::new();
    let mut by_rv = ByRv::new(taker.db)?;
    for rv in rvs {
        let Some(version) = by_rv.get(*rv)? else {
            continue;
        };
        let key = &version.meta.key;
        let shown = version.meta.resource_version <= moment.rv
            && version.until.is_none_or(|until| until > moment.rv);
        let later = after.is_none_or(|p| (&key.namespace, &key.name) > (&p.namespace, &p.name));
        if shown && later && taker.query.filter.matches(key, &version.meta.labels) {
            fitting.push(version);
        }
    }
    fitting.sort_unstable_by(|a, b| a.meta.key.cmp(&b.meta.key));
    for version in fitting {
        if !taker.take(version)? {
            break;
        }
    }
    Ok(())
}

/// Events of a resource after a version, oldest first, and up to where these are all.
pub(crate) fn events(
    db: &mut Connection,
    resource: &str,
    after: u64,
    limit: usize,
) -> Result<(Vec<Event>, u64), Error> {
    let tx = db.transaction().map_err(sql)?;
    let current = schema::state(&tx, "rv")?;
    check_window(&tx, after, current)?;
    let mut statement = tx
        .prepare_cached(&format!(
            "SELECT {}, {}, p.rv IS NULL FROM versions v INDEXED BY log \
             LEFT JOIN versions p ON p.rv = v.prev \
             WHERE v.resource = ?1 AND v.rv > ?2 ORDER BY v.rv LIMIT ?3",
            rows::columns("v"),
            rows::columns("p")
        ))
        .map_err(sql)?;
    let limit_number = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = statement
        .query((resource, int(after), limit_number))
        .map_err(sql)?;
    let mut events = Vec::new();
    while let Some(row) = found.next().map_err(sql)? {
        events.push(event(row)?);
    }
    let upto = match events.last() {
        Some(last) if events.len() == limit => last.resource_version,
        _ => current,
    };
    Ok((events, upto))
}

fn event(row: &Row<'_>) -> Result<Event, Error> {
    let version = rows::version(row, 0)?;
    let first: bool = row.get(2 * rows::WIDTH).map_err(sql)?;
    let previous = if first || version.kind == EventKind::Added {
        None
    } else {
        Some(Arc::new(rows::version(row, rows::WIDTH)?.meta))
    };
    Ok(Event {
        resource_version: version.meta.resource_version,
        kind: version.kind,
        object: Arc::new(version.meta),
        previous,
        body: None,
    })
}
