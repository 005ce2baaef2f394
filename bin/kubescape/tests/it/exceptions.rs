//! What users accept although it fails.

use serde_json::{Value, json};

use crate::golden;
use crate::program::{BAD_POD, World};

const EXCEPTIONS: &str = r#"[
  {"name": "edge-network", "policyType": "postureExceptionPolicy", "actions": ["alertOnly"], "reason": "the edge needs it",
   "resources": [{"designatorType": "Attributes", "attributes": {"kind": "Pod", "namespace": "shop", "name": "ba.*"}}],
   "posturePolicies": [{"controlID": "C-0041"}]},
  {"name": "old", "expirationDate": "2025-01-01T00:00:00Z",
   "resources": [{"designatorType": "Attributes", "attributes": {"kind": "Pod"}}]},
  {"name": "typo",
   "resources": [{"designatorType": "Attributes", "attributes": {"name": "ba(d"}}]},
  {"name": "gone",
   "resources": [{"designatorType": "Attributes", "attributes": {"name": "nobody"}}]}
]"#;

fn world() -> World {
    World::new(&[("pod.yaml", BAD_POD), ("exceptions.json", EXCEPTIONS)])
}

const SCAN: [&str; 4] = [
    "control",
    "C-0041,C-0057",
    "pod.yaml",
    "--exceptions=exceptions.json",
];

/// By the control that is excepted.
const ALONE: [&str; 5] = [
    "scan",
    "control",
    "C-0041",
    "pod.yaml",
    "--exceptions=exceptions.json",
];

#[test]
fn the_report_tells_what_is_excepted_and_which_exceptions_do_not_bind() {
    let world = world();
    let run = world.run(&[&["scan"], &SCAN[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let (text, _) = run.out.split_once("Complete").unwrap();
    golden::check("exceptions.txt", text);
    // Thresholds see what is left.
    let threshold = ["--severity-threshold", "high"];
    world
        .run(&[&["scan"], &SCAN[..], &threshold].concat())
        .expect(1, &["1 controls of severity High"]);
    world.run(&[&ALONE[..], &threshold].concat()).expect(0, &[]);
}

#[test]
fn json_has_the_exception_beside_the_rule_and_the_audit() {
    let report = world().json(0, &SCAN);
    let control = &report["summaryDetails"]["controls"]["C-0041"];
    assert_eq!(
        control["statusInfo"],
        json!({"status": "passed", "subStatus": "w/exceptions"})
    );
    assert_eq!(control["subStatusCounters"]["ignoredResources"], 1);
    assert_eq!(control["ResourceCounters"]["passedResources"], 1);
    assert_eq!(control["ResourceCounters"]["failedResources"], 0);
    let of_pod = report["results"][0]["controls"].as_array().unwrap();
    let control = of_pod
        .iter()
        .find(|one| one["controlID"] == "C-0041")
        .unwrap();
    let rule = &control["rules"][0];
    assert_eq!(
        (&rule["status"], &rule["subStatus"]),
        (&json!("passed"), &json!("w/exceptions"))
    );
    assert_eq!(
        rule["exception"],
        json!([{"name": "edge-network", "policyType": "postureExceptionPolicy",
            "actions": ["alertOnly"], "reason": "the edge needs it"}])
    );
    // What was found stays in the report.
    assert!(!rule["paths"].as_array().unwrap().is_empty());
    let audit = &report["exceptionAudit"];
    let counts =
        ["used", "unused", "expired", "neverMatches"].map(|key| audit[key].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 1]);
    let statuses: Vec<&Value> = audit["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, ["used", "expired", "neverMatches", "unused"]);
}

#[test]
fn files_may_say_in_annotations_what_they_are_excepted_from() {
    let pod = BAD_POD.replace(
        "namespace: shop}",
        "namespace: shop, annotations: {kubescape.io/skip-controls: 'C-0041,C-1234', kubescape.io/skip-reason: edge}}",
    );
    let world = World::new(&[("pod.yaml", &pod)]);
    let report = world.json(0, &["control", "C-0041,C-0057", "pod.yaml"]);
    assert_eq!(
        report["summaryDetails"]["controls"]["C-0041"]["status"],
        "passed"
    );
    assert_eq!(
        report["summaryDetails"]["controls"]["C-0057"]["status"],
        "failed"
    );
    assert_eq!(report["exceptionAudit"]["exceptions"][0]["reason"], "edge");
    world
        .run(&["scan", "control", "C-0041", "pod.yaml"])
        .expect(0, &["C-1234: no control of this scan has this ID"]);
}

#[test]
fn other_forms_leave_out_what_is_excepted() {
    let world = world();
    let run = world.run(&[&ALONE[..], &["--format", "sarif"]].concat());
    let sarif: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(sarif["runs"][0]["results"], json!([]));
    let run = world.run(&[&ALONE[..], &["--format", "junit"]].concat());
    run.expect(0, &["failures=\"0\""]);
}

#[test]
fn a_file_that_cannot_be_used_ends_the_scan_before_it_begins() {
    let world = world();
    world.write(
        "shape.json",
        br#"[{"name": "a", "resources": [{"attributes": {"name": 7}}], "posturePolicies": {}}]"#,
    );
    world.write("text.yaml", b"- name: [");
    let scan = |file: &str| world.run(&["scan", "pod.yaml", "--exceptions", file]);
    scan("shape.json").expect(
        3,
        &[
            "shape.json: [0] (a) resources[0].attributes.name: is no text; put it in quotes",
            "[0] (a) posturePolicies: is no list",
            "docs/exceptions.md",
        ],
    );
    scan("text.yaml").expect(3, &["text.yaml:1:"]);
    scan("none.json").expect(3, &["none.json: no such file"]);
    assert!(scan("shape.json").out.is_empty());
}
