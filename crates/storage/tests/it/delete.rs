//! DELETE of one and of many. (storage reference, section 6)

use serde_json::json;

use crate::golden;
use crate::harness::{is, names, version_of, world};
use crate::objects::{SUMMARIES, labelled, summary};

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let world = world();
    let made = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    golden::answer("delete", &world.delete(&path).await);
    world.get(&path).await.failed(404, "NotFound");
    world.delete(&path).await.failed(404, "NotFound");
    assert_eq!(world.version().await, version_of(&made) + 1);
}

#[tokio::test]
async fn preconditions_hold() {
    let world = world();
    let made = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    let with = async |preconditions| {
        let body =
            json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions});
        world.ask("DELETE", &path).json(&body).await_answer().await
    };
    golden::answer(
        "status/precondition-uid",
        &with(json!({"uid": "other"})).await,
    );
    golden::answer(
        "status/precondition-version",
        &with(json!({"resourceVersion": "9"})).await,
    );
    let metadata = &made["metadata"];
    let right = json!({"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]});
    with(right).await.fine();
}

#[tokio::test]
async fn options_are_checked() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let path = format!("{SUMMARIES}/a");
    let both = world
        .delete(&format!(
            "{path}?propagationPolicy=Later&orphanDependents=true"
        ))
        .await;
    golden::answer("status/delete-options", &both);
    let ask = world.ask("DELETE", &path).json(&json!({"kind": "Pod"}));
    golden::answer("status/delete-kind", &ask.await_answer().await);
    let dry = world.delete(&format!("{path}?dryRun=All")).await;
    assert_eq!(dry.fine()["status"], "Success");
    world.get(&path).await.fine();
}

#[tokio::test]
async fn finalizers_hold_an_object_until_the_last_is_gone() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let mut object = summary("a", 1);
    object["metadata"]["finalizers"] = json!(["example.com/one", "example.com/two"]);
    let made = world.post(SUMMARIES, &object).await.fine();
    let from = format!(
        "{SUMMARIES}?watch=true&resourceVersion={}",
        version_of(&made)
    );
    let mut watch = world.watch(&from).await;

    let marked = world.delete(&path).await;
    golden::answer("delete-marked", &marked);
    let marked = marked.fine();
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    // Once more changes nothing.
    let again = world.delete(&path).await.fine();
    assert_eq!(version_of(&again), version_of(&marked));
    let added = world.patch("merge", &path, &json!({"metadata": {"finalizers": ["example.com/one", "example.com/two", "example.com/three"]}})).await;
    golden::answer("status/finalizer-added", &added);
    let revived = world
        .patch(
            "merge",
            &path,
            &json!({"metadata": {"deletionTimestamp": null}}),
        )
        .await;
    assert_eq!(
        revived.fine()["metadata"]["deletionTimestamp"],
        marked["metadata"]["deletionTimestamp"]
    );
    let one = world
        .patch(
            "merge",
            &path,
            &json!({"metadata": {"finalizers": ["example.com/two"]}}),
        )
        .await;
    assert!(one.fine()["metadata"]["deletionTimestamp"].is_string());
    world.get(&path).await.fine();
    let released = world
        .patch("merge", &path, &json!({"metadata": {"finalizers": null}}))
        .await;
    golden::answer("delete-released", &released);
    world.get(&path).await.failed(404, "NotFound");

    assert_eq!(watch.brief().await, is("MODIFIED", "a"));
    assert_eq!(watch.brief().await, is("MODIFIED", "a"));
    let gone = watch.event().await.unwrap();
    assert_eq!(gone["type"], "DELETED");
    assert_eq!(version_of(&gone["object"]), world.version().await);
}

#[tokio::test]
async fn dependents_are_left_to_the_garbage_collector() {
    let world = world();
    for (policy, finalizer) in [("Orphan", "orphan"), ("Foreground", "foregroundDeletion")] {
        world.post(SUMMARIES, &summary("a", 1)).await.fine();
        let path = format!("{SUMMARIES}/a");
        let waits = world
            .delete(&format!("{path}?propagationPolicy={policy}"))
            .await
            .fine();
        assert_eq!(waits["metadata"]["finalizers"], json!([finalizer]));
        let released = json!({"metadata": {"finalizers": []}});
        world.patch("merge", &path, &released).await.fine();
        world.get(&path).await.failed(404, "NotFound");
    }
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let at_once = world
        .delete(&format!("{SUMMARIES}/a?propagationPolicy=Background"))
        .await;
    assert_eq!(at_once.fine()["status"], "Success");
}

#[tokio::test]
async fn many_are_deleted_by_selector_within_their_namespace() {
    let world = world();
    for at in 0..150 {
        let team = json!({"team": if at % 3 == 0 { "red" } else { "blue" }});
        world
            .post(
                SUMMARIES,
                &labelled(summary(&format!("s-{at:03}"), 1), &team),
            )
            .await
            .fine();
    }
    let other = "namespaces/other/workloadconfigurationscansummaries";
    world
        .post(other, &labelled(summary("s", 1), &json!({"team": "blue"})))
        .await
        .fine();
    let dry = world
        .delete(&format!("{SUMMARIES}?labelSelector=team%3Dblue&dryRun=All"))
        .await;
    dry.fine();
    assert_eq!(names(&world.get(SUMMARIES).await.fine()).len(), 150);
    let done = world
        .delete(&format!("{SUMMARIES}?labelSelector=team%3Dblue"))
        .await;
    golden::answer("delete-collection", &done);
    assert_eq!(names(&world.get(SUMMARIES).await.fine()).len(), 50);
    assert_eq!(names(&world.get(other).await.fine()).len(), 1);
    let across = world.delete("workloadconfigurationscansummaries").await;
    across.failed(405, "MethodNotAllowed");
    golden::answer("status/method-not-allowed", &across);
    let one = world
        .delete(&format!("{SUMMARIES}?fieldSelector=metadata.name%3Ds-000"))
        .await;
    one.fine();
    assert_eq!(names(&world.get(SUMMARIES).await.fine()).len(), 49);
}

#[tokio::test]
async fn without_a_garbage_collector_nothing_waits_for_it() {
    let settings = kubescape_storage::Settings {
        garbage_collected: false,
        ..kubescape_storage::Settings::default()
    };
    let world = crate::harness::world_with(settings, |_| {}, None);
    for policy in ["Orphan", "Foreground", "Background"] {
        world.post(SUMMARIES, &summary("a", 1)).await.fine();
        let path = format!("{SUMMARIES}/a?propagationPolicy={policy}");
        world.delete(&path).await.fine();
        world
            .get(&format!("{SUMMARIES}/a"))
            .await
            .failed(404, "NotFound");
    }
}
