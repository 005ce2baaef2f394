//! Scans of images of workloads that are there.

use kubescape_operator::Config;
use serde_json::{Value, json};

use crate::common::{Heard, Operator, StandIn, golden};
use crate::world::World;

async fn scanner() -> StandIn {
    StandIn::start(|_| (200, json!({}))).await
}

fn sorted(mut heard: Vec<Heard>) -> Vec<Value> {
    heard.sort_by_key(|one| one.body["wlid"].to_string());
    let bodies = heard.into_iter().map(|one| {
        assert_eq!(one.line, "POST /v1/scanImage");
        one.body
    });
    bodies.collect()
}

/// The last parts of a ReplicaSet's name differ from run to run.
fn plain(mut body: Value) -> Value {
    let instance = body["instanceID"].as_str().unwrap();
    assert!(
        instance.starts_with("replicaset-") || instance.starts_with("pod-"),
        "{instance}"
    );
    body["instanceID"] = json!(instance.split('-').next());
    body
}

pub(crate) fn scoped(world: &World) {
    world.kubectl(&["create", "namespace", "shop"]);
    world.kubectl(&[
        "create",
        "secret",
        "docker-registry",
        "pull",
        "-n",
        "shop",
        "--docker-server=reg.example",
        "--docker-username=u",
        "--docker-password=p",
    ]);
    world.kubectl(&[
        "create",
        "secret",
        "docker-registry",
        "other",
        "-n",
        "shop",
        "--docker-server=other.example",
        "--docker-username=x",
        "--docker-password=y",
    ]);
    // The API server makes a Secret's data of stringData.
    world.apply(&json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "kubescape-registry-scan-1", "namespace": "kubescape"},
        "stringData": {"registriesAuth": json!([
            {"registry": "reg.example", "username": "u2", "password": "p2"},
            {"registry": "example", "username": "evil", "password": "p3"}]).to_string()}}));
    world.deploy(
        "shop",
        "cart",
        3,
        &json!({"imagePullSecrets": [{"name": "pull"}, {"name": "other"}]}),
    );
    world.deploy("shop", "pay", 1, &json!({}));
    world.apply(&json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "alone", "namespace": "shop"},
        "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}));
    world.run("shop", "alone", "nginx@sha256:alone");
    let cron = [
        "create",
        "cronjob",
        "report",
        "--image=x",
        "--schedule=0 1 * * *",
        "-n",
        "shop",
    ];
    world.kubectl(&cron);
    world.kubectl(&[
        "create",
        "job",
        "report-1",
        "--from=cronjob/report",
        "-n",
        "shop",
    ]);
    world.runtime.block_on(async {
        let scanner = scanner().await;
        let operator = Operator::start(world.config(&scanner)).await;
        let scan = json!({"commandName": "scan",
            "designators": [{"designatorType": "Attributes", "attributes": {"namespace": "shop"}}]});
        let (status, message) = operator.command(scan).await;
        assert_eq!((status.as_str(), message.as_str()), ("done", "3 workloads"));
        // Three replicas are one workload, and a CronJob's pods none.
        let heard = vec![scanner.next().await, scanner.next().await, scanner.next().await];
        assert!(scanner.is_silent());
        let bodies: Vec<Value> = sorted(heard).into_iter().map(plain).collect();
        golden("image-scans.json", &json!(bodies));
        // The jobs of the workloads know their parent.
        let jobs = operator.role.jobs.newest(10);
        assert_eq!(jobs.iter().filter(|job| job.parent == "job-0").count(), 3);
        // Selectors choose.
        let chosen = json!({"commandName": "scan", "wildWlid": "wlid://cluster-prod",
            "args": {"labels": {"app": "pay"}}});
        assert_eq!(operator.command(chosen).await.1, "1 workloads");
        assert!(scanner.next().await.body["wlid"].as_str().unwrap().ends_with("/deployment-pay"));
        // What is not there is said.
        let none = json!({"commandName": "scan", "wlid": "wlid://cluster-prod/namespace-shop/deployment-none"});
        let (status, message) = operator.command(none).await;
        assert_eq!((status.as_str(), message.as_str()), ("failure", "there is no Deployment shop/none"));
        operator.stop().await;
    });
    world.kubectl(&["delete", "namespace", "shop", "--wait=false"]);
}

/// More pods than fit on two pages, each a workload of its own.
pub(crate) fn pages(world: &World) {
    const PODS: usize = 1100;
    world.kubectl(&["create", "namespace", "large"]);
    let pods: Vec<Value> = (0..PODS)
        .map(|at| {
            json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("pod-{at}"), "namespace": "large", "labels": {"app": "many"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}})
        })
        .collect();
    let file = world.file(&json!({"apiVersion": "v1", "kind": "List", "items": pods}));
    world.kubectl(&["create", "--validate=false", "-f", file.to_str().unwrap()]);
    world.runtime.block_on(async {
        let scanner = scanner().await;
        let operator = Operator::start(world.config(&scanner)).await;
        let begun = std::time::Instant::now();
        let scan =
            json!({"commandName": "scan", "wildWlid": "wlid://cluster-prod/namespace-large"});
        let (status, message) = operator.command(scan).await;
        println!("a scope of {PODS} workloads took {:?}", begun.elapsed());
        assert_eq!(
            (status, message),
            ("done".to_owned(), format!("{PODS} workloads"))
        );
        assert!(scanner.is_silent(), "none of them runs");
        operator.stop().await;
    });
    world.kubectl(&["delete", "namespace", "large", "--wait=false"]);
}

pub(crate) fn new(world: &World) {
    world.kubectl(&["create", "namespace", "bank"]);
    world.deploy("bank", "desk", 2, &json!({}));
    world.runtime.block_on(async {
        let scanner = scanner().await;
        let config = Config {
            new_image_scan: true,
            include_namespaces: vec!["bank".to_owned()],
            ..world.config(&scanner)
        };
        let operator = Operator::start(config).await;
        // What runs already is scanned once.
        let first = scanner.next().await.body;
        assert_eq!(
            first["wlid"],
            "wlid://cluster-prod/namespace-bank/deployment-desk"
        );
        assert_eq!(first["imageHash"], "reg.example/desk@sha256:desk");
        // A workload that comes is scanned.
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                scope
                    .spawn(|| world.deploy("bank", "safe", 1, &json!({})))
                    .join()
                    .unwrap()
            })
        });
        let second = scanner.next().await.body;
        assert_eq!(
            second["wlid"],
            "wlid://cluster-prod/namespace-bank/deployment-safe"
        );
        // So is a new image of one that is known.
        let pod = world
            .names(&["pods", "-n", "bank", "-l", "app=safe"])
            .remove(0);
        world.run("bank", &pod, "reg.example/safe@sha256:other");
        let third = scanner.next().await.body;
        assert_eq!(third["imageHash"], "reg.example/safe@sha256:other");
        assert!(scanner.is_silent());
        operator.stop().await;
    });
    world.kubectl(&["delete", "namespace", "bank", "--wait=false"]);
}
