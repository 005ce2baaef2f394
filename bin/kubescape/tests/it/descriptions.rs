//! What the cluster's API does not have, from files.

use serde_json::{Value, json};

use crate::live::{serve, shop};
use crate::program::{BAD_POD, World};

/// C-0285 looks at how EKS grants access.
const ACCESS: &str = "C-0285";

/// As `aws eks describe-cluster` answers, wrapped.
const EKS: &str = r#"{
  "apiVersion": "eks.amazonaws.com/v1",
  "kind": "ClusterDescribe",
  "metadata": {"name": "prod", "provider": "eks"},
  "data": {
    "cluster": {"name": "prod", "accessConfig": {"authenticationMode": "CONFIG_MAP"}}
  }
}
"#;

const SCAN: [&str; 6] = [
    "control",
    "C-0285,C-0057",
    "--kubeconfig=kubeconfig",
    "--threads=1",
    "--format",
    "json",
];

/// A world with a cluster whose only node has this provider ID.
fn cluster(provider_id: &str) -> World {
    let world = World::new(&[("eks.json", EKS)]);
    let mut answers = shop();
    let node = json!({"metadata": {"name": "n1"}, "spec": {"providerID": provider_id}});
    for (path, _, body) in &mut answers {
        if *path == "/api/v1/nodes" {
            body["items"] = json!([node]);
        }
    }
    serve(&world, answers);
    world
}

fn control<'r>(report: &'r Value, id: &str) -> &'r Value {
    &report["summaryDetails"]["controls"][id]
}

#[test]
fn a_description_lets_skipped_controls_judge_the_living_cluster() {
    let world = cluster("aws:///eu-west-1a/i-0123");
    // Given no description, then the control says what it lacks and how to give it.
    let before = world.json(0, &SCAN);
    let access = control(&before, ACCESS);
    assert_eq!(access["status"], "skipped");
    let info = access["statusInfo"]["info"].as_str().unwrap();
    assert!(
        info.contains("needs ClusterDescribe from the cloud provider"),
        "{info}"
    );
    assert!(info.contains("--descriptions FILE"), "{info}");
    // When it is there, then it is judged beside the cluster's own objects.
    let after = world.json(0, &[&SCAN[..], &["--descriptions", "eks.json"]].concat());
    assert_eq!(control(&after, ACCESS)["status"], "failed");
    assert_eq!(control(&after, "C-0057")["status"], "failed");
    let results = after["results"].as_array().unwrap();
    let id = "eks.amazonaws.com/v1/ClusterDescribe/prod";
    assert!(results.iter().any(|result| result["resourceID"] == id));
    assert_ne!(
        before["provenance"]["inputDigest"],
        after["provenance"]["inputDigest"]
    );
    let coverage = |report: &Value| report["scanCoverage"]["evaluatedControls"].as_u64();
    assert_eq!((coverage(&before), coverage(&after)), (Some(1), Some(2)));
}

#[test]
fn a_description_of_another_cloud_is_not_read() {
    let world = cluster("gce://project/zone/name");
    let arguments = [
        "--descriptions",
        "eks.json",
        "control",
        "C-0285",
        "--kubeconfig=kubeconfig",
    ];
    let run = world.run(&[&["scan"], &arguments[..]].concat());
    run.expect(
        3,
        &[
            "eks.json:1: metadata.provider: ClusterDescribe prod is of eks, and the cluster runs on gke",
            "warning[bad-description]",
        ],
    );
    assert!(!run.out.contains("failed"), "{}", run.out);
}

#[test]
fn a_wrong_file_is_named_and_the_rest_is_judged() {
    let world = cluster("aws:///eu-west-1a/i-0123");
    world.write("raw.json", br#"{"cluster": {"name": "prod"}}"#);
    world.write(
        "host/n1.yaml",
        b"apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: KubeletInfo\nmetadata: {name: n1}\n",
    );
    let run = world.run(&[
        "scan",
        "control",
        "C-0285,C-0057",
        "--kubeconfig=kubeconfig",
        "--descriptions=raw.json",
        "--descriptions=host",
        "--descriptions=eks.json",
    ]);
    run.expect(
        3,
        &[
            "raw.json:1: no apiVersion and no kind (document 1); put it into {apiVersion, kind",
            "host/n1.yaml:1: data: is missing",
            "C-0285",
            "C-0057",
        ],
    );
}

#[test]
fn files_are_judged_with_descriptions_as_one_cluster() {
    let world = World::new(&[("pod.yaml", BAD_POD), ("eks.json", EKS)]);
    let scan = [
        "control",
        "C-0285,C-0057",
        "pod.yaml",
        "--descriptions=eks.json",
    ];
    let report = world.json(0, &scan);
    assert_eq!(control(&report, ACCESS)["status"], "failed");
    // Somebody who says what the files are of wants no other.
    let run = world.run(&[&["scan"], &scan[..], &["--scope", "aks"]].concat());
    run.expect(3, &["is of eks, and the cluster runs on aks"]);
}

#[test]
fn standard_input_is_read_once() {
    let world = World::new(&[]);
    world
        .run(&["scan", "-", "--descriptions", "-"])
        .expect(2, &["standard input (-) can be read once"]);
}
