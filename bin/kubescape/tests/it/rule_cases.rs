//! `rules test`.

use std::path::PathBuf;

use crate::program::{BAD_POD, World};

const EXPECTED: &str = r#"[{
    "alertMessage": "whatever", "alertScore": 9, "packagename": "armo_builtins", "ruleStatus": "",
    "failedPaths": ["spec.hostNetwork"], "deletePaths": ["spec.hostNetwork"], "fixPaths": [],
    "alertObject": {"k8sApiObjects": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}}]}
}]"#;

fn world() -> World {
    World::new(&[
        ("cases/host-network-access/one/input/pod.yaml", BAD_POD),
        ("cases/host-network-access/one/expected.json", EXPECTED),
        (
            "cases/folder/rule.metadata.json",
            r#"{"name": "host-network-access"}"#,
        ),
        ("cases/folder/test/two/input/pod.yaml", BAD_POD),
        ("cases/folder/test/two/expected.json", EXPECTED),
        ("cases/naked-pods/none/expected.json", "[]"),
    ])
}

#[test]
fn both_layouts_run_and_the_last_line_counts() {
    let run = world().run(&["rules", "test", "cases"]);
    run.expect(0, &[]);
    assert_eq!(run.out.lines().last(), Some("3 passed, 0 failed"));
}

#[test]
fn a_failing_case_shows_what_differs() {
    let world = world();
    world.write(
        "cases/host-network-access/one/expected.json",
        EXPECTED.replace(": 9", ": 8").as_bytes(),
    );
    let run = world.run(&["rules", "test", "cases"]);
    run.expect(
        1,
        &[
            "FAILED host-network-access/one",
            "- alertScore: 8",
            "+ alertScore: 9",
            "2 passed, 1 failed",
        ],
    );
    let json = world.run(&["rules", "test", "cases", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, &report["failed"]), (1, &serde_json::json!(1)));
    world
        .run(&["rules", "test", "cases", "--rules", "naked-pods"])
        .expect(0, &["1 passed, 0 failed"]);
}

#[test]
fn rules_can_be_chosen_from_a_file() {
    let world = world();
    world.write("rules.txt", b"# mine\nhost-network-access\n\n");
    world
        .run(&["rules", "test", "cases", "--rules-file", "rules.txt"])
        .expect(0, &["2 passed, 0 failed"]);
    world
        .run(&["rules", "test", "cases", "--rules", "no-such"])
        .expect(3, &["no case of the rule \"no-such\""]);
    world.run(&["rules", "test", "gone"]).expect(3, &["gone"]);
    world
        .run(&["rules", "test", "."])
        .expect(3, &["no rule case"]);
}

#[test]
fn messages_count_when_asked_and_rego_is_not_there_yet() {
    let world = world();
    world
        .run(&["rules", "test", "cases", "--compare-messages"])
        .expect(1, &["alertMessage"]);
    world
        .run(&["rules", "test", "cases", "--engine", "rego"])
        .expect(2, &["--engine native"]);
}

#[test]
fn a_rule_that_does_not_exist_fails_its_cases_only() {
    let world = world();
    world.write("cases/my-own/one/expected.json", b"[]");
    world.write("cases/naked-pods/none/input/bad.yaml", b"a: [");
    let run = world.run(&["rules", "test", "cases"]);
    run.expect(
        1,
        &[
            "the library has no rule \"my-own\"",
            "bad.yaml",
            "2 passed, 2 failed",
        ],
    );
}

#[test]
fn the_conformance_cases_pass_from_the_command_line() {
    let Some(root) = std::env::var_os("KUBESCAPE_CONFORMANCE").map(PathBuf::from) else {
        return;
    };
    let root = root.join("regolibrary");
    let run = World::new(&[]).run(&["rules", "test", root.to_str().unwrap()]);
    run.expect(0, &[" passed, 0 failed"]);
}
