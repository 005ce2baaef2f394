//! Between rows of `versions` and [`Meta`].

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::link::pg;
use crate::error::Error;
use crate::event::EventKind;
use crate::key::Key;
use crate::object::Meta;
use crate::row::{int, kind, labels, unsigned};

/// The columns of [`version`], in order; `t` is the table's name in the query.
pub(crate) fn columns(t: &str) -> String {
    const NAMES: [&str; WIDTH] = [
        "rv",
        "kind",
        "until",
        "body",
        "size",
        "stored",
        "created",
        "generation",
        "deleting",
        "finalizers",
        "resource",
        "namespace",
        "name",
        "uid",
        "labels",
        "columns",
        "metadata",
    ];
    NAMES.map(|n| format!("{t}.{n}")).join(",")
}

/// How many columns [`columns`] names.
pub(crate) const WIDTH: usize = 17;

/// One row.
pub(crate) struct Version {
    pub(crate) meta: Meta,
    pub(crate) kind: EventKind,
    /// Compressed bytes of the body.
    pub(crate) stored: u64,
}

/// Reads the columns from number `at` on.
pub(crate) fn version(row: &Row, at: usize) -> Result<Version, Error> {
    let text = |i: usize| row.try_get::<_, String>(at + i).map_err(pg);
    let number = |i: usize| row.try_get::<_, i64>(at + i).map_err(pg);
    let unsigned = |i: usize| unsigned(number(i)?, i);
    let labels = labels(row.try_get(at + 14).map_err(pg)?)?;
    Ok(Version {
        kind: kind(row.try_get::<_, i16>(at + 1).map_err(pg)?.into())?,
        stored: unsigned(5)?,
        meta: Meta {
            resource_version: unsigned(0)?,
            body: unsigned(3)?,
            size: unsigned(4)?,
            created: number(6)?,
            generation: number(7)?,
            deleting: row.try_get(at + 8).map_err(pg)?,
            finalizers: row.try_get(at + 9).map_err(pg)?,
            key: Key::new(text(10)?, text(11)?, text(12)?),
            uid: text(13)?,
            labels,
            columns: text(15)?,
            metadata: text(16)?,
        },
    })
}

/// The current versions of these keys, in any order.
pub(crate) async fn current(
    client: &impl GenericClient,
    keys: &[&Key],
) -> Result<Vec<Version>, Error> {
    let part = |part: fn(&Key) -> &str| keys.iter().map(|key| part(key)).collect::<Vec<_>>();
    let statement = client
        .prepare_cached(&format!(
            "SELECT {} FROM unnest($1::text[], $2::text[], $3::text[]) AS k (resource, namespace, name) \
             JOIN versions v ON v.until IS NULL AND v.resource = k.resource \
             AND v.namespace = k.namespace AND v.name = k.name",
            columns("v")
        ))
        .await
        .map_err(pg)?;
    let rows = client
        .query(
            &statement,
            &[
                &part(|k| &k.resource),
                &part(|k| &k.namespace),
                &part(|k| &k.name),
            ],
        )
        .await
        .map_err(pg)?;
    rows.iter().map(|row| version(row, 0)).collect()
}

/// The compressed body of that row, if it is still there.
pub(crate) async fn stored_body(
    client: &impl GenericClient,
    body: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let statement = client
        .prepare_cached("SELECT data FROM bodies WHERE rv = $1")
        .await
        .map_err(pg)?;
    let row = client
        .query_opt(&statement, &[&int(body)])
        .await
        .map_err(pg)?;
    row.map(|row| row.try_get(0).map_err(pg)).transpose()
}
