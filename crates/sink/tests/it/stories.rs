//! What the writer does with a storage that is well, away, busy or picky.

use std::sync::Arc;

use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::{Health, Shutdown};
use kubescape_sink::{Change, Coverage, Limits, Report, StoreError};

use crate::memory::{Mood, World, begin, key, result, world};

async fn pass(world: &World, results: &[(&str, &str)], coverage: Coverage) -> Report {
    let full = world.writer.full();
    for (name, digest) in results {
        full.offer(result(name, digest)).await;
    }
    full.finish(coverage).await
}

fn stored(world: &World) -> Vec<(String, String)> {
    world.store.names().into_iter().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, digest): &(&str, &str)| ((*name).to_owned(), (*digest).to_owned());
    pairs.iter().map(own).collect()
}

#[tokio::test(start_paused = true)]
async fn a_pass_writes_what_changed_and_removes_what_is_gone() {
    let world = world(Limits::default());
    let first = [("a", "1"), ("b", "1"), ("as", "1")];
    let report = pass(&world, &first, Coverage::Complete).await;
    assert_eq!(
        (report.written, report.unchanged, report.deleted),
        (3, 0, 0)
    );

    let report = pass(&world, &[("a", "1"), ("as", "2")], Coverage::Complete).await;
    assert_eq!(
        (report.written, report.unchanged, report.deleted),
        (1, 1, 1)
    );
    assert_eq!(stored(&world), pairs(&[("a", "1"), ("as", "2")]));
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_is_repeated_asks_for_nothing_even_by_a_new_writer() {
    let world = world(Limits::default());
    let results = [("a", "1"), ("b", "1")];
    pass(&world, &results, Coverage::Complete).await;
    let requests = world.store.inner().requests;
    let report = pass(&world, &results, Coverage::Complete).await;
    assert_eq!((report.written, report.unchanged), (0, 2));
    assert_eq!(world.store.inner().requests, requests);

    let again = begin(Arc::clone(&world.store), Limits::default());
    let report = pass(&again, &results, Coverage::Complete).await;
    assert_eq!((report.written, report.unchanged), (0, 2));
    assert_eq!(world.store.inner().writes, 2);
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_pass_removes_only_what_it_covers() {
    let world = world(Limits::default());
    let all = [("a", "1"), ("b", "1"), ("c", "1")];
    pass(&world, &all, Coverage::Complete).await;
    pass(&world, &[("a", "1")], Coverage::Nothing).await;
    assert_eq!(stored(&world).len(), 3);
    let only = Coverage::Only(Arc::new(|row| &*row.key.name == "b"));
    pass(&world, &[("a", "1")], only).await;
    assert_eq!(stored(&world), pairs(&[("a", "1"), ("c", "1")]));
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_was_dropped_removes_nothing() {
    let world = world(Limits::default());
    pass(&world, &[("a", "1"), ("b", "1")], Coverage::Complete).await;
    let full = world.writer.full();
    full.offer(result("a", "2")).await;
    drop(full);
    world.writer.idle().await;
    assert_eq!(stored(&world), pairs(&[("a", "2"), ("b", "1")]));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_fails_or_panics_holds_up_nobody() {
    let world = world(Limits::default());
    {
        let mut inner = world.store.inner();
        inner.refuses.insert("b".to_owned());
        inner.fails.insert("c".to_owned());
        inner.panics.insert("d".to_owned());
    }
    let all = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")];
    let report = pass(&world, &all, Coverage::Complete).await;
    assert_eq!((report.written, report.pending), (2, 0));
    let mut refused: Vec<_> = report.refused.into_iter().collect();
    refused.sort_by(|one, other| one.key.cmp(&other.key));
    let names: Vec<_> = refused.iter().map(|refusal| &*refusal.key.name).collect();
    assert_eq!(names, ["b", "c", "d"]);
    assert_eq!(refused[0].why, "422: it is not taken");
    assert_eq!(stored(&world), pairs(&[("a", "1"), ("e", "1")]));
    let (told, more) = world.writer.take_refused();
    assert_eq!((told.len(), more), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn what_the_storage_misses_is_kept_and_the_newest_is_written() {
    let world = world(Limits::default());
    pass(&world, &[("a", "1"), ("b", "1")], Coverage::Complete).await;
    let health = Health::new(Shutdown::never());
    world.writer.check(&health);
    world.store.mood(Mood::Away);
    let report = pass(&world, &[("a", "2")], Coverage::Complete).await;
    assert_eq!((report.pending, report.sweep_pending), (1, true));
    assert!(!health.is_ready());
    let said = health.answer("/readyz/result-store", None).unwrap().body;
    assert!(said.contains("not now; 1 wait"), "{said}");
    for digest in ["3", "4", "5"] {
        world
            .writer
            .apply(vec![Change::Put(result("a", digest))])
            .await;
    }
    let writes = world.store.inner().writes;
    world.store.mood(Mood::Fine);
    world.writer.idle().await;
    assert_eq!(stored(&world), pairs(&[("a", "5")]), "and b was removed");
    assert_eq!(world.store.inner().writes, writes + 2);
    assert!(health.is_ready());
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_while_the_storage_is_away_is_asked_for_again() {
    let limits = Limits {
        pending: 2,
        stale: 2,
        ..Limits::default()
    };
    let world = world(limits);
    world.writer.idle().await;
    world.store.mood(Mood::Away);
    for name in ["a", "b", "c", "d"] {
        world
            .writer
            .apply(vec![Change::Put(result(name, "1"))])
            .await;
    }
    assert!(
        world.writer.take_stale().is_empty(),
        "nobody could take it now"
    );
    world.store.mood(Mood::Fine);
    let stale = world.writer.stale().await;
    assert_eq!((stale.keys, stale.all), (vec![key("c"), key("d")], false));

    world.writer.idle().await;
    world.store.mood(Mood::Away);
    for name in ["e", "f", "g", "h", "i"] {
        world
            .writer
            .apply(vec![Change::Put(result(name, "1"))])
            .await;
    }
    world.store.mood(Mood::Fine);
    assert!(world.writer.stale().await.all, "too many to name them");
}

#[tokio::test(start_paused = true)]
async fn a_busy_storage_is_left_alone_for_as_long_as_it_says() {
    let world = world(Limits::default());
    world.writer.idle().await;
    world.store.mood(Mood::Busy);
    let lists = world.store.inner().lists;
    let begun = tokio::time::Instant::now();
    world
        .writer
        .apply(vec![Change::Put(result("a", "1"))])
        .await;
    while world.store.inner().requests == 2 {
        tokio::task::yield_now().await;
    }
    world.store.mood(Mood::Fine);
    world.writer.idle().await;
    assert!(begun.elapsed().as_secs() >= 2, "virtual time");
    assert_eq!(world.store.inner().lists, lists, "it forgot nothing");
}

#[tokio::test(start_paused = true)]
async fn results_that_others_removed_are_made_again() {
    let world = world(Limits::default());
    pass(&world, &[("a", "1"), ("b", "1")], Coverage::Complete).await;
    world.store.inner().objects.remove(&key("a"));
    world.writer.refresh();
    assert!(world.writer.stale().await.all);
    pass(&world, &[("a", "1"), ("b", "1")], Coverage::Complete).await;
    assert_eq!(stored(&world), pairs(&[("a", "1"), ("b", "1")]));

    // Met by chance, the other is found at once.
    world.store.inner().objects.clear();
    world
        .writer
        .apply(vec![Change::Put(result("a", "2"))])
        .await;
    assert!(world.writer.stale().await.all);
}

#[tokio::test(start_paused = true)]
async fn a_change_under_way_is_followed_by_the_newest_one_only() {
    let limits = Limits {
        in_flight: 1,
        ..Limits::default()
    };
    let world = world(limits);
    world.writer.idle().await;
    let changes = (1..=9).map(|digest| Change::Put(result("a", &digest.to_string())));
    let mut changes: Vec<_> = changes.collect();
    changes.push(Change::Delete(key("a")));
    changes.push(Change::Put(result("a", "10")));
    world.writer.apply(changes).await;
    world.writer.idle().await;
    assert_eq!(stored(&world), pairs(&[("a", "10")]));
    assert!(world.store.inner().writes <= 2);
}

#[tokio::test(start_paused = true)]
async fn it_counts_for_prometheus() {
    let world = world(Limits::default());
    let metrics = Metrics::new();
    world.writer.count(&metrics);
    pass(&world, &[("a", "1")], Coverage::Complete).await;
    pass(&world, &[("a", "1")], Coverage::Complete).await;
    let text = metrics.text();
    for line in [
        "written_total 1",
        "unchanged_total 1",
        "pending 0",
        "storage_away 0",
    ] {
        assert!(
            text.contains(&format!("\nkubescape_results_{line}\n")),
            "{text}"
        );
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let why = "it is not taken".to_owned();
    let error = StoreError::Refused { code: 422, why };
    assert_eq!(error.to_string(), "refused with 422: it is not taken");
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_is_back_is_noticed_though_nothing_is_to_be_written() {
    let limits = Limits {
        in_flight: 1,
        pending: 1,
        ..Limits::default()
    };
    let world = world(limits);
    world.writer.idle().await;
    world.store.mood(Mood::Away);
    // The second takes back the first, the third finds no room.
    world
        .writer
        .apply(vec![Change::Put(result("b", "1"))])
        .await;
    world
        .writer
        .apply(vec![Change::Put(result("a", "1"))])
        .await;
    world.writer.apply(vec![Change::Delete(key("b"))]).await;
    world.store.mood(Mood::Fine);
    assert_eq!(world.writer.stale().await.keys, [key("a")]);
}
