//! The scanner role of a cluster, with what keeps its results: continuous scanning
//! where that is on, and scans of everything that somebody asked for.

use std::sync::Arc;

use kubescape_live::{Access, Connection, Namespaces, Patience};
use kubescape_runtime::{Drain, HealthCheck, Scope, Supervisor, Tasks};
use kubescape_scanner::{Config, Insight, LiveWork, Observer, RoleError, Started, Told};
use kubescape_sink::{Writer, connecting_store};
use tokio::runtime::Handle;

use crate::follower::Follower;
use crate::insight::Insights;
use crate::scanning::{self, Wanted};
use crate::source::Opened;
use crate::stored_scans::StoreScans;
use crate::telling;

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
        exceptions: config.beyond.exceptions.clone(),
        namespaces: Namespaces {
            include: config.defaults.include_namespaces.clone(),
            exclude: config.defaults.exclude_namespaces.clone(),
        },
    };
    let follower = Follower::default();
    let mut work = LiveWork::new(config.access.clone(), config.cluster_name.clone())
        .with_files(config.beyond.clone());
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    let mut followed = None;
    let mut insight: Option<Arc<dyn Insight>> = None;
    if config.store_results {
        let writer = write_results(config.access.clone(), &supervisor);
        if config.continuous {
            work = work.overhearing(Arc::new(follower.clone()));
            let insights = Insights::default();
            insight = Some(Arc::new(insights.clone()));
            followed = Some((wanted, writer, insights));
        } else {
            observers.push(Arc::new(StoreScans {
                writer,
                wanted,
                runtime: Handle::current(),
            }));
        }
    }
    let running =
        kubescape_scanner::start(&config, Arc::new(work), observers, insight, &supervisor).await?;
    if let Some((wanted, writer, insights)) = followed {
        let following = Following {
            wanted: Arc::new(wanted),
            writer,
            follower,
            insights,
            told: running.told,
            access: config.access.clone(),
            resource_metrics: config.resource_metrics,
            check: supervisor.health().register("continuous", Scope::Ready),
            tasks: supervisor.tasks(),
        };
        following.start();
    }
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
#[derive(Clone)]
struct Following {
    wanted: Arc<Wanted>,
    writer: Writer,
    follower: Follower,
    insights: Insights,
    told: Told,
    access: Access,
    resource_metrics: bool,
    check: HealthCheck,
    tasks: Tasks,
}

impl Following {
    fn start(self) {
        let (tasks, check) = (self.tasks.clone(), self.check.clone());
        tasks.restarting("continuous", Some(check), move || self.clone().connect());
    }

    /// One try.
    async fn connect(self) -> Result<(), String> {
        let shutdown = self.tasks.shutdown();
        let opened = tokio::select! {
            opened = Connection::open(&self.access, Patience::default()) => opened,
            () = shutdown.requested() => return Ok(()),
        };
        let opened = opened.map_err(|error| {
            let error = error.to_string();
            self.insights.waits(&error);
            error
        })?;
        let opened = Opened::Cluster(Box::new(opened));
        let (writer, tasks) = (self.writer, &self.tasks);
        let handle = scanning::start(&self.wanted, opened, writer, tasks, &self.insights)?;
        if self.wanted.is_everything() {
            self.follower.follows(handle.clone());
        }
        telling::tell(handle, self.told, self.resource_metrics, &self.tasks);
        self.check.ok();
        Ok(())
    }
}
