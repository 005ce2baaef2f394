//! Everything but scanning.

use std::process::Command;

use serde_json::Value;

use crate::program::World;

#[test]
fn list_shows_frameworks_and_controls() {
    let world = World::new(&[]);
    world
        .run(&["list", "frameworks"])
        .expect(0, &["NSA", "cis-v1.12.0", "NSA@seed"]);
    world
        .run(&["list", "controls"])
        .expect(0, &["C-0016", "Allow privilege escalation"]);
    let run = world.run(&["list", "controls", "--format", "json"]);
    let list: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    assert!(
        list.iter()
            .all(|control| !control["description"].as_str().unwrap().is_empty())
    );
}

#[test]
fn explain_says_what_why_how_and_where() {
    let world = World::new(&[]);
    let run = world.run(&["explain", "c-0016"]);
    run.expect(
        0,
        &[
            "C-0016",
            "Severity Medium",
            "What and why",
            "How to fix",
            "allowPrivilegeEscalation: false",
            "NSA",
        ],
    );
    world
        .run(&["explain", "HostNetwork access"])
        .expect(0, &["C-0041"]);
    world
        .run(&["explain", "C-16"])
        .expect(2, &["there is no control \"C-16\""]);
}

#[test]
fn version_and_help() {
    let world = World::new(&[]);
    world
        .run(&["version"])
        .expect(0, &["kubescape ", "library ", "frameworks"]);
    for command in [
        &["--help"][..],
        &["scan", "--help"],
        &["rules", "test", "--help"],
        &["completion", "--help"],
    ] {
        world.run(command).expect(0, &["Example"]);
    }
    world.run(&[]).expect(2, &["Usage"]);
    world.run(&["scna"]).expect(2, &["scan"]);
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let world = World::new(&[]);
    for shell in ["bash", "zsh", "fish"] {
        assert!(world.run(&["completion", shell]).out.contains("kubescape"));
    }
    world.write(
        "complete.bash",
        world.run(&["completion", "bash"]).out.as_bytes(),
    );
    let checked = Command::new("bash")
        .arg("-n")
        .arg(world.path("complete.bash"))
        .status()
        .unwrap();
    assert!(checked.success());
}
