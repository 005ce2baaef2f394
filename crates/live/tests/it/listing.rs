//! What is asked for, and how it comes together.

use serde_json::json;

use kubescape_engine::Status;
use kubescape_live::Namespaces;
use kubescape_scan::{Filter, WorkloadName};

use crate::fake::{Answer, Server, discovery, list};
use crate::scanning::{
    NO_POLICY, PRIVILEGED, bad_pod, names, plan, run, scan, survey, target, verdict,
};

#[test]
fn pages_follow_their_tokens_and_the_result_is_in_their_order() {
    let server = Server::start();
    server.on(
        "/api/v1/pods",
        [
            list("Pod", &[bad_pod("a"), bad_pod("b")], "token/1"),
            list("Pod", &[bad_pod("c")], "token 2"),
            list("Pod", &[bad_pod("d")], ""),
        ],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b", "c", "d"]);
    assert_eq!(scan.objects_seen, 4);
    assert!(!scan.is_partial());
    assert_eq!(
        server.asked("/api/v1/pods"),
        [
            "/api/v1/pods?limit=500",
            "/api/v1/pods?limit=500&continue=token%2F1",
            "/api/v1/pods?limit=500&continue=token+2",
        ]
    );
    let id = &*scan.outcome.records[0].id;
    assert_eq!(id, "/v1/shop/Pod/a");
}

#[test]
fn only_kinds_that_the_controls_read_are_listed() {
    let server = Server::start();
    scan(&server.connect(), &[PRIVILEGED]);
    assert!(server.asked("/api/v1/secrets").is_empty());
    assert!(server.asked("/apis/networking.k8s.io").is_empty());
    assert_eq!(server.asked("/apis/apps/v1/deployments").len(), 1);
}

#[test]
fn values_of_secrets_are_neither_asked_for_nor_kept() {
    let server = Server::start();
    let secret = json!({
        "metadata": {"name": "key", "namespace": "default"},
        "type": "Opaque", "data": {"password": "c3VwM3I="},
    });
    // A server that does not know how to send metadata alone.
    server.on("/api/v1/secrets", [list("Secret", &[secret], "")]);
    let scan = scan(&server.connect(), &["C-0212"]);
    assert!(
        server.accepted("/api/v1/secrets")[0]
            .starts_with("application/json;as=PartialObjectMetadataList")
    );
    let number = scan
        .outcome
        .records
        .iter()
        .position(|record| &*record.name == "key")
        .unwrap();
    let mut text = Vec::new();
    scan.objects
        .as_ref()
        .unwrap()
        .read(number, &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains(r#""kind":"Secret""#) && !text.contains("c3VwM3I"),
        "{text}"
    );
    assert_eq!(verdict(&scan, "C-0212").0, Status::Failed);
}

#[test]
fn metadata_alone_is_enough_to_judge_a_secret() {
    let server = Server::start();
    let item = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "key", "namespace": "default"},
    });
    server.on(
        "/api/v1/secrets",
        [list("PartialObjectMetadata", &[item], "")],
    );
    let scan = scan(&server.connect(), &["C-0212"]);
    assert!(
        scan.outcome
            .records
            .iter()
            .any(|record| &*record.id == "/v1/default/Secret/key")
    );
}

#[test]
fn pods_of_a_deployment_are_judged_through_it() {
    let server = Server::start();
    let mut owned = bad_pod("cart-1");
    owned["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart"}]);
    let mut of_node = bad_pod("etcd");
    of_node["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "Node", "name": "n"}]);
    server.on("/api/v1/pods", [list("Pod", &[owned, of_node], "")]);
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["etcd"]);
    assert_eq!((scan.objects_seen, scan.objects_owned), (1, 1));
}

#[test]
fn namespaces_go_into_the_requests() {
    let server = Server::start();
    server.on(
        "/api/v1/namespaces/shop/pods",
        [list("Pod", &[bad_pod("a")], "")],
    );
    let cluster = server.connect();
    let plan = plan(&[PRIVILEGED]);
    let only = Namespaces {
        include: vec!["shop".to_owned()],
        exclude: Vec::new(),
    };
    let survey = cluster.survey(&plan, &only, None).unwrap();
    let filter = Filter {
        include_namespaces: only.include.clone(),
        ..Filter::default()
    };
    let scan = run(&survey, plan, filter);
    assert_eq!(names(&scan), ["a"]);
    assert!(server.asked("/api/v1/pods").is_empty());
}

#[test]
fn one_workload_is_asked_for_by_its_name() {
    let server = Server::start();
    let deployment = json!({
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "securityContext": {"privileged": true}}]}}},
    });
    let path = "/apis/apps/v1/namespaces/shop/deployments";
    server.on(path, [list("Deployment", &[deployment], "")]);
    let cluster = server.connect();
    let plan = plan(&[PRIVILEGED]);
    let survey = cluster
        .survey(
            &plan,
            &Namespaces::default(),
            Some(&target("deployments", "cart")),
        )
        .unwrap();
    assert_eq!(survey.target_kind(), Some("Deployment"));
    let workload = WorkloadName {
        kind: "Deployment".to_owned(),
        name: "cart".to_owned(),
        namespace: Some("shop".to_owned()),
    };
    let filter = Filter {
        workload: Some(workload),
        skip_owned: true,
        ..Filter::default()
    };
    let scan = run(&survey, plan, filter);
    assert_eq!(names(&scan), ["cart"]);
    assert_eq!(
        server.asked(path),
        [format!(
            "{path}?limit=500&fieldSelector=metadata.name%3Dcart"
        )]
    );
    // Other workloads say nothing about this one.
    assert!(server.asked("/api/v1/pods").is_empty());
}

#[test]
fn kinds_that_the_cluster_does_not_have_skip_what_reads_nothing_else() {
    let server = Server::start();
    let psp = LIBRARY_PSP;
    let scan = scan(&server.connect(), &[psp, PRIVILEGED]);
    let (status, info) = verdict(&scan, psp);
    assert_eq!(status, Status::Skipped, "{info}");
    assert!(
        info.contains("the cluster has no PodSecurityPolicy"),
        "{info}"
    );
    assert_eq!(verdict(&scan, PRIVILEGED).0, Status::Passed);
    // That is as it is, and nothing is missing.
    assert!(!scan.is_partial());
    let coverage = scan.outcome.coverage();
    assert_eq!((coverage.judged, coverage.all), (1, 2));
}

/// A control whose only rule reads PodSecurityPolicies only.
const LIBRARY_PSP: &str = "C-0214";

#[test]
fn servers_without_aggregated_discovery_are_asked_version_by_version() {
    let server = Server::start();
    server.on(
        "/api",
        [Answer::Json(
            json!({"kind": "APIVersions", "versions": ["v1"]}).to_string(),
        )],
    );
    let groups = json!({"kind": "APIGroupList", "groups": [
        {"name": "apps", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}},
        {"name": "networking.k8s.io", "versions": [{"version": "v1"}]},
    ]});
    server.on("/apis", [Answer::Json(groups.to_string())]);
    let resources = |resources: serde_json::Value| {
        Answer::Json(json!({"kind": "APIResourceList", "resources": resources}).to_string())
    };
    server.on(
        "/api/v1",
        [resources(json!([
            {"name": "pods", "kind": "Pod", "namespaced": true, "verbs": ["list"]},
            {"name": "pods/log", "kind": "Pod", "namespaced": true, "verbs": ["get"]},
        ]))],
    );
    server.on("/apis/apps/v1", [resources(json!([{"name": "deployments", "kind": "Deployment", "namespaced": true, "verbs": ["list"]}]))]);
    server.on(
        "/apis/networking.k8s.io/v1",
        [Answer::Status(503, "down", Vec::new())],
    );
    server.on("/api/v1/pods", [list("Pod", &[bad_pod("a")], "")]);
    let cluster = server.connect();
    let plan = plan(&[PRIVILEGED, NO_POLICY]);
    let survey = survey(&cluster, &plan);
    let scan = run(&survey, plan, Filter::default());
    assert_eq!(verdict(&scan, PRIVILEGED).0, Status::Failed);
    let (status, info) = verdict(&scan, NO_POLICY);
    assert_eq!(status, Status::Skipped);
    assert!(
        info.contains("NetworkPolicy.networking.k8s.io: discovery failed"),
        "{info}"
    );
    assert!(scan.is_partial());
}

#[test]
fn a_group_whose_server_is_down_does_not_stop_the_others() {
    let server = Server::start();
    let mut groups: serde_json::Value = serde_json::from_str(&discovery(&[(
        "apps",
        &[("Deployment", "deployments", true)],
    )]))
    .unwrap();
    let stale = json!({"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]});
    groups["items"].as_array_mut().unwrap().push(stale);
    server.on("/apis", [Answer::Json(groups.to_string())]);
    server.on("/api/v1/pods", [list("Pod", &[bad_pod("a")], "")]);
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    // Nothing that was asked for is of that group.
    assert_eq!(verdict(&scan, PRIVILEGED).0, Status::Failed);
    assert!(!scan.is_partial());
}

#[test]
fn the_same_cluster_gives_the_same_digest_whatever_came_first() {
    let server = Server::start();
    let pods: Vec<_> = (0..300)
        .map(|number| bad_pod(&format!("p{number:03}")))
        .collect();
    server.on("/api/v1/pods", [list("Pod", &pods, "")]);
    let digests: Vec<_> = (0..3)
        .map(|_| {
            let scan = scan(&server.connect(), &[PRIVILEGED, NO_POLICY]);
            (scan.digest.clone(), names(&scan))
        })
        .collect();
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
}
