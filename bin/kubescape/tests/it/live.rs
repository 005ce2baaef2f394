//! Scans of a living cluster: a small API server on the loopback interface.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::golden;
use crate::program::{World, controls, resources};

/// Answers by path: status and body. Everything else is an empty list.
pub(crate) type Answers = Vec<(&'static str, u16, Value)>;

/// Serves until the test ends, and writes a kubeconfig into the world.
pub(crate) fn serve(world: &World, answers: Answers) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that goes away is none of this server's business.
            let _ = answer(&stream.unwrap(), &answers);
        }
    });
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: shop-test\n\
         clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\n\
         contexts: [{{name: shop-test, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{token: t0ken}}}}]\n"
    );
    world.write("kubeconfig", kubeconfig.as_bytes());
}

fn answer(stream: &TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let uri = first.split(' ').nth(1).unwrap_or_default();
    let path = uri.split('?').next().unwrap_or_default();
    let known = answers.iter().find(|(known, ..)| *known == path);
    let empty = || list("Some", &[]);
    let (code, body) =
        known.map_or_else(|| (200, empty()), |(_, code, body)| (*code, body.clone()));
    let body = body.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn list(kind: &str, items: &[Value]) -> Value {
    json!({
        "kind": format!("{kind}List"), "apiVersion": "v1",
        "metadata": {"resourceVersion": "7"}, "items": items,
    })
}

fn group(name: &str, kinds: &[(&str, &str, bool)]) -> Value {
    let resource = |(kind, plural, namespaced): &(&str, &str, bool)| {
        json!({
            "resource": plural, "responseKind": {"kind": kind}, "verbs": ["list"],
            "scope": if *namespaced { "Namespaced" } else { "Cluster" },
        })
    };
    let resources: Vec<Value> = kinds.iter().map(resource).collect();
    json!({"metadata": {"name": name}, "versions": [{"version": "v1", "resources": resources}]})
}

/// A cluster with a Deployment, its Pod, and a Node.
pub(crate) fn shop() -> Answers {
    let discovery = |groups: &[Value]| json!({"kind": "APIGroupDiscoveryList", "items": groups});
    let core = group(
        "",
        &[
            ("Pod", "pods", true),
            ("Namespace", "namespaces", false),
            ("Node", "nodes", false),
            ("Service", "services", true),
            ("ConfigMap", "configmaps", true),
        ],
    );
    let apps = group("apps", &[("Deployment", "deployments", true)]);
    let policies = group(
        "networking.k8s.io",
        &[("NetworkPolicy", "networkpolicies", true)],
    );
    let container = json!({"name": "app", "image": "registry.example.com/cart:1", "securityContext": {"privileged": true},
        "env": [{"name": "DB_PASSWORD", "value": "sup3r-s3cret-env"}]});
    let deployment = json!({
        "metadata": {"name": "cart", "namespace": "shop", "managedFields": [{"manager": "kubectl"}]},
        "spec": {"template": {"spec": {"containers": [container]}}}, "status": {"replicas": 1},
    });
    let pod = json!({
        "metadata": {"name": "cart-1", "namespace": "shop", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart"}]},
        "spec": {"containers": [container]},
    });
    let node = json!({"metadata": {"name": "n1"}, "spec": {}});
    vec![
        (
            "/version",
            200,
            json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4"}),
        ),
        ("/api", 200, discovery(&[core])),
        ("/apis", 200, discovery(&[apps, policies])),
        ("/api/v1/pods", 200, list("Pod", &[pod])),
        ("/api/v1/nodes", 200, list("Node", &[node])),
        (
            "/api/v1/namespaces",
            200,
            list("Namespace", &[json!({"metadata": {"name": "shop"}})]),
        ),
        (
            "/apis/apps/v1/deployments",
            200,
            list("Deployment", &[deployment]),
        ),
    ]
}

/// The same where some lists are refused.
fn refusing(paths: &[&'static str]) -> Answers {
    let refusal =
        json!({"kind": "Status", "message": "User \"jane\" cannot list this", "code": 403});
    let mut answers: Answers = paths
        .iter()
        .map(|path| (*path, 403, refusal.clone()))
        .collect();
    answers.extend(shop());
    answers
}

const CHOSEN: [&str; 4] = [
    "scan",
    "control",
    "C-0057,C-0260,C-0012",
    "--kubeconfig=kubeconfig",
];

/// How long the scan took is not the same each time.
fn without_time(text: &str) -> String {
    let (start, rest) = text.split_once("controls · ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    format!("{start}controls · TIME\n{rest}")
}

#[test]
fn the_report_says_which_cluster_and_where_in_it() {
    let world = World::new(&[]);
    serve(&world, shop());
    let run = world.run(&CHOSEN);
    assert_eq!(run.code, 0, "{}", run.err);
    golden::check("live/security.txt", &without_time(&run.out));
    let run = world.run(&[&CHOSEN[..], &["--view", "resource"]].concat());
    golden::check("live/resource.txt", &without_time(&run.out));
}

#[test]
fn what_is_forbidden_is_skipped_and_lowers_the_coverage() {
    let world = World::new(&[]);
    serve(
        &world,
        refusing(&["/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/pods"]),
    );
    let run = world.run(&CHOSEN);
    assert_eq!(run.code, 3, "{}", run.err);
    golden::check("live/forbidden.txt", &without_time(&run.out));
    // A broken threshold is certain.
    let run = world.run(&[&CHOSEN[..], &["--severity-threshold", "high"]].concat());
    assert_eq!(run.code, 1);
}

#[test]
fn json_has_the_cluster_and_the_gaps() {
    let world = World::new(&[]);
    serve(
        &world,
        refusing(&["/apis/networking.k8s.io/v1/networkpolicies"]),
    );
    let run = world.run(&[&CHOSEN[..], &["--format", "json"]].concat());
    assert_eq!(run.code, 3, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["clusterName"], "shop-test");
    assert_eq!(report["clusterAPIServerInfo"]["gitVersion"], "v1.34.4");
    assert_eq!(report["metadata"]["scanMetadata"]["scanningTarget"], 0);
    let coverage = &report["scanCoverage"];
    assert_eq!(
        (
            coverage["evaluatedControls"].as_u64(),
            coverage["totalControls"].as_u64()
        ),
        (Some(2), Some(3))
    );
    assert_eq!(coverage["notEvaluatedControls"], json!(["C-0260"]));
    assert_eq!(coverage["failedGVRPulls"][0]["kind"], "NetworkPolicy");
    assert_eq!(report["provenance"]["complete"], false);
    assert_eq!(controls(&report), ["C-0012", "C-0057", "C-0260"]);
    assert_eq!(resources(&report), ["Deployment/cart"]);
    assert_eq!(
        report["resources"][0]["resourceID"],
        "apps/v1/shop/Deployment/cart"
    );
    for hidden in ["sup3r-s3cret-env", "t0ken", "managedFields"] {
        assert!(!run.out.contains(hidden), "{hidden}");
    }
}

#[test]
fn other_forms_name_the_place_in_the_cluster() {
    let world = World::new(&[]);
    serve(
        &world,
        refusing(&["/apis/networking.k8s.io/v1/networkpolicies"]),
    );
    let run = world.run(&[&CHOSEN[..], &["--format", "junit"]].concat());
    run.expect(
        3,
        &[
            "/apis/apps/v1/namespaces/shop/deployments/cart: Deployment shop/cart",
            "forbidden",
        ],
    );
    let run = world.run(&[&CHOSEN[..], &["--format", "sarif"]].concat());
    run.expect(3, &["apps/v1/shop/Deployment/cart"]);
    assert!(!run.out.contains("physicalLocation"), "{}", run.out);
}

#[test]
fn a_workload_is_found_by_kind_and_name() {
    let world = World::new(&[]);
    let mut answers = shop();
    let deployments = answers.pop().unwrap().2;
    answers.push((
        "/apis/apps/v1/namespaces/shop/deployments",
        200,
        deployments,
    ));
    serve(&world, answers);
    let kubeconfig = "--kubeconfig=kubeconfig";
    world
        .run(&["scan", "workload", "deploy/cart", "-n", "shop", kubeconfig])
        .expect(0, &["Deployment shop/cart", "cluster shop-test"]);
    world
        .run(&["scan", "workload", "deploy/card", "-n", "shop", kubeconfig])
        .expect(3, &["there is no Deployment/card in namespace shop"]);
    world
        .run(&["scan", "workload", "widget/cart", kubeconfig])
        .expect(3, &["no kind that is called \"widget\""]);
}

#[test]
fn without_files_and_cluster_there_is_nothing_to_scan() {
    let world = World::new(&[("pod.yaml", crate::program::BAD_POD)]);
    world.run(&["scan"]).expect(
        3,
        &[
            "no files are named",
            "there is no",
            "config; name a kubeconfig with --kubeconfig or KUBECONFIG",
        ],
    );
    world
        .run(&["scan", "pod.yaml", "--kube-context", "prod"])
        .expect(2, &["not both"]);
    serve(&world, shop());
    world
        .run(&["scan", "--kubeconfig=kubeconfig", "--kube-context=prod"])
        .expect(2, &["no context \"prod\"; it has shop-test"]);
}
