//! Through a real kube-apiserver, which hands requests on to our storage.
//!
//! Runs when the programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`.

use std::path::PathBuf;
use std::sync::Arc;

use kubescape_runtime::config::Env;
use kubescape_runtime::tls::OwnCa;
use kubescape_sink::kube_store;
use kubescape_storage::{Config, Flags};
use kubescape_testcluster::{Cluster, storage_at};

use crate::storage::{client, pass, results, writer};

const GROUP: &str = "spdx.softwarecomposition.kubescape.io";

fn control_plane() -> Option<Cluster> {
    let asked = |name| std::env::var_os(name).is_some();
    if asked("KUBESCAPE_TEST_CLUSTER") || asked("KUBESCAPE_TEST_BINARIES") {
        return Some(Cluster::start().unwrap());
    }
    println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
    None
}

/// What the storage needs, and a scanner that may do all, or all but batches.
fn rights() -> String {
    let mut text = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: 'storage:system:auth-delegator'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:auth-delegator'}
subjects: [{kind: ServiceAccount, name: storage, namespace: kubescape}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: storage-auth-reader, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: storage, namespace: kubescape}]
",
    );
    let batches = format!(
        ", {{apiGroups: [{GROUP}], resources: [configurationscanbatches], verbs: [create]}}"
    );
    for (name, more) in [("scanner", batches.as_str()), ("plain", "")] {
        text.push_str(&format!(
            "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [{GROUP}], resources: [workloadconfigurationscans, workloadconfigurationscansummaries], verbs: [list, create, patch, delete]}}{more}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: kubescape}}]
"
        ));
    }
    text
}

fn flags(data: PathBuf, kubeconfig: PathBuf, listen: String) -> Flags {
    Flags {
        standalone: false,
        write_kubeconfig: None,
        listen: Some(listen),
        kubeconfig: Some(kubeconfig),
        data_dir: Some(data),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_arrive_through_the_aggregator_with_batches_and_without() {
    let Some(cluster) = control_plane() else {
        return;
    };
    // Given our storage behind kube-apiserver, and two scanners
    let folder = tempfile::tempdir().unwrap();
    cluster
        .kubectl(&["create", "namespace", "kubescape"])
        .unwrap();
    let accounts = ["storage", "scanner", "plain"];
    let [storage, scanner, plain] =
        accounts.map(|name| cluster.account_kubeconfig("kubescape", name).unwrap());
    cluster.apply(&rights()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let data = folder.path().join("data");
    let flags = flags(data.clone(), storage, format!("127.0.0.1:{port}"));
    let env = Env::from_pairs([("NAMESPACE", "kubescape")]);
    let config = Config::read(flags, &env).unwrap();
    let (told, started) = tokio::sync::oneshot::channel();
    let role = tokio::spawn(kubescape_storage::run(config, move |_| {
        told.send(()).unwrap();
    }));
    started.await.unwrap();
    let ca = OwnCa::open_or_create(&data.join("ca.pem"), std::time::SystemTime::now());
    let bundle = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(ca.unwrap().bundle_pem())
    };
    // When writers begin before the group is even registered
    let scanner = writer(Arc::new(kube_store(client(&scanner).await)));
    let plain = writer(Arc::new(kube_store(client(&plain).await)));
    cluster.apply(&storage_at(port, Some(&bundle))).unwrap();
    scanner.idle().await;
    // Then all arrives, nothing twice
    let report = pass(&scanner, results(100)).await;
    assert_eq!(
        (report.written, report.refused.len()),
        (200, 0),
        "{report:?}"
    );
    plain.refresh();
    plain.idle().await;
    let report = pass(&plain, results(100)).await;
    assert_eq!((report.written, report.unchanged), (0, 200), "{report:?}");
    // One by one, too, and the other way round
    let report = pass(&plain, results(120)).await;
    assert_eq!(
        (report.written, report.refused.len()),
        (40, 0),
        "{report:?}"
    );
    scanner.refresh();
    scanner.idle().await;
    let report = pass(&scanner, results(80)).await;
    assert_eq!(
        (report.deleted, report.refused.len()),
        (80, 0),
        "{report:?}"
    );
    let said = cluster
        .kubectl(&["get", "workloadconfigurationscansummaries", "-A"])
        .unwrap();
    assert!(said.starts_with("NAMESPACE"), "{said}");
    assert_eq!(said.lines().count(), 81, "{said}");
    assert!(said.contains("deployment-shop-79"), "{said}");
    role.abort();
}
