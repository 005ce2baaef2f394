//! The cleanup beside a real control plane.
//!
//! Runs when its programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use kubescape_api::Resource;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::{Phase, Shutdown};
use kubescape_store::{Change, Filter, Key, SqliteOptions, SqliteStore, Store};
use kubescape_testcluster::Cluster;
use serde_json::{Value, json};

use crate::cleanup::{Cleanup, CleanupLease, CleanupOptions};
use crate::cleanup::{LEASE, Lock};

const PATIENCE: Duration = Duration::from_mins(2);
const IMAGE: &str = "reg.example/cart@sha256:0123456789abcdef";

/// Of the account, which may see all but Secrets.
const ACCESS: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: storage}
rules:
- apiGroups: [""]
  resources: [pods, services, configmaps]
  verbs: [list, watch]
- apiGroups: [apps, batch]
  resources: ["*"]
  verbs: [list, watch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: storage}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: storage}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: storage}
"#;

const CART: &str = r#"
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      automountServiceAccountToken: false
      containers: [{name: cart, image: "reg.example/cart:1"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: shop}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: dump, image: dump}]}
"#;

fn wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some();
    let wanted = set("KUBESCAPE_TEST_CLUSTER") || set("KUBESCAPE_TEST_BINARIES");
    if !wanted {
        println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
    }
    wanted
}

fn apply(cluster: &Cluster, folder: &Path, text: &str) {
    let file = folder.join("objects.yaml");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    cluster.kubectl(&["apply", "-f", &file]).unwrap();
}

/// Asks until the answer is not empty. kubectl takes long enough not to spin.
fn until(cluster: &Cluster, arguments: &[&str]) -> String {
    let start = Instant::now();
    loop {
        match cluster.kubectl(arguments) {
            Ok(text) if !text.is_empty() => return text,
            other => assert!(start.elapsed() < PATIENCE, "{arguments:?}: {other:?}"),
        }
    }
}

async fn client(cluster: &Cluster, user: Option<&str>) -> Client {
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .unwrap();
    config.auth_info.impersonate = user.map(str::to_owned);
    Client::try_from(config).unwrap()
}

async fn put(store: &dyn Store, resource: &str, name: &str, metadata: Value) {
    let mut metadata = metadata;
    metadata["name"] = name.into();
    metadata["namespace"] = "shop".into();
    metadata["uid"] = format!("{resource}-{name}").into();
    let object = json!({"metadata": metadata, "spec": {}});
    let draft = crate::draft::draft(Resource::by_plural(resource).unwrap(), &object);
    store.commit(vec![Change::Create(draft)]).await.unwrap();
}

fn wlid(workload: &str) -> Value {
    let wlid = format!("wlid://cluster-prod/namespace-shop/{workload}");
    json!({"annotations": {"kubescape.io/wlid": wlid}})
}

/// Everything that knows about the pod of `cart`, and some other objects.
async fn fill(store: &dyn Store, replica_set: &str, hash: &str) {
    for workload in ["deployment-cart", "deployment-gone", "secret-token"] {
        put(
            store,
            "workloadconfigurationscans",
            workload,
            wlid(workload),
        )
        .await;
    }
    for container in ["dump", "old"] {
        let mut metadata = wlid("cronjob-backup");
        metadata["labels"] = json!({"kubescape.io/workload-container-name": container});
        let name = format!("cronjob-backup-{container}");
        put(store, "vulnerabilitymanifestsummaries", &name, metadata).await;
    }
    for (name, image) in [("cart", IMAGE), ("gone", "reg.example/gone@sha256:1")] {
        let metadata = json!({"annotations": {"kubescape.io/image-id": image}});
        put(store, "sbomspdxv2p3s", name, metadata).await;
    }
    let instance = format!("apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-{replica_set}");
    let metadata = json!({"annotations": {
        "kubescape.io/instance-id": format!("{instance}/containerName-cart"),
        "kubescape.io/image-id": IMAGE,
    }});
    put(store, "vulnerabilitymanifests", "cart", metadata).await;
    for (name, hash) in [("cart", hash), ("old", "0ld")] {
        let mut metadata = wlid("deployment-cart");
        metadata["labels"] = json!({"kubescape.io/instance-template-hash": hash});
        put(store, "networkneighborhoods", name, metadata).await;
    }
}

/// Names of what is stored.
async fn names(store: &dyn Store) -> Vec<String> {
    let mut names = Vec::new();
    for (resource, _) in crate::cleanup::rule::RULES {
        let query = kubescape_store::Query::new(Filter::all(*resource), 100);
        let page = store.list(&query).await.unwrap();
        names.extend(page.items.iter().map(|one| one.meta.key.to_string()));
    }
    names
}

async fn until_gone(store: &dyn Store, resource: &str, name: &str) {
    let key = Key::new(resource, "shop", name);
    let now = store.resource_version().await.unwrap();
    // Before looking, so that nothing is missed.
    let mut watch = store.subscribe(Filter::all(resource), now).await.unwrap();
    while store.metadata(&key).await.unwrap().is_some() {
        tokio::time::timeout(PATIENCE, watch.next())
            .await
            .unwrap_or_else(|_| panic!("{key} is still there"))
            .unwrap();
    }
}

/// A running pod of `cart` without a kubelet: its name, ReplicaSet and hash.
fn run_cart(cluster: &Cluster, folder: &Path) -> (String, String, String) {
    let pods = ["-n", "shop", "get", "pods", "-o"];
    let ask = |path: &str| {
        let output = format!("jsonpath={{{path}}}");
        until(cluster, &[&pods[..], &[&output]].concat())
    };
    let pod = ask(".items[0].metadata.name");
    let replica_set = ask(".items[0].metadata.ownerReferences[0].name");
    let hash = ask(r".items[0].metadata.labels.pod-template-hash");
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": pod}, "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"}
    });
    let file = folder.join("binding.json");
    std::fs::write(&file, binding.to_string()).unwrap();
    let path = format!("/api/v1/namespaces/shop/pods/{pod}/binding");
    let file = file.display().to_string();
    cluster
        .kubectl(&["create", "--raw", &path, "-f", &file])
        .unwrap();
    let status = json!({"status": {"phase": "Running", "containerStatuses": [{
        "name": "cart", "image": "reg.example/cart:1", "imageID": IMAGE, "ready": true,
        "restartCount": 0, "state": {"running": {"startedAt": "2024-01-02T03:04:05Z"}}
    }]}});
    let status = status.to_string();
    cluster
        .kubectl(&[
            "-n",
            "shop",
            "patch",
            "pod",
            &pod,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ])
        .unwrap();
    (pod, replica_set, hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cluster_does_not_have_any_more_goes() {
    if !wanted() {
        return;
    }
    // Given a running Deployment, what is stored about it, and stale objects
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start().unwrap();
    cluster.kubectl(&["create", "namespace", "shop"]).unwrap();
    apply(&cluster, folder.path(), ACCESS);
    until(
        &cluster,
        &[
            "-n",
            "shop",
            "get",
            "serviceaccount",
            "default",
            "-o",
            "name",
        ],
    );
    apply(&cluster, folder.path(), CART);
    let (pod, replica_set, hash) = run_cart(&cluster, folder.path());
    let path = folder.path().join("storage.sqlite");
    let store = Arc::new(SqliteStore::open(SqliteOptions::new(path)).unwrap());
    fill(&*store, &replica_set, &hash).await;

    // When the cleanup runs as a user who may not see Secrets
    let options = CleanupOptions {
        workload_grace: Duration::ZERO,
        image_grace: Duration::ZERO,
        lease: Some(CleanupLease {
            namespace: "default".to_owned(),
            identity: "storage-0".to_owned(),
        }),
        ..CleanupOptions::default()
    };
    let registry = Registry::new();
    let as_storage = client(&cluster, Some("storage")).await;
    let shared: Arc<dyn Store> = store.clone();
    let mut cleanup = Cleanup::new(shared, as_storage.clone(), options, &registry);
    cleanup.pace.gap = Duration::ZERO;
    cleanup.pace.share = 0;
    let (trigger, shutdown) = Shutdown::new();
    let running = tokio::spawn(cleanup.run(shutdown));

    // Then what was stale goes, and nothing else
    for (resource, name) in [
        ("networkneighborhoods", "old"),
        ("sbomspdxv2p3s", "gone"),
        ("vulnerabilitymanifestsummaries", "cronjob-backup-old"),
        ("workloadconfigurationscans", "deployment-gone"),
    ] {
        until_gone(&*store, resource, name).await;
    }
    assert_eq!(
        names(&*store).await,
        [
            "networkneighborhoods/shop/cart",
            "sbomspdxv2p3s/shop/cart",
            "vulnerabilitymanifests/shop/cart",
            "vulnerabilitymanifestsummaries/shop/cronjob-backup-dump",
            "workloadconfigurationscans/shop/deployment-cart",
            "workloadconfigurationscans/shop/secret-token",
        ]
    );

    // And when the Deployment goes, so does what is about it
    let leases: Api<Lease> = Api::namespaced(client(&cluster, None).await, "default");
    let holder = leases
        .get(LEASE)
        .await
        .unwrap()
        .spec
        .unwrap()
        .holder_identity;
    assert_eq!(holder.as_deref(), Some("storage-0"));
    let shop = ["-n", "shop", "delete"];
    cluster
        .kubectl(&[&shop[..], &["deployment", "cart"]].concat())
        .unwrap();
    until_gone(&*store, "workloadconfigurationscans", "deployment-cart").await;
    // No kubelet ends the pod.
    cluster
        .kubectl(&[&shop[..], &["pod", &pod, "--grace-period=0", "--force"]].concat())
        .unwrap();
    for resource in [
        "networkneighborhoods",
        "sbomspdxv2p3s",
        "vulnerabilitymanifests",
    ] {
        until_gone(&*store, resource, "cart").await;
    }

    trigger.advance(Phase::Draining);
    tokio::time::timeout(PATIENCE, running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        names(&*store).await,
        [
            "vulnerabilitymanifestsummaries/shop/cronjob-backup-dump",
            "workloadconfigurationscans/shop/secret-token",
        ]
    );
    let text = registry.text();
    let line = "kubescape_storage_cleanup_incomplete{kind=\"Secret\"} 1";
    assert!(text.lines().any(|one| one == line), "{text}");
    one_of_two_holds_the_lease(&leases, &as_storage).await;
}

async fn one_of_two_holds_the_lease(leases: &Api<Lease>, client: &Client) {
    // The cleanup gave it up at its end.
    let spec = leases.get(LEASE).await.unwrap().spec.unwrap();
    assert_eq!(spec.holder_identity.as_deref(), Some(""));
    let lock = |name: &str| Lock::new(client.clone(), "default", LEASE, name.to_owned());
    let (mut one, mut other) = (lock("one"), lock("other"));
    assert!(one.hold().await.unwrap());
    assert!(!other.hold().await.unwrap());
    assert!(one.hold().await.unwrap());
    other.release().await.unwrap();
    assert!(!other.hold().await.unwrap());
    one.release().await.unwrap();
    assert!(other.hold().await.unwrap());
    assert!(!one.hold().await.unwrap());
}
