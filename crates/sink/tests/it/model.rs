//! Whatever happens in between, in the end exactly what was offered last is stored,
//! and nothing was written that was known to be stored.

use std::collections::BTreeMap;

use kubescape_sink::{Change, Coverage, Limits};
use proptest::prelude::*;

use crate::memory::{Mood, World, key, result, world};

#[derive(Clone, Debug)]
enum Step {
    Pass(BTreeMap<String, String>, bool),
    Put(String, String),
    Delete(String),
    Mood(Mood),
    /// Somebody else removes, or makes.
    Lose(String),
    Make(String),
    Refresh,
    Wait,
}

fn name() -> impl Strategy<Value = String> {
    "[a-e]s?"
}

fn digest() -> impl Strategy<Value = String> {
    "[1-3]"
}

fn step() -> impl Strategy<Value = Step> {
    let moods = prop_oneof![
        Just(Mood::Fine),
        Just(Mood::Away),
        Just(Mood::Busy),
        Just(Mood::Moody)
    ];
    prop_oneof![
        3 => (prop::collection::btree_map(name(), digest(), 0..8), any::<bool>())
            .prop_map(|(all, complete)| Step::Pass(all, complete)),
        4 => (name(), digest()).prop_map(|(name, digest)| Step::Put(name, digest)),
        2 => name().prop_map(Step::Delete),
        2 => moods.prop_map(Step::Mood),
        1 => name().prop_map(Step::Lose),
        1 => name().prop_map(Step::Make),
        1 => Just(Step::Refresh),
        1 => Just(Step::Wait),
    ]
}

type Model = BTreeMap<String, String>;

async fn pass(world: &World, all: &Model, coverage: Coverage) -> bool {
    let full = world.writer.full();
    for (name, digest) in all {
        full.offer(result(name, digest)).await;
    }
    full.finish(coverage).await.sweep_pending
}

async fn play(steps: Vec<Step>, limits: Limits) {
    let world = world(limits);
    let mut model = Model::new();
    let mut sweeps = false;
    for step in steps {
        match step {
            Step::Pass(all, true) => {
                sweeps = pass(&world, &all, Coverage::Complete).await;
                model = all;
            }
            Step::Pass(all, false) => {
                // Another pass before the last could end takes its place.
                if sweeps {
                    world.store.mood(Mood::Fine);
                    world.writer.idle().await;
                }
                sweeps = pass(&world, &all, Coverage::Nothing).await;
                model.extend(all);
            }
            Step::Put(name, digest) => {
                world
                    .writer
                    .apply(vec![Change::Put(result(&name, &digest))])
                    .await;
                model.insert(name, digest);
            }
            Step::Delete(name) => {
                world.writer.apply(vec![Change::Delete(key(&name))]).await;
                model.remove(&name);
            }
            Step::Mood(mood) => world.store.mood(mood),
            Step::Lose(name) => {
                world.store.inner().objects.remove(&key(&name));
            }
            Step::Make(name) => {
                world.store.inner().objects.insert(key(&name), None);
            }
            Step::Refresh => world.writer.refresh(),
            Step::Wait => tokio::time::sleep(std::time::Duration::from_secs(3)).await,
        }
        assert!(
            world.writer.pending() <= limits.pending + 10,
            "room is bounded"
        );
    }
    world.store.mood(Mood::Fine);
    world.writer.refresh();
    world.writer.idle().await;
    // What was lost, and what found no room, is offered again.
    world.writer.take_stale();
    pass(&world, &model, Coverage::Complete).await;
    assert_eq!(world.store.names(), model);
    let writes = world.store.inner().writes;
    pass(&world, &model, Coverage::Complete).await;
    assert_eq!(world.store.inner().writes, writes, "nothing changed");
    assert!(world.writer.take_stale().is_empty());
}

/// Like `play`, by results alone, with nobody else about: then what is asked for again
/// has to be enough.
async fn play_alone(steps: Vec<Step>, limits: Limits) {
    let world = world(limits);
    let mut model = Model::new();
    for step in steps {
        match step {
            Step::Put(name, digest) => {
                world
                    .writer
                    .apply(vec![Change::Put(result(&name, &digest))])
                    .await;
                model.insert(name, digest);
            }
            Step::Delete(name) => {
                world.writer.apply(vec![Change::Delete(key(&name))]).await;
                model.remove(&name);
            }
            Step::Mood(mood) => world.store.mood(mood),
            Step::Wait => tokio::time::sleep(std::time::Duration::from_secs(3)).await,
            _ => {}
        }
    }
    world.store.mood(Mood::Fine);
    world.writer.idle().await;
    loop {
        let stale = world.writer.take_stale();
        if stale.is_empty() {
            break;
        }
        assert!(!stale.all, "there is room for all names");
        for key in stale.keys {
            world
                .writer
                .apply(vec![match model.get(&*key.name) {
                    Some(digest) => Change::Put(result(&key.name, digest)),
                    None => Change::Delete(key),
                }])
                .await;
        }
        world.writer.idle().await;
    }
    assert_eq!(world.store.names(), model);
    assert_eq!(world.store.inner().needless, 0);
}

fn run(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        // Virtual: a story that hangs fails.
        let day = std::time::Duration::from_hours(12);
        tokio::time::timeout(day, story).await.unwrap();
    });
}

fn limits() -> impl Strategy<Value = Limits> {
    (1_usize..4, 1_usize..6).prop_map(|(in_flight, pending)| Limits {
        in_flight,
        pending,
        ..Limits::default()
    })
}

proptest! {
    #[test]
    fn in_the_end_what_was_offered_last_is_stored(
        steps in prop::collection::vec(step(), 0..40), limits in limits(),
    ) {
        run(play(steps, limits));
    }

    #[test]
    fn alone_nothing_is_lost_and_nothing_written_twice(
        steps in prop::collection::vec(step(), 0..60), limits in limits(),
    ) {
        run(play_alone(steps, limits));
    }
}
