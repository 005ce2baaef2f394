//! The forms of the report.

use serde_json::Value;

use crate::program::{BAD_POD, World, example_folder};

const SECRETS: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
data: {token: c3VwM3ItczNjcmV0LXNlY3JldA==}
stringData: {password: sup3r-s3cret-plain}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: shop}
data:
  password: sup3r-s3cret-config
  app.ini: |
    token = sup3r-s3cret-file
";

#[test]
fn the_same_input_gives_the_same_bytes_at_any_number_of_threads() {
    let world = World::new(&[]);
    let examples = example_folder();
    let scan = |threads: &str| {
        let path = examples.to_str().unwrap();
        world
            .run(&[
                "scan",
                "framework",
                "all",
                path,
                "--format",
                "json",
                "--threads",
                threads,
            ])
            .out
    };
    let one = scan("1");
    assert!(one.len() > 10_000);
    assert!(one == scan("2") && one == scan("8") && one == scan("1"));
}

#[test]
fn json_has_every_documented_key() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let report = world.json(0, &["pod.yaml"]);
    for key in [
        "generationTime",
        "clusterAPIServerInfo",
        "clusterCloudProvider",
        "customerGUID",
        "clusterName",
        "reportGUID",
        "jobID",
        "summaryDetails",
        "resources",
        "attributes",
        "results",
        "metadata",
        "paginationInfo",
        "customerGUIDGenerated",
    ] {
        assert!(report.get(key).is_some(), "{key}");
    }
    let summary = &report["summaryDetails"];
    for key in [
        "controls",
        "status",
        "frameworks",
        "resourcesSeverityCounters",
        "controlsSeverityCounters",
        "ResourceCounters",
        "vulnerabilities",
        "score",
        "complianceScore",
    ] {
        assert!(summary.get(key).is_some(), "{key}");
    }
    let control = &summary["controls"]["C-0057"];
    assert_eq!(control["resourceIDs"], serde_json::json!({}));
    for key in [
        "statusInfo",
        "controlID",
        "name",
        "status",
        "ResourceCounters",
        "subStatusCounters",
        "score",
        "complianceScore",
        "scoreFactor",
        "category",
    ] {
        assert!(control.get(key).is_some(), "{key}");
    }
    let result = report["results"][0]["controls"].as_array().unwrap();
    let failed = result
        .iter()
        .find(|control| control["controlID"] == "C-0057")
        .unwrap();
    let path = &failed["rules"][0]["paths"][0];
    assert_eq!(
        path["deletePath"],
        "spec.containers[0].securityContext.privileged"
    );
    assert_eq!(
        path["fixPath"],
        serde_json::json!({"path": "", "value": ""})
    );
    assert_eq!(report["resources"][0]["object"]["sourcePath"], "pod.yaml:0");
    assert_eq!(report["metadata"]["scanMetadata"]["scanningTarget"], 1);
}

#[test]
fn secrets_are_in_no_form_of_the_report() {
    let world = World::new(&[("pod.yaml", BAD_POD), ("secrets.yaml", SECRETS)]);
    for format in ["pretty-printer", "json", "sarif", "junit"] {
        for view in ["security", "resource", "control"] {
            let run = world.run(&[
                "scan",
                "framework",
                "all",
                ".",
                "--format",
                format,
                "--view",
                view,
                "--verbose",
            ]);
            assert_eq!(run.code, 0, "{}", run.err);
            for secret in ["sup3r-s3cret", "c3VwM3ItczNjcmV0LXNlY3JldA"] {
                assert!(!run.out.contains(secret), "{format} {view} has {secret}");
            }
        }
    }
}

#[test]
fn several_forms_go_to_files_with_their_extensions() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    world
        .run(&[
            "scan",
            "pod.yaml",
            "--format",
            "json,sarif,junit,pretty-printer",
        ])
        .expect(2, &["need --output"]);
    let run = world.run(&[
        "scan",
        "pod.yaml",
        "--format",
        "json,sarif,junit,pretty-printer",
        "--output",
        "report",
    ]);
    run.expect(0, &["json report written to report.json"]);
    assert!(run.out.is_empty());
    let sarif: Value = serde_json::from_str(&world.read("report.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let privileged = results
        .iter()
        .find(|result| result["ruleId"] == "C-0057")
        .unwrap();
    assert_eq!(
        privileged["locations"][0]["physicalLocation"]["region"]["startLine"],
        9
    );
    assert!(world.read("report.xml").contains("<testsuite"));
    assert!(world.read("report.txt").contains("C-0057"));
    serde_json::from_str::<Value>(&world.read("report.json")).unwrap();
    world
        .run(&["scan", "pod.yaml", "--format", "json", "--output", "x.json"])
        .expect(0, &["written to x.json"]);
    world
        .run(&[
            "scan",
            "pod.yaml",
            "--format",
            "json",
            "--output",
            "/dev/null",
        ])
        .expect(0, &["written to /dev/null"]);
    world
        .run(&["scan", "pod.yaml", "--output", "gone/x"])
        .expect(4, &["gone/x"]);
}

#[test]
fn raw_resources_can_be_left_out() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    assert_eq!(
        world.json(0, &["pod.yaml", "--omit-raw-resources"])["resources"],
        serde_json::json!([])
    );
}

#[test]
fn no_colour_in_a_pipe_and_views_differ() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let run = world.run(&["scan", "pod.yaml"]);
    assert!(!run.out.contains('\u{1b}') && run.err.is_empty());
    run.expect(0, &["--> pod.yaml:5:", "hostNetwork: true", "XXXXXX"]);
    world
        .run(&["scan", "pod.yaml", "--view", "resource"])
        .expect(0, &["Pod shop/bad"]);
    world
        .run(&["scan", "pod.yaml", "--view", "control"])
        .expect(0, &["Privileged container"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let mut command = world.command(&["scan", "framework", "all", "pod.yaml", "--verbose"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
