//! Lanes and memory. (storage reference, section 13)

use std::time::Duration;

use kubescape_storage::{Room, Settings};
use serde_json::json;

use crate::golden;
use crate::harness::{ROOT, World, whole, world_with};
use crate::objects::{NEIGHBORS, SBOMS, SUMMARIES, neighbors, sbom, summary};

fn narrow(change: impl FnOnce(&mut Room)) -> World {
    let mut room = Room {
        patience: Duration::from_millis(20),
        ..Room::default()
    };
    change(&mut room);
    world_with(
        Settings {
            room,
            ..Settings::default()
        },
        |_| {},
        None,
    )
}

#[tokio::test]
async fn a_full_heavy_lane_leaves_everything_else_alone() {
    let world = narrow(|room| (room.at_once[1], room.waiting[1]) = (1, 0));
    for at in 0..4 {
        world
            .post(SBOMS, &sbom(&format!("image-{at}"), 12_000))
            .await
            .fine();
    }
    let heavy = format!("{SBOMS}?resourceVersion=fullSpec");
    // A client that takes its time.
    let slow = world.ask("GET", &heavy).start().await;
    for path in [heavy.clone(), format!("{SBOMS}/image-0")] {
        let refused = world.get(&path).await;
        refused.failed(429, "TooManyRequests");
        assert_eq!(refused.header("retry-after"), "1");
        golden::answer("status/too-many-requests", &refused);
    }
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    world.get(SUMMARIES).await.fine();
    world.get(SBOMS).await.fine();
    world
        .get(&format!("{SBOMS}/image-0?resourceVersion=metadata"))
        .await
        .fine();
    world.get(ROOT).await.fine();
    assert_eq!(world.get("/livez").await.code, 200);
    let all = whole(slow).await.fine();
    assert_eq!(all["items"].as_array().unwrap().len(), 4);
    world.get(&format!("{SBOMS}/image-0")).await.fine();
}

#[tokio::test]
async fn watches_have_a_lane_of_their_own() {
    let world = narrow(|room| room.at_once[3] = 1);
    let path = format!("{SUMMARIES}?watch=true&resourceVersion=0");
    let watch = world.watch(&path).await;
    world.get(&path).await.failed(429, "TooManyRequests");
    world.get(SUMMARIES).await.fine();
    drop(watch);
}

#[tokio::test]
async fn a_body_that_finds_no_memory_is_told_to_come_back() {
    let world = narrow(|room| room.bytes = 3 << 20);
    world.post(SBOMS, &sbom("image", 3_000)).await.fine();
    // An answer that is not taken keeps its memory.
    let path = format!("{SBOMS}/image");
    let mut slow = Vec::new();
    let refused = loop {
        let response = world.ask("GET", &path).start().await;
        if response.status() != 200 {
            break whole(response).await;
        }
        slow.push(response);
        assert!(slow.len() < 50, "memory has no end");
    };
    refused.failed(429, "TooManyRequests");
    // Light reads need none.
    world.get(SBOMS).await.fine();
    drop(slow);
    world.get(&path).await.fine();
    // So does the answer to a write.
    let mut slow = Vec::new();
    let object = sbom("other", 3_000);
    loop {
        let path = format!("{SBOMS}?dryRun=All");
        let response = world.ask("POST", &path).json(&object).start().await;
        if response.status() == 429 {
            break;
        }
        assert_eq!(response.status(), 201);
        slow.push(response);
        assert!(slow.len() < 50, "memory has no end");
    }
}

#[tokio::test]
async fn small_writes_pass_while_a_large_body_comes_slowly() {
    use futures_util::StreamExt as _;
    use http_body::Frame;
    let world = narrow(|room| room.bytes = 3 << 20);
    // One megabyte has come, and then nothing more.
    let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(Frame::data(
        bytes::Bytes::from(vec![b' '; 1 << 20]),
    ))]);
    let body = http_body_util::StreamBody::new(begun.chain(futures_util::stream::pending()));
    let request = world
        .ask("POST", SBOMS)
        .header("content-type", "application/json")
        .request(Box::pin(body));
    let server = world.server.clone();
    let slow = tokio::spawn(async move { server.answer(request, &crate::harness::admin()).await });
    world
        .post(NEIGHBORS, &neighbors("deployment-cart", &[]))
        .await
        .fine();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    world
        .patch(
            "merge",
            &format!("{SUMMARIES}/a"),
            &json!({"metadata": {"labels": {"a": "b"}}}),
        )
        .await
        .fine();
    slow.abort();
}

/// Watches of whole heavy objects share the memory: none is missed for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_watches_of_large_bodies_take_turns() {
    let world = narrow(|room| room.bytes = 6 << 20);
    let mut watches = Vec::new();
    for _ in 0..8 {
        let path = format!("{SBOMS}?watch=true&resourceVersion=fullSpec");
        watches.push(world.watch(&path).await);
    }
    for at in 0..3 {
        let object = sbom(&format!("image-{at}"), 6_000);
        world.post(SBOMS, &object).await.fine();
    }
    let read = watches.into_iter().map(|mut watch| async move {
        for at in 0..3 {
            let event = watch.event().await.unwrap();
            assert_eq!(event["type"], "ADDED", "{event}");
            assert_eq!(event["object"]["metadata"]["name"], format!("image-{at}"));
        }
    });
    futures_util::future::join_all(read).await;
}
