//! The scanner role of a cluster, with what keeps its results: continuous scanning
//! where that is on, and scans of everything that somebody asked for.

use std::sync::Arc;

use kubescape_live::{Access, Connection, Namespaces, Patience};
use kubescape_runtime::{Drain, HealthCheck, Scope, Supervisor, Tasks};
use kubescape_scanner::{Config, LiveWork, Observer, RoleError, Started};
use kubescape_sink::{Writer, connecting_store};
use tokio::runtime::Handle;

use crate::follower::Follower;
use crate::scanning::{self, Wanted};
use crate::source::Opened;
use crate::stored_scans::StoreScans;

/// Runs the scanner until it is told to end. `started` hears when it listens, which
/// needs neither the cluster nor the storage.
///
/// # Errors
///
/// See [`RoleError`]; results are kept.
pub async fn scanner(config: Config, started: impl FnOnce(Started)) -> Result<(), RoleError> {
    let mut supervisor = Supervisor::new(Drain::default());
    supervisor.listen()?;
    let wanted = Wanted {
        frameworks: vec!["all".to_owned()],
        namespace: config.namespace.clone(),
        cluster: config.cluster_name.clone(),
        rules: Some(config.rules.clone()),
        namespaces: Namespaces {
            include: config.defaults.include_namespaces.clone(),
            exclude: config.defaults.exclude_namespaces.clone(),
        },
    };
    let mut work = LiveWork::new(config.access.clone(), config.cluster_name.clone());
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    if config.store_results {
        let writer = write_results(config.access.clone(), &supervisor);
        if config.continuous {
            let follower = Follower::default();
            work = work.overhearing(Arc::new(follower.clone()));
            follow(wanted, config.access.clone(), writer, follower, &supervisor);
        } else {
            observers.push(Arc::new(StoreScans {
                writer,
                wanted,
                runtime: Handle::current(),
            }));
        }
    }
    let running = kubescape_scanner::start(&config, Arc::new(work), observers, &supervisor).await?;
    started(running.started);
    Ok(supervisor.run().await?)
}

/// Results go through the cluster's API server, as soon as there is a way to it.
fn write_results(access: Access, supervisor: &Supervisor) -> Writer {
    let store = connecting_store(move || {
        let access = access.clone();
        async move { access.client().await.map_err(|error| error.to_string()) }
    });
    scanning::write(Arc::new(store), supervisor)
}

/// Follows the cluster as soon as it is there.
fn follow(
    wanted: Wanted,
    access: Access,
    writer: Writer,
    follower: Follower,
    supervisor: &Supervisor,
) {
    let check = supervisor.health().register("continuous", Scope::Ready);
    let wanted = Arc::new(wanted);
    let tasks = supervisor.tasks();
    let starter = tasks.clone();
    tasks.restarting("continuous", Some(check.clone()), move || {
        let connecting = Connecting {
            wanted: Arc::clone(&wanted),
            access: access.clone(),
            writer: writer.clone(),
            follower: follower.clone(),
            tasks: starter.clone(),
            check: check.clone(),
        };
        connecting.run()
    });
}

/// One try.
struct Connecting {
    wanted: Arc<Wanted>,
    access: Access,
    writer: Writer,
    follower: Follower,
    tasks: Tasks,
    check: HealthCheck,
}

impl Connecting {
    async fn run(self) -> Result<(), String> {
        let shutdown = self.tasks.shutdown();
        let opened = tokio::select! {
            opened = Connection::open(&self.access, Patience::default()) => opened,
            () = shutdown.requested() => return Ok(()),
        };
        let opened = Opened::Cluster(Box::new(opened.map_err(|error| error.to_string())?));
        let handle = scanning::start(&self.wanted, opened, self.writer, &self.tasks)?;
        if self.wanted.is_everything() {
            self.follower.follows(handle);
        }
        self.check.ok();
        Ok(())
    }
}
