use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use kubescape_store::{Change, Filter, Query, SqliteStore, Store};

use crate::help::{create, draft, key, new_store, open, options};

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

#[tokio::test]
async fn a_file_that_is_no_database_is_put_aside_and_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store.db"), vec![0x5a; 100_000]).unwrap();
    let store = SqliteStore::open(options(folder.path())).unwrap();
    assert!(store.recovery().is_some());
    create(&store, "shop", "a", &[]).await;
    let kept = fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
    assert!(
        kept.into_iter()
            .any(|entry| entry.metadata().is_ok_and(|about| about.len() == 100_000))
    );
}

/// Not a test of its own: what [`a_killed_writer_loses_nothing_acknowledged`]
/// kills. Writes until then, and says what was acknowledged.
#[tokio::test]
async fn the_writing_child() {
    let Some(folder) = std::env::var_os("KUBESCAPE_STORE_CHILD") else {
        return;
    };
    let store = open(folder.as_ref());
    let start = store.resource_version().await.unwrap();
    for number in 0.. {
        let name = format!("n{start}-{number}");
        let body = format!(r#"{{"name":"{name}","pad":"{}"}}"#, "x".repeat(4_000));
        let created = store
            .commit(vec![Change::Create(draft("shop", &name, &[], &body))])
            .await;
        println!("\nack {name} {}", created.unwrap()[0].resource_version);
    }
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_acknowledged() {
    let rounds = std::env::var("KUBESCAPE_STORE_KILLS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(String, u64)> = Vec::new();
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "durability::the_writing_child", "--nocapture"])
            .env("KUBESCAPE_STORE_CHILD", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acks = lines.map_while(Result::ok).filter_map(|line| {
            let mut words = line.strip_prefix("ack ")?.split(' ').map(str::to_owned);
            Some((words.next()?, words.next()?.parse().ok()?))
        });
        acknowledged.extend(acks.take(1 + round % 17));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = open(folder.path());
    assert!(store.recovery().is_none());
    let versions: Vec<_> = acknowledged.iter().map(|(_, version)| *version).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    for (name, version) in &acknowledged {
        let object = store.get(&key("shop", name)).await.unwrap().unwrap();
        assert_eq!(object.meta.resource_version, *version);
        assert!(
            object
                .body
                .unwrap()
                .starts_with(format!(r#"{{"name":"{name}""#).as_bytes())
        );
    }
    assert!(store.check().await.unwrap().is_empty());
}
