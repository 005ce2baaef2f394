//! The API server restarts, leaders are killed: nothing is lost, nothing is done twice.

use std::collections::BTreeMap;

use kubescape_operator::Config;
use kubescape_testcluster::Part;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::common::{Operator, StandIn, until};
use crate::orders::{self, SCAN, install, order};
use crate::world::World;

async fn scanner() -> StandIn {
    StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await
}

/// An operator that scans the images of one namespace.
fn config(world: &World, scanner: &StandIn, namespace: &str) -> Config {
    Config {
        new_image_scan: true,
        include_namespaces: vec![namespace.to_owned()],
        ..world.config(scanner)
    }
}

/// What was asked for until now, and how often: workloads' scans, and other lines.
async fn asked(scanner: &StandIn) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    while !scanner.is_silent() {
        let heard = scanner.next().await;
        let wlid = heard.body["wlid"].as_str().map(str::to_owned);
        *asked.entry(wlid.unwrap_or(heard.line)).or_default() += 1;
    }
    asked
}

fn wlid(namespace: &str, name: &str) -> String {
    format!("wlid://cluster-prod/namespace-{namespace}/deployment-{name}")
}

pub(crate) fn restart(world: &World) {
    install(world);
    world.kubectl(&["create", "namespace", "dock"]);
    world.deploy("dock", "old", 2, &json!({}));
    world.runtime.block_on(async {
        // Given an operator that watches pods and objects, and has scanned what there is.
        let scanner = scanner().await;
        let operator = Operator::start(config(world, &scanner, "dock")).await;
        until(|| !scanner.is_silent()).await;
        assert_eq!(
            asked(&scanner).await,
            BTreeMap::from([(wlid("dock", "old"), 1)])
        );
        // When the API server is away, commands that need it fail, and say so.
        world.aside(|world| world.cluster.stop(Part::ApiServer));
        let scan = json!({"commandName": "scan", "wildWlid": "wlid://cluster-prod/namespace-dock"});
        let (status, message) = operator.command(scan.clone()).await;
        assert_eq!(status, "failure");
        assert!(message.starts_with("cannot list pods"), "{message}");
        // Others do not need it.
        let posture = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
        assert_eq!(operator.command(posture).await.0, "done");
        asked(&scanner).await;
        // When it is back, what is new is found, and what is known is not scanned again.
        world.aside(|world| world.cluster.restart(Part::ApiServer).unwrap());
        world.aside(|world| world.deploy("dock", "new", 1, &json!({})));
        world.apply(&order("after", "OperatorAPI", SCAN));
        until(|| orders::status(world, "after")["completed"] == json!(true)).await;
        let jobs = operator.role.jobs.clone();
        until(|| {
            let jobs = jobs.newest(100);
            let new = wlid("dock", "new");
            jobs.iter()
                .any(|job| job.target == new && job.state.is_over())
        })
        .await;
        let expected = BTreeMap::from([
            (wlid("dock", "new"), 1),
            ("POST /v1/scan?keep=false".to_owned(), 1),
        ]);
        assert_eq!(asked(&scanner).await, expected);
        until(|| *operator.role.leading.borrow()).await;
        // And scopes can be read as ever.
        let (status, message) = operator.command(scan).await;
        assert_eq!((status.as_str(), message.as_str()), ("done", "2 workloads"));
        operator.stop().await;
    });
    world.kubectl(&["delete", "namespace", "dock", "--wait=false"]);
    world.kubectl(&["delete", "opcmd", "--all", "-n", "kubescape"]);
}

pub(crate) fn killed(world: &World) {
    install(world);
    world.kubectl(&["create", "namespace", "yard"]);
    // Given a leader, and another that waits.
    let first = Runtime::new().unwrap();
    let scanner = world.runtime.block_on(scanner());
    let leader = first.block_on(Operator::start(config(world, &scanner, "yard")));
    world.runtime.block_on(async {
        until(|| *leader.role.leading.borrow()).await;
        let second = Operator::start(config(world, &scanner, "yard")).await;
        // When the leader is killed, it says goodbye to nobody.
        first.shutdown_background();
        drop(leader);
        // What comes while nobody leads is not lost.
        world.apply(&order("between", "OperatorAPI", SCAN));
        world.aside(|world| world.deploy("yard", "crane", 1, &json!({})));
        until(|| *second.role.leading.borrow()).await;
        until(|| orders::status(world, "between")["completed"] == json!(true)).await;
        let jobs = second.role.jobs.clone();
        let crane = wlid("yard", "crane");
        until(|| {
            let jobs = jobs.newest(100);
            jobs.iter()
                .any(|job| job.target == crane && job.state.is_over())
        })
        .await;
        let expected = BTreeMap::from([(crane, 1), ("POST /v1/scan?keep=false".to_owned(), 1)]);
        assert_eq!(asked(&scanner).await, expected);
        second.stop().await;
    });
    world.kubectl(&["delete", "namespace", "yard", "--wait=false"]);
    world.kubectl(&["delete", "opcmd", "--all", "-n", "kubescape"]);
}
