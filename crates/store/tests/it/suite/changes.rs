use kubescape_store::{Change, Error, Expect};

use crate::engines::{Engine, Settings};
use crate::help::{create, delete, draft, key, update};

on_every_engine!(
    versions_rise_by_one_a_change_whatever_changes,
    what_was_written_is_read,
    a_name_is_taken_once_and_free_again_after_deletion,
    stale_writers_are_refused_and_change_nothing,
    several_changes_happen_all_or_none,
);

async fn versions_rise_by_one_a_change_whatever_changes(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let first = create(&*store, "shop", "a", &[]).await;
    assert_eq!(create(&*store, "web", "b", &[]).await, first + 1);
    assert_eq!(update(&*store, "a", &[], "{}").await, first + 2);
    assert_eq!(delete(&*store, "a").await, first + 3);
    assert_eq!(store.resource_version().await.unwrap(), first + 3);
}

async fn what_was_written_is_read(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let version = create(&*store, "shop", "a", &[("app", "cart")]).await;
    let object = store.get(&key("shop", "a")).await.unwrap().unwrap();
    assert_eq!(object.meta.resource_version, version);
    assert_eq!(object.meta.labels["app"], "cart");
    assert_eq!(object.body.as_deref(), Some(br#"{"spec":1}"#.as_slice()));
    assert!(store.metadata(&key("shop", "b")).await.unwrap().is_none());
    assert!(store.get(&key("web", "a")).await.unwrap().is_none());
}

async fn a_name_is_taken_once_and_free_again_after_deletion(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    create(&*store, "shop", "a", &[]).await;
    let again = store
        .commit(vec![Change::Create(draft("shop", "a", &[], "{}"))])
        .await;
    assert!(
        matches!(again, Err(Error::AlreadyExists { .. })),
        "{again:?}"
    );
    delete(&*store, "a").await;
    create(&*store, "shop", "a", &[]).await;
}

async fn stale_writers_are_refused_and_change_nothing(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let first = create(&*store, "shop", "a", &[]).await;
    let second = update(&*store, "a", &[], r#"{"spec":2}"#).await;
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

async fn several_changes_happen_all_or_none(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let before = create(&*store, "shop", "a", &[]).await;
    let changes = vec![
        Change::Create(draft("shop", "b", &[], "{}")),
        Change::Create(draft("shop", "a", &[], "{}")),
    ];
    assert!(store.commit(changes).await.is_err());
    assert!(store.metadata(&key("shop", "b")).await.unwrap().is_none());
    assert_eq!(store.resource_version().await.unwrap(), before);
}
