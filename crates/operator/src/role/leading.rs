//! What only one of several replicas does, and which does it.

use std::convert::Infallible;

use kubescape_runtime::lease::{LeaseTimes, Lock};
use kubescape_runtime::{Shutdown, Tasks};
use tokio::sync::watch;

use crate::config::Config;

/// The Lease of the replica that watches and schedules.
const LEASE: &str = "kubescape-operator";

/// Who is alone leads.
pub(super) fn lead(
    config: &Config,
    client: Option<&kube::Client>,
    tasks: &Tasks,
) -> watch::Receiver<bool> {
    let client = client.filter(|_| !config.alone);
    let (sender, leading) = watch::channel(client.is_none());
    let Some(client) = client else {
        // Kept by the task, so that nobody takes it for the end.
        let shutdown = tasks.shutdown();
        tasks.work("leader", async move {
            shutdown.requested().await;
            drop(sender);
        });
        return leading;
    };
    let lock = Lock::new(client.clone(), &config.namespace, LEASE, identity());
    let lock = lock.times(LeaseTimes {
        duration: config.pace.lease,
        renew: config.pace.lease / 3,
    });
    tasks.work("leader", lock.lead(sender, tasks.shutdown()));
    leading
}

/// The pod's name, and what tells two processes on one machine apart.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), uuid::Uuid::new_v4().simple())
}

/// Runs `make`'s work whenever this replica leads, and drops it when it does not. Work
/// that panics begins anew.
pub(super) fn while_leading<F>(
    tasks: &Tasks,
    name: &str,
    leading: watch::Receiver<bool>,
    make: impl Fn() -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let shutdown = tasks.shutdown();
    tasks.restarting(name, None, move || {
        led(leading.clone(), shutdown.clone(), make.clone())
    });
}

async fn led<F: Future<Output = ()> + Send>(
    mut leading: watch::Receiver<bool>,
    shutdown: Shutdown,
    make: impl Fn() -> F + Send + Sync,
) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            led = leading.wait_for(|leads| *leads) => if led.is_err() { return Ok(()) },
            () = shutdown.requested() => return Ok(()),
        }
        let mut lost = leading.clone();
        let work = async {
            make().await;
            // It has nothing more to do while this replica leads.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => {}
            _ = lost.wait_for(|leads| !leads) => {}
            () = shutdown.requested() => return Ok(()),
        }
    }
}
