//! What goes wrong in the whole chain: results converge, and nothing is lost.

use std::time::{Duration, Instant};

use kubescape_testcluster::Part;

use super::behind::Chain;
use super::cluster::control_plane;
use super::process::Reader;
use super::samples::{PRIVILEGED, deployment};

/// What is logged when results have to wait.
const AWAY: &str = "results cannot be stored";

#[test]
fn results_outlive_a_storage_that_crashes_and_an_api_server_that_restarts() {
    let Some(plane) = control_plane() else {
        return;
    };
    plane.kubectl(&["create", "namespace", "shop"]).unwrap();
    let mut chain = Chain::new(&plane);
    let reader = Reader::new(&plane.kubeconfig());
    plane.apply(&deployment(true)).unwrap();
    reader.wait("deployment-cart", PRIVILEGED, "failed");

    // Given a storage that crashed
    chain.crash_storage();
    // When an object changes meanwhile, one comes and one goes
    plane.apply(&deployment(false)).unwrap();
    plane
        .apply(&deployment(true).replace("cart", "till"))
        .unwrap();
    chain.scanner.wait_for(AWAY);
    let (began, before) = (Instant::now(), chain.scanner.processor());
    plane
        .kubectl(&["delete", "deployment", "cart", "-n", "shop"])
        .unwrap();
    plane.apply(&deployment(false)).unwrap();
    let lines = chain.scanner.lines_within(Duration::from_secs(5));
    // Then the scanner waits without working itself to death
    let busy = (chain.scanner.processor() - before) / began.elapsed().as_secs_f64();
    assert!(busy < 0.5, "{busy:.2} cores while the storage is away");
    assert!(lines.len() < 20, "{}", lines.join("\n"));
    // And when the storage is back, all that was missed is there
    chain.restart_storage();
    plane.wait_for_storage("Available").unwrap();
    reader.wait("deployment-cart", PRIVILEGED, "passed");
    reader.wait("deployment-till", PRIVILEGED, "failed");

    // When the API server restarts, and an object goes before anybody watches again
    plane.restart(Part::ApiServer).unwrap();
    plane
        .kubectl(&["delete", "deployment", "till", "-n", "shop"])
        .unwrap();
    plane.apply(&deployment(true)).unwrap();
    plane.wait_for_storage("Available").unwrap();
    // Then results follow
    let reader = Reader::new(&plane.kubeconfig());
    reader.wait("deployment-cart", PRIVILEGED, "failed");
    reader.wait_gone("deployment-till");
    chain.scanner.stop();
}
