//! How it is with one result, at each moment of its life.

use kubescape_sink::{Change, Coverage, Fate, Limits};

use crate::memory::{Mood, World, key, result, world};

fn fate(world: &World, name: &str, digest: &str) -> Fate {
    world.writer.standing(&key(name), digest).fate
}

async fn put(world: &World, name: &str, digest: &str) {
    let change = Change::Put(result(name, digest));
    world.writer.apply(vec![change]).await;
}

#[tokio::test(start_paused = true)]
async fn a_result_waits_is_stored_replaced_and_removed() {
    let world = world(Limits::default());
    assert_eq!(fate(&world, "a", "1"), Fate::Unread);
    put(&world, "a", "1").await;
    assert_eq!(fate(&world, "a", "1"), Fate::Waiting);
    world.writer.idle().await;
    assert_eq!(fate(&world, "a", "1"), Fate::Stored);
    assert_eq!(fate(&world, "a", "2"), Fate::Another);
    assert_eq!(fate(&world, "b", "1"), Fate::Nothing);
    world.writer.full().finish(Coverage::Complete).await;
    assert_eq!(fate(&world, "a", "1"), Fate::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_until_the_object_is_offered_again() {
    let limits = Limits {
        refused: 1,
        ..Limits::default()
    };
    let world = world(limits);
    for name in ["a", "b"] {
        world.store.inner().refuses.insert(name.to_owned());
        put(&world, name, "1").await;
        world.writer.idle().await;
    }
    let refused = Fate::Refused("422: it is not taken".to_owned());
    assert_eq!(fate(&world, "a", "1"), refused);
    // Of more than that the log tells.
    assert_eq!(fate(&world, "b", "1"), Fate::Nothing);
    world.store.inner().refuses.clear();
    put(&world, "a", "1").await;
    world.writer.idle().await;
    assert_eq!(fate(&world, "a", "1"), Fate::Stored);
}

#[tokio::test(start_paused = true)]
async fn while_the_storage_is_away_it_is_said_since_when() {
    let limits = Limits {
        pending: 1,
        ..Limits::default()
    };
    let world = world(limits);
    put(&world, "a", "1").await;
    world.writer.idle().await;
    assert_eq!(world.writer.standing(&key("a"), "1").away, None);
    world.store.mood(Mood::Away);
    // The pass ends when it is known that nobody answers.
    let full = world.writer.full();
    full.offer(result("a", "2")).await;
    full.finish(Coverage::Nothing).await;
    put(&world, "b", "1").await;
    tokio::time::advance(std::time::Duration::from_secs(7)).await;
    let standing = world.writer.standing(&key("b"), "1");
    assert_eq!((standing.fate, standing.pending), (Fate::Forgotten, 1));
    let (since, why) = standing.away.unwrap();
    assert!(
        since.as_secs() >= 7 && why.contains("not now"),
        "{since:?} {why}"
    );
}
