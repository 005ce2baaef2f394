//! Between rows of `versions` and [`Meta`].

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::connection::sql;
use crate::error::Error;
use crate::event::EventKind;
use crate::key::Key;
use crate::object::Meta;
use crate::row::{int, kind, labels, number, unsigned};

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
        "sum",
    ];
    NAMES.map(|n| format!("{t}.{n}")).join(",")
}

/// The same of a file that may be of an older schema.
pub(crate) fn columns_of_any(db: &Connection, t: &str) -> String {
    let has_sum = db.prepare("SELECT sum FROM versions LIMIT 0").is_ok();
    let all = columns(t);
    if has_sum {
        return all;
    }
    all.replace(&format!("{t}.sum"), "NULL")
}

/// How many columns [`columns`] names.
pub(crate) const WIDTH: usize = 18;

/// One row.
pub(crate) struct Version {
    pub(crate) meta: Meta,
    pub(crate) kind: EventKind,
    /// The change that replaced it.
    pub(crate) until: Option<u64>,
    /// Compressed bytes of the body.
    pub(crate) stored: u64,
}

/// Reads the columns from number `at` on.
pub(crate) fn version(row: &Row<'_>, at: usize) -> Result<Version, Error> {
    let text = |i: usize| row.get::<_, String>(at + i).map_err(sql);
    let number = |i: usize| row.get::<_, i64>(at + i).map_err(sql);
    let unsigned = |i: usize| unsigned(number(i)?, i);
    let label_text = row.get_ref(at + 14).map_err(sql)?.as_str().unwrap_or("");
    let labels = labels(label_text)?;
    let version = Version {
        kind: kind(number(1)?)?,
        until: row
            .get::<_, Option<i64>>(at + 2)
            .map_err(sql)?
            .map(i64::unsigned_abs),
        stored: unsigned(5)?,
        meta: Meta {
            resource_version: unsigned(0)?,
            body: unsigned(3)?,
            size: unsigned(4)?,
            created: number(6)?,
            generation: number(7)?,
            deleting: row.get(at + 8).map_err(sql)?,
            finalizers: number(9)? != 0,
            key: Key::new(text(10)?, text(11)?, text(12)?),
            uid: text(13)?,
            labels,
            columns: text(15)?,
            metadata: text(16)?,
        },
    };
    // Rows of the first schema have no sum.
    let found: Option<i64> = row.get(at + 17).map_err(sql)?;
    let sum = sum(&version.meta, version.kind, version.stored, label_text);
    match found {
        Some(found) if found != sum => Err(Error::Corrupt {
            detail: format!("version {} has another sum", version.meta.resource_version),
        }),
        _ => Ok(version),
    }
}

/// CRC-32 of all that never changes in a row: SQLite does not notice a flipped
/// bit inside a value.
pub(crate) fn sum(meta: &Meta, kind: EventKind, stored: u64, labels: &str) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    let numbers = [
        int(meta.resource_version),
        number(kind).into(),
        int(meta.body),
        int(meta.size),
        int(stored),
        meta.created,
        meta.generation,
        meta.deleting.unwrap_or(i64::MIN),
        i64::from(meta.finalizers),
    ];
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    let key = &meta.key;
    let texts: [&str; 7] = [
        &key.resource,
        &key.namespace,
        &key.name,
        &meta.uid,
        labels,
        &meta.columns,
        &meta.metadata,
    ];
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    i64::from(hasher.finalize())
}

/// The current version of a key.
pub(crate) fn current(db: &Connection, key: &Key) -> Result<Option<Version>, Error> {
    let mut statement = db
        .prepare_cached(&format!(
            "SELECT {} FROM versions v INDEXED BY current WHERE until IS NULL \
             AND resource = ?1 AND namespace = ?2 AND name = ?3",
            columns("v")
        ))
        .map_err(sql)?;
    let found = statement
        .query_row((&key.resource, &key.namespace, &key.name), |row| {
            Ok(version(row, 0))
        })
        .optional()
        .map_err(sql)?;
    found.transpose()
}

/// The compressed body of that row, if it is still there.
pub(crate) fn stored_body(db: &Connection, body: u64) -> Result<Option<Vec<u8>>, Error> {
    db.prepare_cached("SELECT data FROM bodies WHERE rv = ?1")
        .and_then(|mut s| s.query_row([int(body)], |row| row.get(0)).optional())
        .map_err(sql)
}
