//! Stores and objects to try.

use std::path::Path;

use bytes::Bytes;
use kubescape_store::{Change, Draft, Expect, Key, SqliteOptions, SqliteStore, Store};
use tempfile::TempDir;

/// A new store in a folder of its own.
pub(crate) fn new_store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()), folder)
}

pub(crate) fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(options(folder)).unwrap()
}

pub(crate) fn options(folder: &Path) -> SqliteOptions {
    SqliteOptions {
        reserve: 0,
        ..SqliteOptions::new(folder.join("store.db"))
    }
}

pub(crate) fn key(namespace: &str, name: &str) -> Key {
    Key::new("things", namespace, name)
}

pub(crate) fn draft(namespace: &str, name: &str, labels: &[(&str, &str)], body: &str) -> Draft {
    Draft {
        key: key(namespace, name),
        uid: format!("uid-{namespace}-{name}"),
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        created: 1_767_323_045,
        generation: 1,
        deleting: None,
        finalizers: false,
        metadata: format!(r#"{{"name":"{name}"}}"#),
        columns: "{}".to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// Makes one object and gives its version.
pub(crate) async fn create(
    store: &SqliteStore,
    namespace: &str,
    name: &str,
    labels: &[(&str, &str)],
) -> u64 {
    let draft = draft(namespace, name, labels, r#"{"spec":1}"#);
    store.commit(vec![Change::Create(draft)]).await.unwrap()[0].resource_version
}

/// Replaces its body and gives the new version.
pub(crate) async fn update(
    store: &SqliteStore,
    name: &str,
    labels: &[(&str, &str)],
    body: &str,
) -> u64 {
    let draft = draft("shop", name, labels, body);
    store
        .commit(vec![Change::Update(draft, Expect::any())])
        .await
        .unwrap()[0]
        .resource_version
}

pub(crate) async fn delete(store: &SqliteStore, name: &str) -> u64 {
    let change = Change::Delete(key("shop", name), Expect::any());
    store.commit(vec![change]).await.unwrap()[0].resource_version
}
