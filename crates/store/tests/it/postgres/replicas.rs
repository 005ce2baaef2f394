//! Several replicas on one database.

use std::sync::Arc;
use std::time::Duration;

use kubescape_store::{
    Change, Error, Expect, Filter, PostgresOptions, PostgresStore, Retention, Store,
};

use super::server::Database;
use crate::help::{create, delete, draft, soon, update};

async fn two(database: &Database) -> [Arc<PostgresStore>; 2] {
    let open = async || Arc::new(PostgresStore::open(database.options()).await.unwrap());
    [open().await, open().await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_writes_the_watchers_of_the_other_see_at_once() {
    let Some(database) = Database::new() else {
        return;
    };
    // Given two replicas that would poll but once an hour
    let options = PostgresOptions {
        poll: Duration::from_hours(1),
        ..database.options()
    };
    let one = PostgresStore::open(options.clone()).await.unwrap();
    let other = PostgresStore::open(options).await.unwrap();
    let start = one.resource_version().await.unwrap();
    let mut watch = other.subscribe(Filter::all("things"), start).await.unwrap();
    // When one writes, then the other's watcher sees it, with its body.
    for round in 0..20 {
        let version = create(&one, "shop", &format!("n{round}"), &[]).await;
        let event = soon(watch.next()).await.unwrap();
        assert_eq!(event.resource_version, version);
        assert_eq!(event.body.as_deref(), Some(br#"{"spec":1}"#.as_slice()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_that_is_lost_costs_one_poll() {
    let Some(database) = Database::new() else {
        return;
    };
    let options = PostgresOptions {
        poll: Duration::from_millis(50),
        ..database.options()
    };
    let one = PostgresStore::open(database.options()).await.unwrap();
    let other = PostgresStore::open(options).await.unwrap();
    let start = one.resource_version().await.unwrap();
    let mut watch = other.subscribe(Filter::all("things"), start).await.unwrap();
    // A change without a ring: made behind the back of both.
    create(&one, "shop", "a", &[]).await;
    assert_eq!(soon(watch.next()).await.unwrap().object.key.name, "a");
    let raw = database.raw().await;
    raw.batch_execute(
        "INSERT INTO versions SELECT rv + 1, 0, NULL, NULL, rv + 1, size, stored, at, created, \
         generation, deleting, finalizers, resource, namespace, 'b', uid, labels, columns, \
         metadata FROM versions WHERE name = 'a'; \
         INSERT INTO bodies SELECT rv + 1, data FROM bodies; \
         UPDATE state SET value = value + 1 WHERE name = 'rv'",
    )
    .await
    .unwrap();
    assert_eq!(soon(watch.next()).await.unwrap().object.key.name, "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_write_at_once_give_every_watcher_one_history_without_gaps() {
    let Some(database) = Database::new() else {
        return;
    };
    // Given watchers at both replicas
    let replicas = two(&database).await;
    let start = replicas[0].resource_version().await.unwrap();
    let mut watches = Vec::new();
    for replica in &replicas {
        watches.push(
            replica
                .subscribe(Filter::all("things"), start)
                .await
                .unwrap(),
        );
    }
    // When both write with several hands, some to the same objects
    let hands: Vec<_> = (0..8)
        .map(|hand| {
            let store = Arc::clone(&replicas[hand % 2]);
            tokio::spawn(async move {
                for round in 0..40 {
                    let name = format!("n{hand}-{}", round % 7);
                    let made = draft("shop", &name, &[("hand", "x")], "{}");
                    match store.commit(vec![Change::Create(made)]).await {
                        Ok(_) => {}
                        Err(Error::AlreadyExists(_)) if round % 3 == 0 => {
                            delete(&*store, &name).await;
                        }
                        Err(Error::AlreadyExists(_)) => {
                            update(&*store, &name, &[], "{}").await;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                    // One that all fight for: either it works or it says why not.
                    let shared = draft("shop", "shared", &[], "{}");
                    let _ = store.commit(vec![Change::Create(shared.clone())]).await;
                    let change = Change::Update(shared, Expect::any());
                    store.commit(vec![change]).await.unwrap();
                }
            })
        })
        .collect();
    for hand in hands {
        hand.await.unwrap();
    }
    // Then both watchers see each version once, in order, and the same.
    let end = replicas[1].resource_version().await.unwrap();
    let mut seen = Vec::new();
    for watch in &mut watches {
        let mut all = Vec::new();
        while all.len() as u64 != end - start {
            let event = soon(watch.next()).await.unwrap();
            all.push((event.resource_version, event.kind, event.object.key.clone()));
        }
        assert!(all.iter().map(|e| e.0).eq(start + 1..=end));
        seen.push(all);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(replicas[0].check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_bounded_and_pins_hold_across_replicas() {
    let Some(database) = Database::new() else {
        return;
    };
    // Given a pin of one replica and a busy other one that may keep 100 changes
    let options = PostgresOptions {
        retention: Retention {
            changes: 100,
            ..Retention::default()
        },
        ..database.options()
    };
    let [one, _] = two(&database).await;
    let other = PostgresStore::open(options).await.unwrap();
    create(&*one, "shop", "a", &[]).await;
    let pinned = one.resource_version().await.unwrap();
    let pin = one.pin(pinned, Duration::from_mins(5)).await.unwrap();
    let churn = async || {
        for _ in 0..40 {
            let change = || Change::Update(draft("shop", "a", &[], "{}"), Expect::any());
            other
                .commit((0..100).map(|_| change()).collect())
                .await
                .unwrap();
        }
    };
    // When that one replaces an object 4,000 times, then the pinned state stays
    churn().await;
    assert!(other.usage().await.unwrap().compacted <= pinned);
    // and goes with the pin.
    drop(pin);
    let raw = database.raw().await;
    while raw
        .query_one("SELECT count(*) FROM pins", &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 0
    {
        tokio::task::yield_now().await;
    }
    churn().await;
    let rows = raw
        .query_one("SELECT count(*) FROM versions", &[])
        .await
        .unwrap();
    assert!(rows.get::<_, i64>(0) < 3_000, "{rows:?}");
    let late = one.pin(pinned, Duration::from_mins(5)).await;
    assert!(matches!(late, Err(Error::Compacted { .. })));
    assert_eq!(other.check().await.unwrap(), Vec::<String>::new());
}
