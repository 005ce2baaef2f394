//! The storage role in a real cluster: behind kube-apiserver's aggregator, with
//! the controllers of Kubernetes, two kubectls and informers of client-go.
//!
//! Runs when the programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`. The stories run
//! one after another on one control plane; `cargo test -p kubescape-storage
//! --test cluster -- NAME` runs one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and say why they do not run"
)]

mod bouncer;
mod churn;
mod door;
mod garbage;
mod informers;
mod kubectl;
mod kubectl_stories;
mod namespaces;
mod patience;
mod quota;
mod server;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Conclusion, Trial};
use world::World;

/// A story and its name.
type Story = (&'static str, fn(&World));

const STORIES: &[Story] = &[
    ("kubectl_built", kubectl_stories::built),
    ("kubectl_of_another_version", kubectl_stories::other),
    ("kubectl_alone", kubectl_stories::alone),
    ("door_nobody_and_spoofed", door::nobody_and_spoofed),
    ("door_tokens", door::tokens),
    ("door_users_through_the_aggregator", door::users),
    ("door_rotation", door::rotation),
    ("garbage_background", garbage::background),
    ("garbage_foreground", garbage::foreground),
    ("garbage_orphan", garbage::orphan),
    ("garbage_ours_as_owner", garbage::ours_as_owner),
    ("namespace_goes", namespaces::goes),
    (
        "namespace_goes_when_storage_is_back",
        namespaces::goes_when_back,
    ),
    ("quota_up_down_restarting", quota::up_down_restarting),
    ("informers_with_watch_list", churn::with_watch_list),
    ("informers_without_watch_list", churn::without_watch_list),
    ("informers_after_compaction", churn::after_compaction),
    ("watches_miss_nothing", churn::watches_miss_nothing),
    ("ends_in_order", ends_in_order),
];

/// Told to end while it is watched, the server ends at once and well.
fn ends_in_order(world: &World) {
    let _watch = world.kubectl.follow(&["get", "knownservers", "-w"]);
    world.storage.stop();
    world.bring_back();
}

fn main() -> ExitCode {
    if std::env::var_os(server::SERVE).is_some() {
        return server::serve();
    }
    let wanted = |name: &str| std::env::var_os(name).is_some();
    if !wanted("KUBESCAPE_TEST_CLUSTER") && !wanted("KUBESCAPE_TEST_BINARIES") {
        println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
        return ExitCode::SUCCESS;
    }
    // One after another: many stories take the storage away.
    let arguments = Arguments {
        test_threads: Some(1),
        ..Arguments::from_args()
    };
    let world: Arc<OnceLock<World>> = Arc::default();
    let trials = STORIES.iter().map(|(name, story)| {
        let world = Arc::clone(&world);
        Trial::test(*name, move || {
            story(world.get_or_init(World::start));
            Ok(())
        })
    });
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials.collect());
    // Stops everything.
    drop(world);
    conclusion.exit_code()
}
