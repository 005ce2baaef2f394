//! The operator in a real cluster: kube-apiserver and the controllers of Kubernetes,
//! with stand-ins for the scanners.
//!
//! Runs when the programs are there or may be built: with `KUBESCAPE_TEST_CLUSTER=1` or
//! `KUBESCAPE_TEST_BINARIES=DIR`. The stories share one control plane;
//! `cargo test -p kubescape-operator --test cluster -- NAME` runs one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and say why they do not run"
)]

#[path = "../common/mod.rs"]
mod common;
mod cronjobs;
mod faults;
mod idle;
mod images;
mod leaders;
mod orders;
mod platform;
mod sequences;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Conclusion, Trial};
use world::World;

/// A story and its name.
type Story = (&'static str, fn(&World));

const STORIES: &[Story] = &[
    ("cronjobs_are_set_changed_and_removed", cronjobs::lived),
    ("cronjobs_of_others_are_left_alone", cronjobs::others),
    ("cronjobs_are_made_whole_or_not_at_all", cronjobs::halves),
    ("registries_keep_passwords_in_secrets", cronjobs::registries),
    ("scopes_reach_each_workload_once", images::scoped),
    ("scopes_are_read_page_by_page", images::pages),
    ("new_images_are_scanned", images::new),
    ("two_operators_have_one_leader", leaders::one),
    ("objects_are_carried_out", orders::carried_out),
    (
        "objects_of_an_operator_that_was_killed_get_an_end",
        orders::orphaned,
    ),
    (
        "a_schedule_is_created_for_the_dashboard",
        sequences::created,
    ),
    (
        "a_schedule_without_template_leaves_nothing",
        sequences::without_template,
    ),
    ("recurring_scans_run_as_jobs", sequences::recurring),
    (
        "scans_that_fail_are_reported_as_failures",
        sequences::failing,
    ),
    ("an_api_server_that_restarts_costs_nothing", faults::restart),
    ("a_leader_that_is_killed_is_replaced", faults::killed),
    ("an_idle_operator_is_idle", idle::idle),
];

fn main() -> ExitCode {
    let wanted = |name: &str| std::env::var_os(name).is_some();
    if !wanted("KUBESCAPE_TEST_CLUSTER") && !wanted("KUBESCAPE_TEST_BINARIES") {
        println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
        return ExitCode::SUCCESS;
    }
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
