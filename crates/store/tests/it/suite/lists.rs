use kubescape_store::{At, Bodies, Filter, Query, Requirement, Selector};

use crate::engines::{Engine, Settings};
use crate::help::{create, delete, update};

on_every_engine!(
    lists_are_sorted_and_filtered_by_namespace_and_labels,
    pages_show_the_state_of_the_first_one,
    bodies_come_along_when_asked_for,
);

fn names(page: &kubescape_store::Page) -> Vec<String> {
    page.items
        .iter()
        .map(|object| format!("{}/{}", object.meta.key.namespace, object.meta.key.name))
        .collect()
}

async fn lists_are_sorted_and_filtered_by_namespace_and_labels(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    create(&*store, "web", "a", &[("app", "cart")]).await;
    create(&*store, "shop", "b", &[("app", "mail")]).await;
    create(&*store, "shop", "a", &[("app", "cart"), ("tier", "1")]).await;
    let all = store
        .list(&Query::new(Filter::all("things"), 10))
        .await
        .unwrap();
    assert_eq!(names(&all), ["shop/a", "shop/b", "web/a"]);
    let shop = Filter::all("things").in_namespace("shop");
    assert_eq!(
        names(&store.list(&Query::new(shop, 10)).await.unwrap()),
        ["shop/a", "shop/b"]
    );
    let equals = |key: &str, value: &str| Requirement::Equals(key.to_owned(), value.to_owned());
    for (requirements, expected) in [
        (vec![equals("app", "cart")], vec!["shop/a", "web/a"]),
        (vec![Requirement::Exists("tier".to_owned())], vec!["shop/a"]),
        (
            vec![
                Requirement::Missing("tier".to_owned()),
                equals("app", "cart"),
            ],
            vec!["web/a"],
        ),
        (
            vec![Requirement::NotEquals("app".to_owned(), "cart".to_owned())],
            vec!["shop/b"],
        ),
    ] {
        let filter = Filter::all("things").labelled(Selector(requirements));
        assert_eq!(
            names(&store.list(&Query::new(filter, 10)).await.unwrap()),
            expected
        );
    }
    assert!(
        store
            .list(&Query::new(Filter::all("others"), 10))
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

async fn pages_show_the_state_of_the_first_one(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    for name in ["a", "b", "c", "d", "e"] {
        create(&*store, "shop", name, &[]).await;
    }
    let mut query = Query::new(Filter::all("things"), 2);
    let first = store.list(&query).await.unwrap();
    assert_eq!(names(&first), ["shop/a", "shop/b"]);
    // Meanwhile the world goes on.
    delete(&*store, "c").await;
    create(&*store, "shop", "bb", &[]).await;
    update(&*store, "d", &[], "{}").await;
    let mut seen = names(&first);
    let mut next = first.next;
    while let Some(position) = next {
        query.at = At::After(position);
        let page = store.list(&query).await.unwrap();
        assert_eq!(page.resource_version, first.resource_version);
        seen.extend(names(&page));
        next = page.next;
    }
    assert_eq!(seen, ["shop/a", "shop/b", "shop/c", "shop/d", "shop/e"]);
}

async fn bodies_come_along_when_asked_for(engine: Engine) {
    let opened = engine.open(&Settings::default()).await;
    let store = opened.store();
    create(&*store, "shop", "a", &[]).await;
    let mut query = Query::new(Filter::all("things"), 10);
    assert!(store.list(&query).await.unwrap().items[0].body.is_none());
    query.bodies = Bodies::UpTo(1 << 20);
    assert!(store.list(&query).await.unwrap().items[0].body.is_some());
}
