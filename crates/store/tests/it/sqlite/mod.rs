//! What only the engine in a file has to do.

use std::path::Path;

use kubescape_store::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

mod damage;
mod durability;
mod kills;
mod schema;
mod space;
mod upkeep;

/// A new store in a folder of its own.
fn new_store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()), folder)
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(options(folder)).unwrap()
}

fn options(folder: &Path) -> SqliteOptions {
    SqliteOptions {
        reserve: 0,
        deletion_reserve: 0,
        ..SqliteOptions::new(folder.join("store.db"))
    }
}

/// The database behind the back of the store.
fn raw(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("store.db")).unwrap()
}
