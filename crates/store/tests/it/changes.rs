use kubescape_store::{Change, Error, Expect, Store};

use crate::help::{create, delete, draft, key, new_store, update};

#[tokio::test]
async fn versions_rise_by_one_a_change_whatever_changes() {
    let (store, _folder) = new_store();
    let first = create(&store, "shop", "a", &[]).await;
    assert_eq!(create(&store, "web", "b", &[]).await, first + 1);
    assert_eq!(update(&store, "a", &[], "{}").await, first + 2);
    assert_eq!(delete(&store, "a").await, first + 3);
    assert_eq!(store.resource_version().await.unwrap(), first + 3);
}

#[tokio::test]
async fn what_was_written_is_read() {
    let (store, _folder) = new_store();
    let version = create(&store, "shop", "a", &[("app", "cart")]).await;
    let object = store.get(&key("shop", "a")).await.unwrap().unwrap();
    assert_eq!(object.meta.resource_version, version);
    assert_eq!(object.meta.labels["app"], "cart");
    assert_eq!(object.body.as_deref(), Some(br#"{"spec":1}"#.as_slice()));
    assert!(store.metadata(&key("shop", "b")).await.unwrap().is_none());
    assert!(store.get(&key("web", "a")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_deletion() {
    let (store, _folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    let again = store
        .commit(vec![Change::Create(draft("shop", "a", &[], "{}"))])
        .await;
    assert!(
        matches!(again, Err(Error::AlreadyExists { .. })),
        "{again:?}"
    );
    delete(&store, "a").await;
    create(&store, "shop", "a", &[]).await;
}

#[tokio::test]
async fn stale_writers_are_refused_and_change_nothing() {
    let (store, _folder) = new_store();
    let first = create(&store, "shop", "a", &[]).await;
    let second = update(&store, "a", &[], r#"{"spec":2}"#).await;
    let stale = Change::Update(
        draft("shop", "a", &[], r#"{"spec":3}"#),
        Expect::version(first),
    );
    assert!(matches!(
        store.commit(vec![stale]).await,
        Err(Error::Conflict { .. })
    ));
    let gone = Change::Delete(key("shop", "b"), Expect::any());
    assert!(matches!(
        store.commit(vec![gone]).await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(store.resource_version().await.unwrap(), second);
    let body = store.get(&key("shop", "a")).await.unwrap().unwrap().body;
    assert_eq!(body.as_deref(), Some(br#"{"spec":2}"#.as_slice()));
}

#[tokio::test]
async fn several_changes_happen_all_or_none() {
    let (store, _folder) = new_store();
    let before = create(&store, "shop", "a", &[]).await;
    let changes = vec![
        Change::Create(draft("shop", "b", &[], "{}")),
        Change::Create(draft("shop", "a", &[], "{}")),
    ];
    assert!(store.commit(changes).await.is_err());
    assert!(store.metadata(&key("shop", "b")).await.unwrap().is_none());
    assert_eq!(store.resource_version().await.unwrap(), before);
}
