//! Connections: settings, errors, and the pool that reads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::Error;

/// An error of SQLite in our words.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn sql(error: rusqlite::Error) -> Error {
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full { detail },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt { detail },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy {
            retry_after_seconds: 1,
        },
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied,
        ) => Error::Unavailable { detail },
        _ => match error {
            // A column that does not hold what we wrote into it.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..) => Error::Corrupt { detail },
            _ => Error::Internal(detail),
        },
    }
}

const WRITER_CACHE_KIB: i64 = 16 << 10;
const READER_CACHE_KIB: i64 = 4 << 10;

/// The one connection that writes.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sql)?;
    db.busy_timeout(Duration::from_secs(5)).map_err(sql)?;
    let set =
        |name: &str, value: &dyn rusqlite::ToSql| db.pragma_update(None, name, value).map_err(sql);
    // Only an empty file takes these two.
    set("page_size", &8192)?;
    set("auto_vacuum", &"INCREMENTAL")?;
    let mode: String = db
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(sql)?;
    if mode != "wal" {
        return Err(Error::unavailable(format!(
            "{} cannot have a write-ahead log: use a local file system",
            path.display()
        )));
    }
    // FULL syncs the log at every commit, so an answer survives a power loss;
    // many writers share one commit.
    set("synchronous", &"FULL")?;
    set("journal_size_limit", &(64 << 20))?;
    // Moving the log into the file costs syncs of its own: 32 MiB at a time.
    set("wal_autocheckpoint", &4000)?;
    common(&db, WRITER_CACHE_KIB)?;
    Ok(db)
}

/// A connection that reads. No memory mapping: an I/O error or a truncated file
/// would end the process with a signal instead of an error.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sql)?;
    db.busy_timeout(Duration::from_secs(5)).map_err(sql)?;
    db.pragma_update(None, "query_only", true).map_err(sql)?;
    common(&db, READER_CACHE_KIB)?;
    Ok(db)
}

/// A connection to a file that was found damaged: it stays as it is, byte for byte.
pub(crate) fn open_damaged(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sql)?;
    common(&db, READER_CACHE_KIB)?;
    Ok(db)
}

/// The file may be damaged or forged: SQLite is told to distrust it.
fn common(db: &Connection, cache_kib: i64) -> Result<(), Error> {
    db.pragma_update(None, "cache_size", -cache_kib)
        .and_then(|()| db.pragma_update(None, "cell_size_check", true))
        .and_then(|()| db.pragma_update(None, "trusted_schema", false))
        .and_then(|()| db.pragma_update(None, "temp_store", "MEMORY"))
        .map_err(sql)?;
    // The log is moved into the file by the writer, when it wants to, and never
    // into a file that somebody only looks at.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(sql)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// A few connections that read at the same time, on threads that may block.
#[derive(Clone)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, most: usize, patience: Duration) -> Self {
        Self {
            path,
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(most.max(1))),
            patience,
        }
    }

    /// Runs `work` on one of the connections.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| Error::Busy {
                retry_after_seconds: 1,
            })?
            .map_err(|_| Error::Closed)?;
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let idle = this.lock().pop();
            let mut db = match idle {
                Some(db) => db,
                None => open_reader(&this.path)?,
            };
            let result = work(&mut db);
            // One that met damage may hold damaged pages.
            if !matches!(result, Err(Error::Corrupt { .. })) {
                this.lock().push(db);
            }
            result
        })
        .await
        .map_err(|e| Error::Internal(format!("a read ended early: {e}")))?
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn close(&self) {
        self.turns.close();
        self.lock().clear();
    }
}
