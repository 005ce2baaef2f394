//! The cluster of all stories: a control plane, our server behind it, kubectls.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use kubescape_testcluster::{Cluster, Part, storage_at};
use tempfile::TempDir;

use crate::bouncer::Bouncer;
use crate::kubectl::Kubectl;
use crate::patience::until;
use crate::server::Server;

pub(crate) const GROUP: &str = "spdx.softwarecomposition.kubescape.io";

/// Everything that stories need.
pub(crate) struct World {
    // Stopped in this order.
    pub(crate) storage: Server,
    pub(crate) bouncer: Bouncer,
    pub(crate) cluster: Cluster,
    pub(crate) kubectl: Kubectl,
    pub(crate) folder: TempDir,
}

impl World {
    /// Starts the control plane and our server, and registers it.
    pub(crate) fn start() -> Self {
        let cluster = Cluster::start().unwrap();
        let kubectl = Kubectl::new(&cluster.program("kubectl"), &cluster.kubeconfig());
        kubectl.ok(&["create", "namespace", "kubescape"]);
        let account = cluster.account_kubeconfig("kubescape", "storage").unwrap();
        kubectl.ok_with(&["apply", "-f", "-"], RIGHTS);
        let storage = Server::start(Some(account));
        let bouncer = Bouncer::before(storage.address());
        let world = Self {
            storage,
            bouncer,
            cluster,
            kubectl,
            folder: tempfile::tempdir().unwrap(),
        };
        world.register();
        // Garbage collection and quota look for new resources twice a minute;
        // at their start they look at once.
        world.cluster.restart(Part::Controllers).unwrap();
        world
    }

    fn register(&self) {
        let bundle = base64::engine::general_purpose::STANDARD.encode(self.storage.authority());
        let text = storage_at(self.bouncer.port(), Some(&bundle));
        self.kubectl.ok_with(&["apply", "-f", "-"], &text);
        self.wait_until_served();
    }

    /// Waits until kube-apiserver hands requests on to us, and we answer them.
    pub(crate) fn wait_until_served(&self) {
        until("the group is served", || {
            let path = format!("/apis/{GROUP}/v1beta1/knownservers");
            self.kubectl.ask(&["get", "--raw", &path])
        });
    }

    /// Starts our server after it was stopped.
    pub(crate) fn bring_back(&self) {
        self.storage.up();
        self.wait_until_served();
    }

    /// A new namespace.
    pub(crate) fn namespace(&self, name: &str) -> String {
        self.kubectl.ok(&["create", "namespace", name]);
        name.to_owned()
    }

    /// A program of `tests/NAME`, built with Go.
    pub(crate) fn go_program(&self, name: &str) -> PathBuf {
        let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests");
        let built = self.folder.path().join(name);
        if !built.is_file() {
            let status = Command::new("go")
                .current_dir(sources.join(name))
                .env("CGO_ENABLED", "0")
                .args(["build", "-p", "2", "-trimpath", "-buildvcs=false", "-o"])
                .arg(&built)
                .arg(".")
                .status()
                .expect("Go is there: install 1.24 or newer");
            assert!(status.success(), "go build of tests/{name}: {status}");
        }
        built
    }
}

/// What the chart gives to the service account of the storage.
const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
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
";
