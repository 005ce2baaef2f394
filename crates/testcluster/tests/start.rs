//! The control plane lives: objects are kept and controllers act on them.
//!
//! Runs when the programs are there or may be built: with
//! `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

use std::time::{Duration, Instant};

use kubescape_testcluster::Cluster;

#[test]
fn a_namespace_gets_its_service_account_from_a_controller() {
    if std::env::var_os("KUBESCAPE_TEST_CLUSTER").is_none()
        && std::env::var_os("KUBESCAPE_TEST_BINARIES").is_none()
    {
        println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
        return;
    }
    let cluster = Cluster::start().unwrap();
    cluster.kubectl(&["create", "namespace", "shop"]).unwrap();
    let start = Instant::now();
    while let Err(error) = cluster.kubectl(&["-n", "shop", "get", "serviceaccount", "default"]) {
        assert!(start.elapsed() < Duration::from_mins(1), "{error}");
    }
}
