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
---
apiVersion: v1
kind: SecretList
items: [{metadata: {name: l}, stringData: {password: sup3r-s3cret-list}}]
---
apiVersion: v1
kind: Pod
metadata:
  name: forms
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{\"a\": \"sup3r-s3cret-applied\"}'
spec:
  initContainers:
    - name: flow
      env: [{name: PASSWORD, value: sup3r-s3cret-flow}, 'PASSWORD=sup3r-s3cret-text']
  containers:
    - name: block
      env:
        - name: AWS_SECRET_ACCESS_KEY
          value: |
            sup3r-s3cret-block
        - {name: API_KEY, value: &again sup3r-s3cret-anchor}
        - {name: OTHER, value: *again}
    - {name: map, env: {PASSWORD: sup3r-s3cret-map}}
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
    // Messages about broken documents do not quote them.
    let broken = "kind: Secret\nstringData: {a: sup3r-s3cret-1, a: sup3r-s3cret-2}\n---\nstringData: {a: 'sup3r-s3cret-3', }}\n---\nb: *sup3r-s3cret-4\n";
    let world = World::new(&[
        ("pod.yaml", BAD_POD),
        ("secrets.yaml", SECRETS),
        ("broken.yaml", broken),
        (
            "broken.json",
            r#"{"kind": "Secret", "data": {"a": "sup3r-s3cret-5", "a": sup3r-s3cret-6}}"#,
        ),
    ]);
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
            assert_eq!(run.code, 3, "{}", run.err);
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
}

#[test]
fn a_missing_extension_is_added_and_nothing_else() {
    let world = World::new(&[("pod.yaml", BAD_POD), ("old.json", "{}")]);
    for (output, written) in [
        ("new", "new.json"),
        ("new.json", "new.json"),
        ("v1.2", "v1.2.json"),
        ("old", "old.json"),
        ("x.sarif", "x.sarif.json"),
    ] {
        let run = world.run(&["scan", "pod.yaml", "-f", "json", "-o", output]);
        run.expect(0, &[&format!("json report written to {written}")]);
        let report: Value = serde_json::from_str(&world.read(written)).unwrap();
        assert!(report["results"].is_array());
    }
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_scan() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    std::fs::create_dir(world.path("folder")).unwrap();
    for (output, message) in [
        ("gone/x", "--output gone/x: there is no folder gone"),
        (
            "folder",
            "--output folder: this is a folder; name a file in it, such as folder/report",
        ),
        ("new/", "--output new/: this is a folder"),
    ] {
        let run = world.run(&["scan", "pod.yaml", "--output", output]);
        run.expect(2, &[message]);
        assert!(run.out.is_empty(), "{}", run.out);
    }
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
fn no_color_counts_for_more_than_a_wish_for_colour() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let colours = |no_color: &str| {
        let mut command = world.command(&["scan", "pod.yaml"]);
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_color);
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(colours(""));
    assert!(!colours("1"));
}

#[test]
fn a_full_disk_is_named_and_has_its_exit_code() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    world
        .run(&["scan", "pod.yaml", "--output", "/dev/full"])
        .expect(4, &["cannot write /dev/full: no space left"]);
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = world.command(&["scan", "pod.yaml"]);
    let output = command.stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(
        err.contains("cannot write to standard output: no space left"),
        "{err}"
    );
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
