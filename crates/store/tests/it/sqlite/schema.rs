//! Files of other versions of the program.

use kubescape_store::{Error, SqliteStore, Store};

use super::{new_store, open, options, raw};
use crate::help::{create, key, update};

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date_and_keeps_everything() {
    // Given a file as the first schema had it: rows without sums
    let (store, folder) = new_store();
    let version = create(&store, "shop", "a", &[("app", "cart")]).await;
    store.shutdown().await;
    raw(folder.path())
        .execute_batch(
            "DROP INDEX past_keys; ALTER TABLE versions DROP COLUMN sum; PRAGMA user_version = 1",
        )
        .unwrap();
    // When it is opened
    let store = open(folder.path());
    // Then it is no damage, everything is there, and it can be written.
    assert!(store.recovery().is_none());
    let object = store.get(&key("shop", "a")).await.unwrap().unwrap();
    assert_eq!(object.meta.resource_version, version);
    assert!(update(&store, "a", &[], "{}").await > version);
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_damaged_file_of_the_first_schema_is_recovered_as_any_other() {
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[("app", "cart")]).await;
    create(&store, "shop", "b", &[]).await;
    store.shutdown().await;
    raw(folder.path())
        .execute_batch(
            "DROP INDEX past_keys; ALTER TABLE versions DROP COLUMN sum; PRAGMA user_version = 1; \
             UPDATE versions SET labels = 'x' WHERE name = 'b'",
        )
        .unwrap();
    std::fs::write(folder.path().join("store.db.suspect"), "").unwrap();
    let store = open(folder.path());
    let recovery = store.recovery().unwrap();
    assert_eq!((recovery.saved, recovery.lost), (1, 1), "{recovery:?}");
    assert!(store.get(&key("shop", "a")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused_and_stays_as_it_is() {
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    store.shutdown().await;
    raw(folder.path())
        .execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let file = folder.path().join("store.db");
    let before = std::fs::read(&file).unwrap();
    let refused = SqliteStore::open(options(folder.path()));
    assert!(matches!(
        refused.err(),
        Some(Error::NewerSchema { found: 99, .. })
    ));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    raw(folder.path())
        .execute_batch("CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('x')")
        .unwrap();
    let file = folder.path().join("store.db");
    let before = std::fs::read(&file).unwrap();
    let refused = SqliteStore::open(options(folder.path()));
    assert!(matches!(refused.err(), Some(Error::Foreign(_))));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}
