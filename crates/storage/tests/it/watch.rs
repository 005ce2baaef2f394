//! WATCH. (storage reference, section 6)

use std::collections::BTreeMap;
use std::time::Duration;

use kubescape_runtime::Phase;
use kubescape_storage::Settings;
use kubescape_store::Store as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::golden;
use crate::harness::{Answer, is, version_of, world, world_with};
use crate::objects::{SBOMS, SUMMARIES, labelled, sbom, summary};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

fn high(count: u64) -> Value {
    json!({"spec": {"severities": {"high": count}}})
}

#[tokio::test]
async fn a_watch_goes_on_from_any_version() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let start = world.version().await;
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let middle = version_of(&world.patch("merge", &path, &high(2)).await.fine());
    let from = async |version: u64| {
        world
            .watch(&format!("{SUMMARIES}?watch=true&resourceVersion={version}"))
            .await
    };
    let (mut old, mut new) = (from(start.max(1)).await, from(middle).await);
    world.delete(&path).await.fine();
    if start > 0 {
        assert_eq!(old.brief().await, is("ADDED", "a"));
    }
    assert_eq!(old.brief().await, is("MODIFIED", "a"));
    assert_eq!(old.brief().await, is("DELETED", "a"));
    let gone = new.event().await.unwrap();
    assert_eq!(gone["type"], "DELETED");
    assert_eq!(version_of(&gone["object"]), middle + 1);
    assert_eq!(
        gone["object"]["spec"]["severities"]["high"], 2,
        "its last state"
    );
}

#[tokio::test]
async fn events_come_in_every_shape() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let version = regex::Regex::new(r#""resourceVersion":"\d+""#).unwrap();
    for (name, accept) in [
        ("watch", "application/json"),
        ("watch-table", TABLE),
        ("watch-metadata", METADATA),
    ] {
        let path = format!("{SUMMARIES}?watch=true&allowWatchBookmarks=true");
        let start = format!("{path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        let ask = world.ask("GET", &start).header("accept", accept);
        let (head, mut watch) = ask.watch_with_head().await;
        let mut lines = vec![watch.line().await.unwrap(), watch.line().await.unwrap()];
        assert!(lines[1].contains("k8s.io/initial-events-end"));
        let one = format!("{SUMMARIES}/b");
        world.post(SUMMARIES, &summary("b", 1)).await.fine();
        world.patch("merge", &one, &high(5)).await.fine();
        world.delete(&one).await.fine();
        for _ in 0..3 {
            lines.push(watch.line().await.unwrap());
        }
        // The bookmark at the end of another that has nothing else to say.
        let now = world.version().await;
        let last = format!("{path}&resourceVersion={now}&timeoutSeconds=1");
        let ask = world.ask("GET", &last).header("accept", accept);
        lines.extend(ask.await_answer().await.text.lines().map(str::to_owned));
        // Versions differ from round to round.
        let text = lines.join("\n");
        let text = version.replace_all(&text, r#""resourceVersion":"N""#);
        let text = text.into_owned();
        golden::answer(name, &Answer { text, ..head });
    }
}

#[tokio::test]
async fn a_watch_from_nowhere_begins_with_what_is_there() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    for version in ["", "&resourceVersion=0"] {
        let mut watch = world
            .watch(&format!("{SUMMARIES}?watch=true{version}"))
            .await;
        assert_eq!(watch.brief().await, is("ADDED", "a"));
    }
    let path =
        format!("{SUMMARIES}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
    let mut watch = world.watch(&path).await;
    // Seen only if it was open before.
    while opened_watchers(&world).await < 1 {
        tokio::task::yield_now().await;
    }
    world.post(SUMMARIES, &summary("b", 1)).await.fine();
    assert_eq!(watch.brief().await, is("ADDED", "b"));
}

async fn opened_watchers(world: &crate::harness::World) -> u64 {
    world.store.usage().await.unwrap().watchers
}

#[tokio::test]
async fn initial_events_end_with_a_bookmark() {
    let world = world();
    for name in ["a", "b"] {
        world.post(SUMMARIES, &summary(name, 1)).await.fine();
    }
    let path = format!(
        "{SUMMARIES}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let mut watch = world.watch(&path).await;
    assert_eq!(watch.brief().await, is("ADDED", "a"));
    assert_eq!(watch.brief().await, is("ADDED", "b"));
    let end = watch.event().await.unwrap();
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(
        end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    assert_eq!(version_of(&end["object"]), world.version().await);
    world.post(SUMMARIES, &summary("c", 1)).await.fine();
    assert_eq!(watch.brief().await, is("ADDED", "c"));
    let bad = world
        .get(&format!("{SUMMARIES}?watch=true&sendInitialEvents=true"))
        .await;
    golden::answer("status/initial-events-without-match", &bad);
    let future = world.get(&format!("{path}&resourceVersion=1000")).await;
    future.failed(504, "Timeout");
}

#[tokio::test]
async fn selectors_turn_changes_into_arrivals_and_departures() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let from = version_of(
        &world
            .post(
                SUMMARIES,
                &labelled(summary("a", 1), &json!({"team": "red"})),
            )
            .await
            .fine(),
    );
    let mut blue = world
        .watch(&format!(
            "{SUMMARIES}?watch=true&resourceVersion={from}&labelSelector=team%3Dblue"
        ))
        .await;
    let mut red = world
        .watch(&format!(
            "{SUMMARIES}?watch=true&resourceVersion={from}&labelSelector=team%3Dred"
        ))
        .await;
    let team = |name: &str| json!({"metadata": {"labels": {"team": name}}});
    let turned = world.patch("merge", &path, &team("blue")).await.fine();
    world.patch("merge", &path, &high(7)).await.fine();
    world.patch("merge", &path, &team("red")).await.fine();
    assert_eq!(blue.brief().await, is("ADDED", "a"));
    assert_eq!(blue.brief().await, is("MODIFIED", "a"));
    assert_eq!(blue.brief().await, is("DELETED", "a"));
    let left = red.event().await.unwrap();
    assert_eq!(left["type"], "DELETED");
    assert_eq!(
        left["object"]["metadata"]["labels"]["team"], "red",
        "as it was when it fitted"
    );
    assert_eq!(version_of(&left["object"]), version_of(&turned));
    assert_eq!(red.brief().await, is("ADDED", "a"));
}

#[tokio::test]
async fn names_and_namespaces_are_kept_apart() {
    let world = world();
    let other = "namespaces/other/workloadconfigurationscansummaries";
    let all = "workloadconfigurationscansummaries";
    let from = version_of(&world.post(SUMMARIES, &summary("z", 1)).await.fine());
    let start = format!("watch=true&resourceVersion={from}");
    let mut shop = world.watch(&format!("{SUMMARIES}?{start}")).await;
    let mut named = world
        .watch(&format!("{all}?{start}&fieldSelector=metadata.name%3Db"))
        .await;
    let mut every = world.watch(&format!("{all}?{start}")).await;
    // Of another kind.
    world.post(SBOMS, &sbom("image", 1)).await.fine();
    world.post(other, &summary("a", 1)).await.fine();
    world.post(SUMMARIES, &summary("b", 1)).await.fine();
    assert_eq!(shop.brief().await, is("ADDED", "b"));
    assert_eq!(named.brief().await, is("ADDED", "b"));
    assert_eq!(every.brief().await, is("ADDED", "a"));
    assert_eq!(every.brief().await, is("ADDED", "b"));
}

/// Access was granted to one object: only that one may be seen.
#[tokio::test]
async fn the_old_form_of_a_watch_shows_the_object_of_its_path_only() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    world.post(SUMMARIES, &summary("b", 1)).await.fine();
    let from = world.version().await;
    let mut one = world
        .watch(&format!("watch/{SUMMARIES}/b?resourceVersion={from}"))
        .await;
    let mut all = world.watch(&format!("watch/{SUMMARIES}")).await;
    world
        .patch("merge", &format!("{SUMMARIES}/a"), &high(2))
        .await
        .fine();
    world
        .patch("merge", &format!("{SUMMARIES}/b"), &high(2))
        .await
        .fine();
    assert_eq!(one.brief().await, is("MODIFIED", "b"));
    assert_eq!(all.brief().await, is("ADDED", "a"));
}

#[tokio::test]
async fn heavy_kinds_are_watched_without_spec_unless_asked_for() {
    let world = world();
    let from = version_of(&world.post(SUMMARIES, &summary("z", 1)).await.fine());
    let mut light = world
        .watch(&format!("{SBOMS}?watch=true&resourceVersion={from}"))
        .await;
    let mut full = world
        .watch(&format!("{SBOMS}?watch=true&resourceVersion=fullSpec"))
        .await;
    world.post(SBOMS, &sbom("image", 900)).await.fine();
    assert!(light.event().await.unwrap()["object"].get("spec").is_none());
    let event = full.event().await.unwrap();
    assert_eq!(
        event["object"],
        world.get(&format!("{SBOMS}/image")).await.fine()
    );
    world.delete(&format!("{SBOMS}/image")).await.fine();
    assert_eq!(full.brief().await, is("DELETED", "image"));
}

#[tokio::test]
async fn a_version_that_is_gone_is_an_error_event() {
    let world = world();
    let old = version_of(&world.post(SUMMARIES, &summary("a", 1)).await.fine());
    for name in ["b", "c"] {
        world.post(SUMMARIES, &summary(name, 1)).await.fine();
    }
    world.store.compact(world.version().await).await.unwrap();
    let watch = world.ask(
        "GET",
        &format!("{SUMMARIES}?watch=true&resourceVersion={old}"),
    );
    golden::answer("watch-expired", &watch.await_answer().await);
    // So is one that never came: the store was restored.
    let watch = world.ask(
        "GET",
        &format!("{SUMMARIES}?watch=true&resourceVersion=1000"),
    );
    let answer = watch.await_answer().await;
    assert_eq!(answer.json()["object"]["code"], 410);
}

#[tokio::test]
async fn quiet_watches_get_bookmarks() {
    let settings = Settings {
        bookmarks: Duration::from_millis(20),
        ..Settings::default()
    };
    let world = world_with(settings, |_| {}, None);
    let from = version_of(&world.post(SUMMARIES, &summary("a", 1)).await.fine());
    let path = format!("{SUMMARIES}?watch=true&resourceVersion={from}");
    let mut watch = world
        .watch(&format!("{path}&allowWatchBookmarks=true"))
        .await;
    // Of another kind: the watch says nothing of it, its bookmarks do.
    let now = version_of(&world.post(SBOMS, &sbom("image", 1)).await.fine());
    loop {
        let event = watch.event().await.unwrap();
        assert_eq!(event["type"], "BOOKMARK");
        if version_of(&event["object"]) == now {
            break;
        }
    }
    // Who does not want them gets none.
    let mut without = world.watch(&format!("{path}&timeoutSeconds=1")).await;
    assert_eq!(without.all().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_watch_ends_in_time_with_a_last_bookmark() {
    let world = world();
    let from = version_of(&world.post(SUMMARIES, &summary("a", 1)).await.fine());
    let path = format!(
        "{SUMMARIES}?watch=true&resourceVersion={from}&allowWatchBookmarks=true&timeoutSeconds=1"
    );
    let events = world.watch(&path).await.all().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "BOOKMARK");
}

#[tokio::test]
async fn all_watches_end_when_the_server_does() {
    let world = world();
    let from = version_of(&world.post(SUMMARIES, &summary("a", 1)).await.fine());
    let mut watch = world
        .watch(&format!("{SUMMARIES}?watch=true&resourceVersion={from}"))
        .await;
    world.shutdown.advance(Phase::Draining);
    assert_eq!(watch.all().await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_does_not_read_is_dropped() {
    let settings = Settings {
        patience: Duration::from_millis(50),
        ..Settings::default()
    };
    let world = world_with(settings, |_| {}, None);
    let from = version_of(&world.post(SUMMARIES, &summary("a", 1)).await.fine());
    let mut watch = world
        .watch(&format!("{SUMMARIES}?watch=true&resourceVersion={from}"))
        .await;
    let mut writes = 0;
    while writes < 4 || opened_watchers(&world).await > 0 {
        writes += 1;
        assert!(writes < 10_000, "it was never dropped");
        world
            .patch("merge", &format!("{SUMMARIES}/a"), &high(writes + 1))
            .await
            .fine();
    }
    // What waited for the client, and then the end.
    assert!((watch.all().await.len() as u64) < writes);
}

/// Whoever folds the events has, to the byte, what a LIST says.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn folded_events_are_the_list() {
    #[derive(serde::Deserialize)]
    struct Event {
        r#type: String,
        object: Box<RawValue>,
    }
    #[derive(serde::Deserialize)]
    struct List {
        items: Vec<Box<RawValue>>,
    }
    let world = std::sync::Arc::new(world());
    world.post(SUMMARIES, &summary("n-0", 1)).await.fine();
    let mut watch = world.watch(&format!("{SUMMARIES}?watch=true")).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4_u64 {
        let world = world.clone();
        writers.spawn(async move {
            for step in 0..60_u64 {
                let name = format!("n-{}", (writer * 7 + step * 3) % 11);
                let path = format!("{SUMMARIES}/{name}");
                match step % 4 {
                    0 => drop(world.delete(&path).await),
                    1 => drop(world.post(SUMMARIES, &summary(&name, step)).await),
                    _ => drop(world.patch("merge", &path, &high(step + writer)).await),
                }
            }
        });
    }
    writers.join_all().await;
    world.post(SUMMARIES, &summary("the-end", 1)).await.fine();
    let (mut folded, mut last) = (BTreeMap::new(), 0);
    loop {
        let event: Event = serde_json::from_str(&watch.line().await.unwrap()).unwrap();
        let object: Value = serde_json::from_str(event.object.get()).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        assert!(version_of(&object) > last, "in order, none twice");
        last = version_of(&object);
        let known = folded.contains_key(&name);
        assert_eq!(known, event.r#type != "ADDED", "{} {name}", event.r#type);
        if event.r#type == "DELETED" {
            folded.remove(&name);
        } else {
            folded.insert(name.clone(), event.object.get().to_owned());
        }
        if name == "the-end" {
            break;
        }
    }
    let list = world.get(SUMMARIES).await;
    let list: List = serde_json::from_str(&list.text).unwrap();
    let listed: Vec<&str> = list.items.iter().map(|item| item.get()).collect();
    assert_eq!(folded.values().collect::<Vec<_>>(), listed);
}

/// A watch that begins with the present objects says of them what a LIST says.
#[tokio::test]
async fn initial_events_are_the_list_when_there_are_many_pages() {
    let world = world();
    for at in 0..3 {
        let namespace = format!("namespaces/n{at}/workloadconfigurationscansummaries");
        for name in 0..250 {
            world
                .post(&namespace, &summary(&format!("s-{name:03}"), 1))
                .await
                .fine();
        }
    }
    let all = "workloadconfigurationscansummaries";
    let mut watch = world
        .watch(&format!(
            "{all}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true"
        ))
        .await;
    let events = watch.all().await;
    let objects: Vec<&Value> = events
        .iter()
        .filter(|one| one["type"] == "ADDED")
        .map(|one| &one["object"])
        .collect();
    let list = world.get(all).await.fine();
    assert_eq!(
        objects,
        list["items"].as_array().unwrap().iter().collect::<Vec<_>>()
    );
}
