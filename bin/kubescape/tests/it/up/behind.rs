//! Storage behind the aggregator of a real API server, and a scanner that follows the
//! cluster.

use kubescape_testcluster::Cluster;

use super::cluster::apply;
use super::process::{Folder, Process};

/// The roles as the chart runs them.
pub(crate) struct Chain {
    pub(crate) folder: Folder,
    pub(crate) storage: Process,
    pub(crate) scanner: Process,
    kubeconfig: String,
    /// Where the storage listens.
    address: String,
}

impl Chain {
    /// Starts both and registers the storage.
    pub(crate) fn new(plane: &Cluster) -> Self {
        let folder = Folder::new();
        let kubeconfig = plane.kubeconfig().to_str().unwrap().to_owned();
        std::fs::create_dir(folder.path("config")).unwrap();
        folder.write(
            "config/clusterData.json",
            r#"{"namespace":"kubescape","clusterName":"prod","continuousPostureScan":true}"#,
        );
        let storage = role("storage", &kubeconfig, "127.0.0.1:0", &folder);
        let line = storage.wait_for("the storage serves");
        let port = line.split("127.0.0.1:").nth(1).unwrap();
        let port = port.split('"').next().unwrap().to_owned();
        register(plane, &folder, &port);
        let scanner = role("scanner", &kubeconfig, "127.0.0.1:0", &folder);
        scanner.wait_for("the scanner serves");
        Self {
            folder,
            storage,
            scanner,
            kubeconfig,
            address: format!("127.0.0.1:{port}"),
        }
    }

    /// Kills the storage as a crash would.
    pub(crate) fn crash_storage(&mut self) {
        self.storage.kill();
    }

    /// Starts it again where it was.
    pub(crate) fn restart_storage(&mut self) {
        self.storage = role("storage", &self.kubeconfig, &self.address, &self.folder);
        self.storage.wait_for("the storage serves");
    }
}

fn role(name: &str, kubeconfig: &str, listen: &str, folder: &Folder) -> Process {
    let arguments = [
        name,
        "--kubeconfig",
        kubeconfig,
        "--data-dir",
        "data",
        "--listen",
        listen,
    ];
    Process::start(&arguments, folder.root())
}

fn register(plane: &Cluster, folder: &Folder, port: &str) {
    let manifests = format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: kubescape}}
---
apiVersion: v1
kind: Service
metadata: {{name: storage, namespace: kubescape}}
spec: {{type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1beta1.spdx.softwarecomposition.kubescape.io}}
spec:
  group: spdx.softwarecomposition.kubescape.io
  version: v1beta1
  groupPriorityMinimum: 1000
  versionPriority: 15
  insecureSkipTLSVerify: true
  service: {{name: storage, namespace: kubescape, port: {port}}}
"
    );
    apply(plane, folder, &manifests);
    available(plane);
}

/// Waits until the API server finds the storage.
pub(crate) fn available(plane: &Cluster) {
    plane
        .kubectl(&[
            "wait",
            "apiservice",
            "v1beta1.spdx.softwarecomposition.kubescape.io",
            "--for=condition=Available",
            "--timeout=60s",
        ])
        .unwrap();
}
