//! The tables, and how older ones become them. They are those of the embedded
//! engine: one row of `versions` is one change.

use deadpool_postgres::GenericClient;

use super::link::{Link, pg};
use crate::error::Error;

/// Each takes the schema one version further; never change one that was released.
pub(crate) const MIGRATIONS: &[&str] = &[r#"
    CREATE TABLE state (name text PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 20);
    -- 0 is no version: an empty store is at 1, so that a watch can start from it.
    INSERT INTO state VALUES ('rv', 1), ('compacted', 1), ('at', 0), ('history', 0);

    CREATE TABLE versions (
        rv bigint PRIMARY KEY,       -- the change that made it
        kind smallint NOT NULL,      -- 0 added, 1 modified, 2 deleted (a tombstone)
        until bigint,                -- the change that replaced it; of a tombstone its own
        prev bigint,                 -- the version before
        body bigint NOT NULL,        -- row of bodies
        size bigint NOT NULL,        -- bytes of the body
        stored bigint NOT NULL,      -- bytes of it compressed; 0 for a tombstone
        at bigint NOT NULL,          -- commit, ms since 1970, never falling
        created bigint NOT NULL,
        generation bigint NOT NULL,
        deleting bigint,
        finalizers boolean NOT NULL,
        -- Lists are in the order of bytes, whatever the language of the database.
        resource text COLLATE "C" NOT NULL,
        namespace text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        uid text NOT NULL,
        labels text NOT NULL,        -- JSON object
        columns text NOT NULL,
        metadata text NOT NULL
    );
    CREATE UNIQUE INDEX current ON versions (resource, namespace, name) WHERE until IS NULL;
    CREATE INDEX past ON versions (until) WHERE until IS NOT NULL;
    -- Later pages of a list need what was replaced meanwhile, in the order of the list.
    CREATE INDEX past_keys ON versions (resource, namespace, name, rv) WHERE until IS NOT NULL;
    CREATE INDEX log ON versions (resource, rv);

    CREATE TABLE bodies (rv bigint PRIMARY KEY, data bytea NOT NULL);
    -- They are compressed already.
    ALTER TABLE bodies ALTER COLUMN data SET STORAGE EXTERNAL;

    CREATE TABLE labels (
        rv bigint NOT NULL,
        resource text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        value text COLLATE "C" NOT NULL,
        PRIMARY KEY (rv, key)
    );
    CREATE INDEX labelled ON labels (resource, key, value, rv);

    CREATE TABLE usage (
        resource text COLLATE "C" PRIMARY KEY,
        objects bigint NOT NULL,
        bytes bigint NOT NULL,
        raw_bytes bigint NOT NULL
    ) WITH (fillfactor = 20);

    CREATE TABLE pins (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        rv bigint NOT NULL,
        until timestamptz NOT NULL
    );
"#];

/// The schema that this program writes.
pub(crate) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

pub(crate) fn newer(link: &Link, found: i64) -> Error {
    Error::NewerSchema {
        place: format!("schema {} of PostgreSQL", link.schema),
        found,
        known: newest(),
    }
}

/// Makes the tables or brings them up to date; of several replicas that start
/// together, one.
pub(crate) async fn migrate(link: &Link) -> Result<(), Error> {
    let mut client = link.client().await?;
    safe(&client).await?;
    let tx = client.transaction().await.map_err(pg)?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&link.lock("schema")])
        .await
        .map_err(pg)?;
    let schema = &link.schema;
    let has = tx
        .query_one("SELECT to_regnamespace($1) IS NOT NULL", &[schema])
        .await
        .map_err(pg)?;
    if !has.get::<_, bool>(0) {
        tx.batch_execute(&format!("CREATE SCHEMA {schema}"))
            .await
            .map_err(pg)?;
    }
    let from = version(&tx, link).await?;
    if from > newest() {
        return Err(newer(link, from));
    }
    for (_, text) in (0_i64..).zip(MIGRATIONS).filter(|(step, _)| *step >= from) {
        tx.batch_execute(text).await.map_err(pg)?;
    }
    if from < newest() {
        tx.execute(
            "INSERT INTO state VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = $1",
            &[&newest()],
        )
        .await
        .map_err(pg)?;
    }
    tx.commit().await.map_err(pg)
}

/// An answer means that a change survives a power loss.
async fn safe(client: &impl GenericClient) -> Result<(), Error> {
    let row = client
        .query_one("SELECT current_setting('synchronous_commit')", &[])
        .await
        .map_err(pg)?;
    if row.get::<_, &str>(0) == "off" {
        return Err(Error::unavailable(
            "synchronous_commit is off, so that PostgreSQL may lose changes: set it to on",
        ));
    }
    Ok(())
}

/// The version of the schema; 0 for an empty one.
async fn version(client: &impl GenericClient, link: &Link) -> Result<i64, Error> {
    let tables = client
        .query_one(
            "SELECT count(*), count(*) FILTER (WHERE tablename = 'state') \
             FROM pg_tables WHERE schemaname = $1",
            &[&link.schema],
        )
        .await
        .map_err(pg)?;
    let foreign = || {
        Error::unavailable(format!(
            "schema {} of PostgreSQL holds tables of something else: give another one",
            link.schema
        ))
    };
    match (tables.get::<_, i64>(0), tables.get::<_, i64>(1)) {
        (0, _) => Ok(0),
        (_, 0) => Err(foreign()),
        _ => client
            .query_opt("SELECT value FROM state WHERE name = 'schema'", &[])
            .await
            .map_err(|_| foreign())?
            .map(|row| row.get(0))
            .ok_or_else(foreign),
    }
}

/// The counters of a store at one moment.
pub(crate) struct State {
    pub(crate) schema: i64,
    pub(crate) rv: u64,
    pub(crate) compacted: u64,
    /// Time of the last commit, ms since 1970.
    pub(crate) at: i64,
    /// Compressed bytes of replaced versions.
    pub(crate) history: u64,
}

pub(crate) async fn state(client: &impl GenericClient) -> Result<State, Error> {
    let rows = client
        .prepare_cached("SELECT name, value FROM state")
        .await
        .map_err(pg)?;
    let rows = client.query(&rows, &[]).await.map_err(pg)?;
    let number = |name: &str| {
        rows.iter()
            .find(|row| row.get::<_, &str>(0) == name)
            .map(|row| row.get::<_, i64>(1))
            .ok_or_else(|| Error::Corrupt {
                detail: format!("state has no {name}"),
            })
    };
    let unsigned = |name: &str| {
        let n = number(name)?;
        u64::try_from(n).map_err(|_| Error::Corrupt {
            detail: format!("state {name} is {n}"),
        })
    };
    Ok(State {
        schema: number("schema")?,
        rv: unsigned("rv")?,
        compacted: unsigned("compacted")?,
        at: number("at")?,
        history: number("history")?.max(0).unsigned_abs(),
    })
}
