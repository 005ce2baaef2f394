//! A database that goes away and comes back.

use std::time::Duration;

use kubescape_store::{Change, Error, Filter, PostgresOptions, PostgresStore, Store};

use super::server::Server;
use crate::help::{create, draft, key, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_database_is_unavailable_and_watches_go_on_when_it_is_back() {
    // Given a store with a watcher
    let Some(server) = Server::start("outage") else {
        return;
    };
    let database = server.database();
    let store = PostgresStore::open(PostgresOptions {
        patience: Duration::from_secs(2),
        ..database.options()
    })
    .await
    .unwrap();
    let start = create(&store, "shop", "a", &[]).await;
    let mut watch = store.subscribe(Filter::all("things"), start).await.unwrap();
    // When PostgreSQL is gone, then everything says so,
    server.stop();
    let change = || Change::Create(draft("shop", "b", &[], "{}"));
    let written = store.commit(vec![change()]).await;
    assert!(
        matches!(written, Err(Error::Unavailable { .. })),
        "{written:?}"
    );
    let read = store.get(&key("shop", "a")).await;
    assert!(matches!(read, Err(Error::Unavailable { .. })), "{read:?}");
    assert_eq!(read.unwrap_err().http_code(), 503);
    // and when it is back, nothing acknowledged is lost and the watch goes on.
    server.run();
    assert!(store.get(&key("shop", "a")).await.unwrap().is_some());
    let other = PostgresStore::open(database.options()).await.unwrap();
    let version = other.commit(vec![change()]).await.unwrap()[0].resource_version;
    let event = soon(watch.next()).await.unwrap();
    assert_eq!(event.resource_version, version);
    // The store does not wait for its dead connections.
    store.shutdown().await;
    other.shutdown().await;
}
