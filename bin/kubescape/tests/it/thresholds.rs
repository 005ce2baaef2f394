//! Thresholds and their exit codes.

use crate::program::{BAD_POD, World};

#[test]
fn findings_alone_change_nothing() {
    World::new(&[("pod.yaml", BAD_POD)])
        .run(&["scan", "pod.yaml"])
        .expect(0, &["C-0057"]);
}

#[test]
fn each_threshold_breaks_with_a_message_after_the_report() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    for (flag, value, message) in [
        ("--compliance-threshold", "100", "compliance"),
        (
            "--severity-threshold",
            "high",
            "of severity High or above failed",
        ),
        ("--fail-threshold", "0", "risk"),
    ] {
        world
            .run(&["scan", "pod.yaml", flag, value])
            .expect(1, &["C-0057", "threshold broken", message]);
    }
    // As reports write it.
    world
        .run(&["scan", "pod.yaml", "--severity-threshold", "High"])
        .expect(1, &["threshold broken"]);
    world
        .run(&["scan", "pod.yaml", "--severity-threshold", "critical"])
        .expect(0, &["C-0057"]);
    world
        .run(&["scan", "pod.yaml", "--compliance-threshold", "1"])
        .expect(0, &["C-0057"]);
}

#[test]
fn a_broken_threshold_counts_for_more_than_unreadable_input() {
    let world = World::new(&[("pod.yaml", BAD_POD), ("bad.yaml", "a: [")]);
    world.run(&["scan", "."]).expect(3, &["Partial"]);
    world
        .run(&["scan", ".", "--severity-threshold", "low"])
        .expect(1, &["Partial"]);
}

#[test]
fn thresholds_out_of_range_are_refused() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    for value in ["101", "-1", "many", "NaN"] {
        let argument = format!("--compliance-threshold={value}");
        world
            .run(&["scan", "pod.yaml", &argument])
            .expect(2, &["--compliance-threshold"]);
    }
    world
        .run(&["scan", "pod.yaml", "--severity-threshold", "hgih"])
        .expect(2, &["possible values"]);
}
