//! Of two operators, one watches and schedules; both take commands.

use serde_json::json;

use crate::common::{Operator, StandIn, until};
use crate::world::World;

pub(crate) fn one(world: &World) {
    world.runtime.block_on(async {
        let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
        let first = Operator::start(world.config(&scanner)).await;
        until(|| *first.role.leading.borrow()).await;
        let second = Operator::start(world.config(&scanner)).await;
        let scan = json!({"commandName": "kubescapeScan", "args": {"scanV1": {}}});
        assert_eq!(second.command(scan).await.0, "done");
        let led = world.get(&["lease", "kubescape-operator", "-n", "kubescape"]);
        // The Lease is renewed by the first, and the second waits.
        until(|| {
            let lease = world.get(&["lease", "kubescape-operator", "-n", "kubescape"]);
            lease["spec"]["renewTime"] != led["spec"]["renewTime"]
        })
        .await;
        assert!(*first.role.leading.borrow() && !*second.role.leading.borrow());
        // When the first ends, it gives the Lease up.
        first.stop().await;
        until(|| *second.role.leading.borrow()).await;
        second.stop().await;
    });
}
