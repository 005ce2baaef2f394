//! History: that it ends, and that it stays while somebody needs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubescape_store::{
    Change, Error, Expect, Filter, Lister, Query, Retention, SqliteOptions, SqliteStore, Store,
};

use super::{new_store, open, options, raw};
use crate::help::{create, draft, key, noise, update};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_stays_bounded_however_busy_writers_are() {
    // Given a store that may keep 500 changes, and ten objects
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteOptions {
        retention: Retention {
            changes: 500,
            ..Retention::default()
        },
        ..options(folder.path())
    })
    .unwrap();
    let store = Arc::new(store);
    for number in 0..10 {
        create(&*store, "shop", &format!("n{number}"), &[]).await;
    }
    // When ten writers replace them without a pause, many changes a commit
    let writers: Vec<_> = (0..10)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..20 {
                    let change = || {
                        let draft = draft("shop", &format!("n{number}"), &[], "{}");
                        Change::Update(draft, Expect::any())
                    };
                    store
                        .commit((0..100).map(|_| change()).collect())
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    // Then what is left follows the retention, not the 20,000 changes.
    let rows: i64 = raw(folder.path())
        .query_row("SELECT count(*) FROM versions", [], |row| row.get(0))
        .unwrap();
    assert!(rows < 3_000, "{rows} rows");
}

#[tokio::test]
async fn bytes_of_history_are_bounded_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteOptions {
        retention: Retention {
            bytes: 100_000,
            ..Retention::default()
        },
        ..options(folder.path())
    })
    .unwrap();
    create(&store, "shop", "a", &[]).await;
    for number in 0..100 {
        update(&store, "a", &[], &noise(number, 10_000)).await;
        assert!(store.usage().await.unwrap().history_bytes < 200_000);
    }
}

#[tokio::test]
async fn a_list_ends_on_the_state_that_it_began_with_however_fast_history_goes() {
    // Given fifty objects, a history of ten changes, and a list of five a page
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteOptions {
        retention: Retention {
            changes: 10,
            ..Retention::default()
        },
        ..options(folder.path())
    })
    .unwrap();
    let store = Arc::new(store);
    let mut versions = Vec::new();
    for number in 0..50 {
        versions.push(create(&*store, "shop", &format!("n{number:02}"), &[]).await);
    }
    let query = Query::new(Filter::all("things"), 5);
    let mut list = Lister::start(Arc::clone(&store) as _, query).await.unwrap();
    // When each object changes behind the reader's back
    let mut seen = Vec::new();
    while let Some(object) = list.next().await.unwrap() {
        seen.push(object.meta.resource_version);
        for number in 45..50 {
            update(&*store, &format!("n{number}"), &[], "{}").await;
        }
    }
    // Then it still sees what was there at first, and what it held goes after it.
    assert_eq!(seen, versions);
    drop(list);
    update(&*store, "n01", &[], "{}").await;
    let usage = store.usage().await.unwrap();
    assert!(usage.resource_version - usage.compacted < 20, "{usage:?}");
    let late = store.pin(versions[0], Duration::from_secs(1)).await;
    assert!(matches!(late, Err(Error::Compacted { .. })));
}

#[tokio::test]
async fn damage_that_the_writer_meets_is_told_and_looked_at_by_the_next_start() {
    // Given a store in which a row was damaged
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    create(&store, "shop", "b", &[]).await;
    store.shutdown().await;
    raw(folder.path())
        .execute("UPDATE versions SET metadata = 'x' WHERE name = 'a'", [])
        .unwrap();
    let store = open(folder.path());
    // When only a writer meets it
    let change = Change::Delete(key("shop", "a"), Expect::any());
    let met = store.commit(vec![change]).await;
    // Then the store says so, goes on, and the next start recovers the rest.
    assert!(matches!(met, Err(Error::Corrupt { .. })), "{met:?}");
    assert!(store.usage().await.unwrap().trouble.is_some());
    store.shutdown().await;
    let store = open(folder.path());
    let recovery = store.recovery().unwrap();
    assert_eq!((recovery.saved, recovery.lost), (1, 1), "{recovery:?}");
    assert!(store.get(&key("shop", "b")).await.unwrap().is_some());
}

#[tokio::test]
async fn damaged_history_is_told_and_stops_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let tight = || SqliteOptions {
        retention: Retention {
            changes: 1,
            ..Retention::default()
        },
        ..options(folder.path())
    };
    let store = open(folder.path());
    create(&store, "shop", "a", &[]).await;
    update(&store, "a", &[], "{}").await;
    store.shutdown().await;
    raw(folder.path())
        .execute(
            "UPDATE versions SET labels = 'x' WHERE until IS NOT NULL",
            [],
        )
        .unwrap();
    let store = SqliteStore::open(tight()).unwrap();
    for _ in 0..5 {
        update(&store, "a", &[], "{}").await;
    }
    assert!(store.usage().await.unwrap().trouble.is_some());
    assert!(folder.path().join("store.db.suspect").exists());
    assert!(store.get(&key("shop", "a")).await.unwrap().is_some());
}

#[tokio::test]
async fn dropping_a_store_does_not_wait_for_its_writer() {
    // Given a writer that cannot go on, as another has the database
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    let other = raw(folder.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = Arc::new(store);
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let draft = draft("shop", "b", &[], "{}");
            drop(store.commit(vec![Change::Create(draft)]).await);
        }
    });
    tokio::task::yield_now().await;
    waiting.abort();
    let _ = waiting.await;
    // When the store is dropped, then this thread goes on at once.
    let start = Instant::now();
    drop(store);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    other.execute_batch("ROLLBACK").unwrap();
}
