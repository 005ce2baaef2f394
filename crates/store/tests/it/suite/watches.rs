use kubescape_store::{Error, EventKind, Filter, Requirement, Selector};

use crate::engines::{Engine, Settings};
use crate::help::{create, delete, soon, update};

on_every_engine!(
    a_watch_sees_history_first_and_then_what_happens_each_once,
    a_selector_turns_changes_into_comings_and_goings,
    history_that_is_gone_is_refused,
);

async fn a_watch_sees_history_first_and_then_what_happens_each_once(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let start = create(&*store, "shop", "a", &[]).await;
    update(&*store, "a", &[], "{}").await;
    let mut watch = store.subscribe(Filter::all("things"), start).await.unwrap();
    create(&*store, "shop", "b", &[]).await;
    delete(&*store, "a").await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = soon(watch.next()).await.unwrap();
        seen.push((
            event.kind,
            event.object.key.name.clone(),
            event.resource_version - start,
        ));
    }
    assert_eq!(
        seen,
        [
            (EventKind::Modified, "a".to_owned(), 1),
            (EventKind::Added, "b".to_owned(), 2),
            (EventKind::Deleted, "a".to_owned(), 3),
        ]
    );
}

async fn a_selector_turns_changes_into_comings_and_goings(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let start = create(&*store, "shop", "a", &[("app", "cart")]).await;
    let requirement = Requirement::Equals("app".to_owned(), "cart".to_owned());
    let filter = Filter::all("things").labelled(Selector(vec![requirement]));
    let mut watch = store.subscribe(filter, start).await.unwrap();
    update(&*store, "a", &[("app", "mail")], "{}").await;
    create(&*store, "shop", "other", &[]).await;
    update(&*store, "a", &[("app", "cart")], "{}").await;
    let kinds = [
        soon(watch.next()).await.unwrap().kind,
        soon(watch.next()).await.unwrap().kind,
    ];
    assert_eq!(kinds, [EventKind::Deleted, EventKind::Added]);
}

async fn history_that_is_gone_is_refused(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let first = create(&*store, "shop", "a", &[]).await;
    for _ in 0..5 {
        update(&*store, "a", &[], "{}").await;
    }
    let now = store.resource_version().await.unwrap();
    store.compact(now).await.unwrap();
    let refused = store.subscribe(Filter::all("things"), first).await;
    assert!(matches!(refused, Err(Error::Compacted { .. })));
    let future = store.subscribe(Filter::all("things"), now + 10).await;
    assert!(matches!(future, Err(Error::FutureVersion { .. })));
    assert!(store.subscribe(Filter::all("things"), now).await.is_ok());
}
