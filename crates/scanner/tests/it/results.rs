//! Results on disk, and who may have them how long.

use std::sync::Arc;

use crate::world::{object, world, world_with};

#[tokio::test]
async fn a_restart_finds_results_and_forgets_half_ones() {
    let first = world([]);
    let id = first.start("{}").await;
    let report = first.end_of(&id).await;
    assert_eq!(report.code, 200);
    let folder = first.stop().await;
    std::fs::write(folder.path().join("results/.x.new"), "{\"half").unwrap();
    let second = world_with([], &[], Vec::new(), folder);
    // Also without its ID: it is the latest.
    let again = second.get("/v1/results?keep=true").await;
    assert_eq!(again.text, report.text);
    assert_eq!(
        second.get(&format!("/v1/status?id={id}")).await.json()["type"],
        "notBusy"
    );
    assert!(!second.folder.path().join("results/.x.new").exists());
}

#[tokio::test]
async fn a_result_goes_when_it_was_fetched_unless_it_is_kept() {
    let world = world([]);
    let kept = world.post("/v1/scan?wait=true&keep=true", "{}").await;
    let id = kept.id();
    let path = format!("/v1/results?id={id}");
    assert_eq!(
        world.get(&format!("{path}&keep=true")).await.text,
        kept.text
    );
    assert_eq!(world.ask("HEAD", &path, "", &[]).await.code, 200);
    assert_eq!(world.get(&path).await.text, kept.text);
    assert_eq!(world.get(&path).await.code, 204);
    // One that was waited for goes with the answer.
    world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(world.role.results(), (0, 0));
}

#[tokio::test]
async fn results_can_be_removed_one_by_one_or_all() {
    let world = world([]);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let id = world.start(&object(name)).await;
        world.end_of(&id).await;
        ids.push(id);
    }
    let one = world.delete(&format!("/v1/results?id={}", ids[0])).await;
    assert_eq!(one.said(), "1 result removed");
    assert_eq!(world.end_of(&ids[0]).await.code, 204);
    assert_eq!(world.end_of(&ids[1]).await.code, 200);
    let all = world.delete("/v1/results?all=true").await;
    assert_eq!(all.said(), "2 results removed");
    assert_eq!(world.role.results(), (0, 0));
}

#[tokio::test]
async fn the_oldest_results_make_room() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let world = world_with([], &[("KS_RESULTS_MAX_COUNT", "2")], Vec::new(), folder);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let id = world.start(&object(name)).await;
        world.end_of(&id).await;
        ids.push(id);
    }
    assert_eq!(world.end_of(&ids[0]).await.code, 204);
    assert_eq!(world.end_of(&ids[2]).await.code, 200);
    assert_eq!(world.role.results().0, 2);
}

#[tokio::test]
async fn a_result_that_is_too_large_is_said_in_the_answer() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let env = [("KS_RESULTS_MAX_BYTES", "1000")];
    let world = world_with([], &env, Vec::new(), folder);
    let answer = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(answer.code, 500);
    assert!(
        answer.said().contains("KS_RESULTS_MAX_BYTES"),
        "{}",
        answer.said()
    );
    assert_eq!(world.get("/readyz/results").await.code, 200);
}

#[tokio::test]
async fn a_volume_that_takes_nothing_is_said_in_readiness_until_it_takes_something() {
    let world = world([]);
    let results = world.folder.path().join("results");
    std::fs::remove_dir(&results).unwrap();
    let answer = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(answer.code, 500);
    assert!(
        answer.said().contains("cannot be kept"),
        "{}",
        answer.said()
    );
    let ready = world.get("/readyz/results").await;
    assert_eq!(ready.code, 500);
    assert!(ready.text.contains("cannot be written"), "{}", ready.text);
    assert_eq!(world.get("/livez").await.code, 200);
    std::fs::create_dir(&results).unwrap();
    tokio::time::pause();
    // It tries by itself.
    while world.get("/readyz/results").await.code != 200 {
        tokio::time::advance(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_file_that_somebody_removed_is_no_result() {
    let world = world([]);
    let id = world.start("{}").await;
    world.end_of(&id).await;
    let file = world.folder.path().join(format!("results/{id}.json"));
    std::fs::remove_file(file).unwrap();
    assert_eq!(world.get("/v1/results").await.code, 204);
}
