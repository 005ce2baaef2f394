//! `kubescape up` on a real cluster, and the roles behind its API server.

use kubescape_testcluster::Cluster;

use super::behind::Chain;
use super::process::{Folder, Reader};
use super::samples::{EXPOSED, PRIVILEGED, SERVICE, deployment};

/// A real control plane, where there is one.
pub(crate) fn control_plane() -> Option<Cluster> {
    let wanted = ["KUBESCAPE_TEST_CLUSTER", "KUBESCAPE_TEST_BINARIES"];
    if wanted.iter().all(|name| std::env::var_os(name).is_none()) {
        return None;
    }
    Some(Cluster::start().unwrap())
}

/// What every way of running shows of a cluster.
pub(crate) fn a_cluster_is_followed(plane: &Cluster, reader: &Reader) {
    plane.apply(&deployment(true)).unwrap();
    reader.wait("deployment-cart", PRIVILEGED, "failed");
    plane.apply(&deployment(false)).unwrap();
    reader.wait("deployment-cart", PRIVILEGED, "passed");
    plane.apply(SERVICE).unwrap();
    reader.wait("deployment-cart", EXPOSED, "failed");
    plane
        .kubectl(&["delete", "service", "cart", "-n", "shop"])
        .unwrap();
    reader.wait("deployment-cart", EXPOSED, "passed");
    plane
        .kubectl(&["delete", "deployment", "cart", "-n", "shop"])
        .unwrap();
    reader.wait_gone("deployment-cart");
}

#[test]
fn a_real_cluster_is_scanned_as_it_changes() {
    let Some(plane) = control_plane() else { return };
    plane.kubectl(&["create", "namespace", "shop"]).unwrap();

    let folder = Folder::new();
    let kubeconfig = plane.kubeconfig();
    let process = folder.start_over(["--kubeconfig", kubeconfig.to_str().unwrap()]);
    process.wait_for("\"msg\":\"up\"");
    let reader = Reader::new(&folder.path("data/kubeconfig"));
    a_cluster_is_followed(&plane, &reader);
    process.stop();

    behind_its_api_server(&plane);
}

/// As the chart runs it.
fn behind_its_api_server(plane: &Cluster) {
    let chain = Chain::new(plane);
    let reader = Reader::new(&plane.kubeconfig());
    a_cluster_is_followed(plane, &reader);
    let shown = plane
        .kubectl(&["get", "workloadconfigurationscansummaries", "-A"])
        .unwrap();
    assert!(shown.contains("namespace-shop"), "{shown}");
    chain.scanner.stop();
}
