//! PUT. (storage reference, section 6)

use serde_json::{Value, json};

use crate::golden;
use crate::harness::{is, version_of, world};
use crate::objects::{SUMMARIES, summary};

#[tokio::test]
async fn an_update_has_the_next_version_and_counts_the_generation() {
    let world = world();
    let mut object = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    object["spec"]["severities"]["high"] = 7.into();
    let answer = world.put(&path, &object).await;
    golden::answer("update", &answer);
    let new = answer.fine();
    assert_eq!(version_of(&new), version_of(&object) + 1);
    assert_eq!(new["metadata"]["generation"], 2);
    // Labels are no new generation.
    let mut object = new;
    object["metadata"]["labels"] = json!({"a": "b"});
    assert_eq!(
        world.put(&path, &object).await.fine()["metadata"]["generation"],
        2
    );
}

#[tokio::test]
async fn an_old_version_loses() {
    let world = world();
    let old = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    let mut mine = old.clone();
    mine["spec"]["severities"]["high"] = 2.into();
    world.put(&path, &mine).await.fine();
    let mut late = old.clone();
    late["spec"]["severities"]["low"] = 9.into();
    let answer = world.put(&path, &late).await;
    answer.failed(409, "Conflict");
    golden::answer("status/conflict", &answer);
    // A version that never was is as old.
    late["metadata"]["resourceVersion"] = "nonsense".into();
    world.put(&path, &late).await.failed(409, "Conflict");
}

#[tokio::test]
async fn an_update_needs_a_version_and_an_object() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let answer = world.put(&format!("{SUMMARIES}/a"), &summary("a", 2)).await;
    answer.failed(422, "Invalid");
    golden::answer("status/update-without-version", &answer);
    let answer = world
        .put(&format!("{SUMMARIES}/none"), &summary("none", 2))
        .await;
    answer.failed(404, "NotFound");
    golden::answer("status/not-found", &answer);
    let answer = world.put(&format!("{SUMMARIES}/a"), &summary("b", 2)).await;
    golden::answer("status/other-name", &answer);
}

#[tokio::test]
async fn another_object_of_the_same_name_is_not_updated() {
    let world = world();
    let first = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    world.delete(&path).await.fine();
    let second = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let mut object = first.clone();
    object["metadata"]["resourceVersion"] = second["metadata"]["resourceVersion"].clone();
    let answer = world.put(&path, &object).await;
    answer.failed(409, "Conflict");
    golden::answer("status/conflict-uid", &answer);
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_silent() {
    let world = world();
    let object = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    let before = world.version().await;
    let from = format!("{SUMMARIES}?watch=true&resourceVersion={before}");
    let mut watch = world.watch(&from).await;
    assert_eq!(world.put(&path, &object).await.fine(), object);
    for kind in ["merge", "strategic"] {
        let same = json!({"spec": {"severities": {"high": 1}}});
        assert_eq!(world.patch(kind, &path, &same).await.fine(), object);
    }
    let none = world
        .patch(
            "json",
            &path,
            &json!([{"op": "test", "path": "/spec/severities/high", "value": 1}]),
        )
        .await;
    assert_eq!(none.fine(), object);
    assert_eq!(world.version().await, before, "no version is used up");
    // The first event is about the next object.
    world.post(SUMMARIES, &summary("b", 1)).await.fine();
    assert_eq!(watch.brief().await, is("ADDED", "b"));
}

#[tokio::test]
async fn a_dry_run_of_an_update_stores_nothing() {
    let world = world();
    let mut object = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    object["spec"]["severities"]["high"] = 2.into();
    let path = format!("{SUMMARIES}/a?dryRun=All");
    let answer = world.put(&path, &object).await;
    golden::answer("update-dry-run", &answer);
    let patched = world
        .patch(
            "merge",
            &path,
            &json!({"spec": {"severities": {"high": 3}}}),
        )
        .await;
    assert_eq!(patched.fine()["spec"]["severities"]["high"], 3);
    let read = world.get(&format!("{SUMMARIES}/a")).await.fine();
    assert_eq!(read["spec"]["severities"]["high"], 1);
    assert_eq!(world.version().await, version_of(&read));
}

/// Of writers who all read before they write, each count is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_who_heed_conflicts_lose_nothing() {
    let world = std::sync::Arc::new(world());
    world.post(SUMMARIES, &summary("a", 0)).await.fine();
    let path = format!("{SUMMARIES}/a");
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (world, path) = (world.clone(), path.clone());
        writers.spawn(async move {
            for _ in 0..10 {
                loop {
                    let mut object: Value = world.get(&path).await.fine();
                    let count = object["spec"]["severities"]["high"].as_u64().unwrap();
                    object["spec"]["severities"]["high"] = (count + 1).into();
                    let answer = world.put(&path, &object).await;
                    if answer.code == 200 {
                        break;
                    }
                    answer.failed(409, "Conflict");
                }
            }
        });
    }
    writers.join_all().await;
    let read = world.get(&path).await.fine();
    assert_eq!(read["spec"]["severities"]["high"], 80);
    assert_eq!(read["metadata"]["generation"], 81);
}
