//! Storage behind the aggregator of a real API server, and a scanner that follows the
//! cluster.

use kubescape_testcluster::{Cluster, storage_at};

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
        register(plane, &port);
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

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubescape}\n";

fn register(plane: &Cluster, port: &str) {
    plane.apply(NAMESPACE).unwrap();
    plane.apply(&storage_at(port, None)).unwrap();
    plane.wait_for_storage("Available").unwrap();
}
