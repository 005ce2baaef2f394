//! An operator with nothing to do does nothing: with a cluster, without rights in it, and
//! while it is away.

use std::time::{Duration, Instant};

use kubescape_operator::Config;
use kubescape_testcluster::Part;
use serde_json::json;

use crate::common::{Operator, StandIn, until};
use crate::world::World;

/// How long is looked at; the ratio counts, not the time.
const WINDOW: Duration = Duration::from_secs(4);
/// The most of one processor. A loop without a pause takes all of it.
const MOST: f64 = 0.1;

/// The processor time of this process, in seconds: its 14th and 15th numbers, in ticks
/// of which Linux has 100 a second.
fn used() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name, in brackets, may hold spaces.
    let rest = text.rsplit_once(')').unwrap().1;
    let numbers: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = numbers[11..13]
        .iter()
        .map(|one| one.parse::<u64>().unwrap())
        .sum();
    f64::from(u32::try_from(ticks).unwrap()) / 100.0
}

/// The share of one processor that this process takes for a while.
async fn busy() -> f64 {
    let (begun, before) = (Instant::now(), used());
    tokio::time::sleep(WINDOW).await;
    (used() - before) / begun.elapsed().as_secs_f64()
}

pub(crate) fn idle(world: &World) {
    // An account that may do nothing at all.
    let nobody = world
        .cluster
        .account_kubeconfig("kubescape", "nobody")
        .unwrap();
    world.runtime.block_on(async {
        let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
        let config = Config {
            new_image_scan: true,
            ..world.config(&scanner)
        };
        let operator = Operator::start(config.clone()).await;
        until(|| *operator.role.leading.borrow()).await;
        let with_cluster = busy().await;
        world.aside(|world| world.cluster.stop(Part::ApiServer));
        let without_cluster = busy().await;
        world.aside(|world| world.cluster.restart(Part::ApiServer).unwrap());
        operator.stop().await;
        // It leads without a Lease, so that it tries to watch, too.
        let forbidden = Config {
            kubeconfig: Some(nobody),
            alone: true,
            ..config
        };
        let operator = Operator::start(forbidden).await;
        let without_rights = busy().await;
        operator.stop().await;
        let all = [with_cluster, without_cluster, without_rights];
        println!("share of a processor: idle, cluster away, forbidden: {all:.3?}");
        assert!(all.iter().all(|share| *share < MOST), "{all:?}");
    });
}
