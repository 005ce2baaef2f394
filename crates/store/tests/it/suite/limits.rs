//! Budgets, sizes, pins, compaction.

use std::time::Duration;

use kubescape_store::{
    At, Budget, Budgets, Change, Error, Expect, Filter, Key, Lister, Query, Retention, WatchLimits,
};

use crate::engines::{Engine, Settings};
use crate::help::{create, delete, draft, key, noise, soon, update};

on_every_engine!(
    a_budget_refuses_what_grows_and_says_so,
    a_budget_of_bytes_counts_what_is_stored,
    a_body_above_the_limit_is_refused,
    a_list_that_is_read_slowly_keeps_its_state,
    compaction_keeps_what_is_current,
    a_watcher_that_sleeps_for_too_long_is_dropped,
    odd_texts_are_kept_or_refused_and_harm_no_other,
);

async fn a_budget_refuses_what_grows_and_says_so(engine: Engine) {
    // Given a budget of two objects
    let two = Budget {
        objects: Some(2),
        bytes: None,
    };
    let settings = Settings {
        budgets: Budgets {
            resources: [("things".to_owned(), two)].into(),
            ..Budgets::default()
        },
        ..Settings::default()
    };
    let opened = engine.open(&settings).await;
    let store = opened.store();
    create(&*store, "shop", "a", &[]).await;
    create(&*store, "shop", "b", &[]).await;
    // When a third comes, then it is refused and the usage says why.
    let third = || vec![Change::Create(draft("shop", "c", &[], "{}"))];
    let refused = store.commit(third()).await;
    assert!(
        matches!(
            refused,
            Err(Error::OverBudget {
                limit: 2,
                used: 2,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(refused.unwrap_err().http_code(), 507);
    assert!(store.usage().await.unwrap().resources["things"].over());
    // Updates and deletions go on, other resources too, and there is room again.
    update(&*store, "a", &[], "{}").await;
    let mut other = draft("shop", "c", &[], "{}");
    other.key = Key::new("others", "shop", "c");
    store.commit(vec![Change::Create(other)]).await.unwrap();
    delete(&*store, "b").await;
    store.commit(third()).await.unwrap();
    // It counts on after a restart.
    opened.close().await;
    let opened = engine.open(&settings).await;
    let store = opened.store();
    let fourth = Change::Create(draft("shop", "d", &[], "{}"));
    assert!(matches!(
        store.commit(vec![fourth]).await,
        Err(Error::OverBudget { .. })
    ));
}

async fn a_budget_of_bytes_counts_what_is_stored(engine: Engine) {
    let settings = Settings {
        budgets: Budgets {
            default: Budget {
                objects: None,
                bytes: Some(30_000),
            },
            ..Budgets::default()
        },
        ..Settings::default()
    };
    let opened = engine.open(&settings).await;
    let store = opened.store();
    create(&*store, "shop", "a", &[]).await;
    update(&*store, "a", &[], &noise(1, 20_000)).await;
    let grow = |seed, bytes| {
        let draft = draft("shop", "a", &[], &noise(seed, bytes));
        store.commit(vec![Change::Update(draft, Expect::any())])
    };
    let refused = grow(2, 60_000).await;
    assert!(
        matches!(refused, Err(Error::OverBudget { unit: "bytes", .. })),
        "{refused:?}"
    );
    grow(3, 10_000).await.unwrap();
    let usage = store.usage().await.unwrap().resources["things"].clone();
    assert_eq!((usage.objects, usage.raw_bytes), (1, 10_000));
    assert!(usage.bytes < 10_000 && usage.bytes > 5_000, "{usage:?}");
}

async fn a_body_above_the_limit_is_refused(engine: Engine) {
    let settings = Settings {
        max_body: Some(1000),
        ..Settings::default()
    };
    let opened = engine.open(&settings).await;
    let store = opened.store();
    let large = draft("shop", "a", &[], &"x".repeat(1001));
    let refused = store.commit(vec![Change::Create(large)]).await;
    assert!(matches!(
        refused,
        Err(Error::TooLarge {
            size: 1001,
            limit: 1000,
            ..
        })
    ));
}

async fn a_list_that_is_read_slowly_keeps_its_state(engine: Engine) {
    // Given thirty objects and a list of seven a page
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    for number in 0..30 {
        create(&*store, "shop", &format!("n{number:02}"), &[]).await;
    }
    let query = Query::new(Filter::all("things"), 7);
    let mut list = Lister::start(store.clone(), query).await.unwrap();
    let mut seen = 0;
    // When everything is compacted between the rows
    while let Some(object) = list.next().await.unwrap() {
        assert_eq!(object.meta.key.name, format!("n{seen:02}"));
        assert!(object.meta.resource_version <= list.resource_version());
        seen += 1;
        update(&*store, "n29", &[], "{}").await;
        store.compact(u64::MAX).await.unwrap();
    }
    // Then it was one state all along.
    assert_eq!(seen, 30);
}

async fn compaction_keeps_what_is_current(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let first = create(&*store, "shop", "a", &[("app", "cart")]).await;
    for round in 0..10 {
        update(&*store, "a", &[("app", "cart")], &noise(round, 1000)).await;
    }
    create(&*store, "shop", "b", &[]).await;
    let end = delete(&*store, "b").await;
    let old = store.pin(first, Duration::ZERO).await;
    assert!(old.is_ok());
    assert_eq!(store.compact(end).await.unwrap(), end);
    let usage = store.usage().await.unwrap();
    assert_eq!((usage.compacted, usage.history_bytes), (end, 0));
    assert_eq!(usage.resources["things"].objects, 1);
    let body = store.get(&key("shop", "a")).await.unwrap().unwrap().body;
    assert_eq!(body.unwrap(), noise(9, 1000).as_bytes());
    let query = Query {
        at: At::Version(end - 1),
        ..Query::new(Filter::all("things"), 10)
    };
    let past = store.list(&query).await;
    assert!(matches!(past, Err(Error::Compacted { .. })), "{past:?}");
    assert_eq!(past.unwrap_err().http_code(), 410);
    assert!(store.check().await.unwrap().is_empty());
}

async fn a_watcher_that_sleeps_for_too_long_is_dropped(engine: Engine) {
    // Given a watcher that has seen everything, and may be ten changes behind
    let settings = Settings {
        watch: WatchLimits {
            events: 4,
            lag: 10,
            ..WatchLimits::default()
        },
        retention: Retention::default(),
        ..Settings::default()
    };
    let opened = engine.open(&settings).await;
    let store = opened.store();
    let start = create(&*store, "shop", "a", &[]).await;
    let mut watch = store
        .subscribe(Filter::all("things"), start - 1)
        .await
        .unwrap();
    soon(watch.next()).await.unwrap();
    // It is up to date once it waits.
    let waits = tokio::time::timeout(Duration::from_millis(20), watch.next()).await;
    assert!(waits.is_err());
    // When thirty changes pass it, as another watcher can tell
    let mut other = store.subscribe(Filter::all("things"), start).await.unwrap();
    for _ in 0..30 {
        update(&*store, "a", &[], "{}").await;
        soon(other.next()).await.unwrap();
    }
    // Then it is dropped, and told from where it may go on.
    let dropped = soon(watch.next()).await;
    assert!(
        matches!(dropped, Err(Error::TooSlow { position, .. }) if position == start),
        "{dropped:?}"
    );
}

async fn odd_texts_are_kept_or_refused_and_harm_no_other(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    let long = "l".repeat(4000);
    let odd = [
        ("zero\0name", "v"),
        ("quote'\"\\name", "v"),
        ("long", long.as_str()),
        ("übergröße", "\u{1F980}"),
    ];
    let mut waiting = Vec::new();
    for (name, label) in odd {
        let store = store.clone();
        let change = Change::Create(draft("shop", name, &[("l", label)], "{}"));
        waiting.push(tokio::spawn(
            async move { store.commit(vec![change]).await },
        ));
    }
    for number in 0..10 {
        create(&*store, "shop", &format!("plain{number}"), &[]).await;
    }
    for (done, (name, label)) in waiting.into_iter().zip(odd) {
        let found = store.metadata(&key("shop", name)).await;
        match done.await.unwrap() {
            Ok(made) => {
                let found = found.unwrap().unwrap();
                assert_eq!(found.resource_version, made[0].resource_version);
                assert_eq!(found.labels["l"], label);
            }
            Err(error) => assert!(matches!(error, Error::Internal(_)), "{error:?}"),
        }
    }
}
