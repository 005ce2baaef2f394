//! What is judged, and by what.

use crate::program::{BAD_POD, World, controls, resources};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: web}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: cart}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: web}
spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: web}
spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}
";

fn world() -> World {
    World::new(&[("pod.yaml", BAD_POD), ("sub/cart.yaml", DEPLOYMENT)])
}

#[test]
fn default_frameworks_follow_the_view() {
    let world = world();
    let names = |report: &serde_json::Value| {
        let list = report["summaryDetails"]["frameworks"]
            .as_array()
            .unwrap()
            .clone();
        list.iter()
            .map(|framework| framework["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&world.json(0, &["."])),
        ["ClusterScan", "MITRE", "NSA"]
    );
    assert_eq!(
        names(&world.json(0, &[".", "--view", "resource"])),
        ["AllControls", "MITRE", "NSA"]
    );
}

#[test]
fn frameworks_and_controls_by_name_in_any_case() {
    let world = world();
    let run = world.run(&["scan", "framework", "nsa,MITRE", "pod.yaml"]);
    run.expect(0, &["MITRE", "NSA"]);
    let report = world.json(0, &["control", "c-0057,HostNetwork access", "pod.yaml"]);
    assert_eq!(controls(&report), ["C-0041", "C-0057"]);
    world
        .run(&["scan", "framework", "all", "."])
        .expect(0, &["cis-v1.12.0", "SOC2"]);
}

#[test]
fn flags_may_stand_before_and_behind_what_is_chosen() {
    let world = world();
    let before = world.run(&["scan", "--format", "json", "framework", "nsa", "pod.yaml"]);
    let behind = world.run(&["scan", "framework", "nsa", "pod.yaml", "--format", "json"]);
    assert!(
        before.code == 0 && before.out == behind.out,
        "{}",
        before.err
    );
}

#[test]
fn names_that_do_not_exist_offer_the_nearest() {
    let world = world();
    world
        .run(&["scan", "framework", "nas", "pod.yaml"])
        .expect(2, &["there is no framework \"nas\"", "\"NSA\""]);
    world
        .run(&["scan", "control", "C-057", "pod.yaml"])
        .expect(2, &["there is no control \"C-057\"", "did you mean"]);
    world
        .run(&["scan", "pod.yaml", "--skip-controls", "C-9999"])
        .expect(2, &["there is no control \"C-9999\""]);
}

#[test]
fn one_workload_with_what_it_is_joined_to() {
    let world = world();
    let report = world.json(0, &["workload", "deployment/cart", "-n", "web", "."]);
    assert_eq!(resources(&report), ["Deployment/cart"]);
    // Its NetworkPolicy is not judged, but it protects the workload.
    assert_eq!(
        report["summaryDetails"]["controls"]["C-0260"]["status"],
        "passed"
    );
    for name in ["deploy/cart", "deployments/cart"] {
        assert_eq!(
            resources(&world.json(0, &["workload", name, "."])),
            ["Deployment/cart"]
        );
    }
    world
        .run(&["scan", "workload", "Deployment/none", "."])
        .expect(
            3,
            &["there is no Deployment/none in what was scanned (4 objects)"],
        );
    world
        .run(&["scan", "workload", "deploy/cart", "-n", "other", "."])
        .expect(3, &["there is no Deployment/cart in namespace other"]);
    world
        .run(&["scan", "workload", "cart", "."])
        .expect(2, &["is not KIND/NAME"]);
}

#[test]
fn namespaces_and_kinds() {
    let world = world();
    assert_eq!(
        resources(&world.json(0, &[".", "--include-namespaces", "shop"])),
        ["Pod/bad"]
    );
    assert!(!resources(&world.json(0, &[".", "-e", "shop"])).contains(&"Pod/bad".to_owned()));
    assert_eq!(
        resources(&world.json(0, &[".", "--include-kinds", "deployment"])),
        ["Deployment/cart"]
    );
    assert!(
        !resources(&world.json(0, &[".", "--exclude-kinds", "Pod"]))
            .contains(&"Pod/bad".to_owned())
    );
    world
        .run(&["scan", ".", "--include-namespaces", "typo"])
        .expect(
            3,
            &["nothing that was scanned (4 objects) is of the included namespaces"],
        );
}

#[test]
fn controls_can_be_skipped_and_light_ones_left_out() {
    let world = world();
    let all = controls(&world.json(0, &["pod.yaml"]));
    assert!(all.contains(&"C-0057".to_owned()));
    assert!(
        !controls(&world.json(0, &["pod.yaml", "--skip-controls", "C-0057"]))
            .contains(&"C-0057".to_owned())
    );
    let high = world.json(0, &["pod.yaml", "--min-severity", "high"]);
    for control in high["summaryDetails"]["controls"]
        .as_object()
        .unwrap()
        .values()
    {
        assert!(control["scoreFactor"].as_f64().unwrap() >= 7.0);
    }
}

#[test]
fn standard_input_globs_lists_and_json() {
    let world = world();
    let run = world.run_with(&["scan", "-"], BAD_POD.as_bytes());
    run.expect(0, &["--> <stdin>:5:", "C-0041"]);
    let list = r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"hostNetwork":true}}]}"#;
    world
        .run_with(&["scan", "-"], list.as_bytes())
        .expect(0, &["C-0041", "Pod x"]);
    assert_eq!(
        resources(&world.json(0, &["**/cart.yaml"])),
        ["Deployment/cart", "NetworkPolicy/cart"]
    );
}

#[test]
fn the_dump_of_a_cluster_is_recognised() {
    let node =
        "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {providerID: 'gce://p/z/n'}\n";
    let world = World::new(&[("node.yaml", node), ("pod.yaml", BAD_POD)]);
    let ids = |arguments: &[&str]| controls(&world.json(0, arguments));
    assert!(
        ids(&["framework", "cis-gke-v1.9.0", "."]).len()
            > ids(&["framework", "cis-gke-v1.9.0", "pod.yaml"]).len()
    );
    assert!(
        !ids(&["framework", "cis-gke-v1.9.0", ".", "--scope", "file"])
            .contains(&"C-0226".to_owned())
    );
    let left_out = world.json(0, &["framework", "cis-gke-v1.9.0", "pod.yaml"])["provenance"]["leftOutControls"].clone();
    assert!(!left_out.as_array().unwrap().is_empty());
}

#[test]
fn controls_that_all_make_no_sense_for_the_input_are_no_success() {
    let world = world();
    let run = world.run(&["scan", "control", "C-0226", "pod.yaml"]);
    run.expect(
        3,
        &[
            "none of the chosen controls judges manifests (C-0226)",
            "--scope",
        ],
    );
    world
        .run(&["scan", "control", "C-0226", "pod.yaml", "--scope", "eks"])
        .expect(0, &[]);
}

#[test]
fn inputs_of_controls_come_from_a_file() {
    let world = world();
    world.write(
        "inputs.json",
        br#"{"imageRepositoryAllowList": ["registry.example.com"]}"#,
    );
    let arguments = ["control", "C-0078", "."];
    let without = world.json(0, &arguments);
    assert_eq!(
        without["summaryDetails"]["controls"]["C-0078"]["statusInfo"]["subStatus"],
        "configuration"
    );
    let with = world.json(
        0,
        &[&arguments[..], &["--controls-config", "inputs.json"]].concat(),
    );
    assert_eq!(
        with["summaryDetails"]["controls"]["C-0078"]["status"],
        "failed"
    );
    for (text, message) in [
        (
            r#"{"imageRepositoryAllowLst": []}"#,
            "did you mean \"imageRepositoryAllowList\"",
        ),
        (
            r#"{"imageRepositoryAllowList": "x"}"#,
            "imageRepositoryAllowList is no list",
        ),
        (r#"{"sensitiveValues": ["("]}"#, "is no regular expression"),
        ("[1]", "is no map"),
    ] {
        world.write("bad.json", text.as_bytes());
        world
            .run(&["scan", ".", "--controls-config", "bad.json"])
            .expect(3, &["bad.json: ", message]);
    }
    world
        .run(&["scan", ".", "--controls-config", "gone.json"])
        .expect(3, &["gone.json: "]);
}
