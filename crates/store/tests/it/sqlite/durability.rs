//! Restarts, backups, many writers.

use std::fs;

use kubescape_store::{Change, Filter, Query, Store};

use super::{new_store, open};
use crate::help::{create, draft, key};

#[tokio::test]
async fn a_store_that_is_opened_again_goes_on_where_it_was() {
    let (store, folder) = new_store();
    let version = create(&store, "shop", "a", &[]).await;
    store.close();
    drop(store);
    let store = open(folder.path());
    assert!(store.recovery().is_none());
    assert_eq!(
        store
            .metadata(&key("shop", "a"))
            .await
            .unwrap()
            .unwrap()
            .resource_version,
        version
    );
    assert!(create(&store, "shop", "b", &[]).await > version);
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn many_writers_side_by_side_lose_nothing() {
    let (store, _folder) = new_store();
    let store = std::sync::Arc::new(store);
    let writers: Vec<_> = (0..50)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let draft = draft("shop", &format!("n{number}"), &[], "{}");
                store.commit(vec![Change::Create(draft)]).await.unwrap()[0].resource_version
            })
        })
        .collect();
    let mut versions = Vec::new();
    for writer in writers {
        versions.push(writer.await.unwrap());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 50);
    let page = store
        .list(&Query::new(Filter::all("things"), 100))
        .await
        .unwrap();
    assert_eq!(page.items.len(), 50);
}

#[tokio::test]
async fn a_backup_is_a_store() {
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    store.backup(copy.join("store.db")).await.unwrap();
    let copied = open(&copy);
    assert!(copied.get(&key("shop", "a")).await.unwrap().is_some());
    copied.close();
    drop(copied);

    // Put back, it goes on beyond what was there, so that no watcher is deceived.
    create(&store, "shop", "b", &[]).await;
    let newest = store.resource_version().await.unwrap();
    store.close();
    drop(store);
    let path = folder.path().join("store.db");
    let kept = kubescape_store::sqlite::restore(&copy.join("store.db"), &path).unwrap();
    assert!(kept.is_some_and(|kept| kept.exists()));
    let store = open(folder.path());
    assert!(store.metadata(&key("shop", "b")).await.unwrap().is_none());
    assert!(store.resource_version().await.unwrap() > newest);
}
