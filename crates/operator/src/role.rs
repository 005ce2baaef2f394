//! The role's life: from a configuration to listeners, watches and workers, and to
//! their orderly end.

mod leading;
mod listen;

use std::sync::Arc;
use std::time::Duration;

use kubescape_commands::Gate;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::outgoing::HttpClient;
use kubescape_runtime::serve::ServeError;
use kubescape_runtime::tls::TlsError;
use kubescape_runtime::{Drain, RunError, Scope, Supervisor, Tasks};
use tokio::sync::watch;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::{Config, Scheduler};
use crate::dispatch::{Dispatcher, Parts};
use crate::embedded::Embedded;
use crate::gateway::Gateway;
use crate::inventory::Follower;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::pool::Pool;
use crate::recurring::{CronJobs, Recurring};
use crate::reports::Reports;
use crate::rest::Rest;
use crate::schedules::Schedules;
use crate::startup::{Stamp, Startup};
use leading::{lead, while_leading};
use listen::listen;

/// Jobs that are kept.
const JOBS: usize = 5000;

/// Why the role does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// An address cannot be had.
    #[error("{0}")]
    Serve(#[from] ServeError),
    /// Certificates cannot be read.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// There is no way to the cluster.
    #[error("cannot reach the cluster: {0}: run in a pod, give --kubeconfig, or --standalone")]
    Cluster(String),
    /// The recurring scans cannot be used.
    #[error("{0}")]
    Schedules(String),
    /// A task failed, or the end took too long.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// What a started role tells.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where it takes commands, as a URL.
    pub url: String,
    /// Where its probes are, as a URL; empty: nowhere.
    pub probes: String,
}

/// A role that runs under a supervisor, for those who run several in one process.
pub struct Role {
    /// Takes commands of this process.
    pub pool: Pool,
    /// What became of them.
    pub jobs: Jobs,
    /// The recurring scans that this process runs.
    pub schedules: Option<Schedules>,
    /// Whether this replica leads.
    pub leading: watch::Receiver<bool>,
    /// Whether the scan after the start is handed over, or was not needed; `None`: there
    /// is none.
    pub startup: Option<watch::Receiver<bool>>,
    /// What it counts.
    pub metrics: Registry,
    /// See [`Started`].
    pub started: Started,
}

/// Runs the role until it is told to end. `started` hears when it listens.
///
/// # Errors
///
/// See [`RoleError`].
pub async fn run(config: Config, started: impl FnOnce(Started)) -> Result<(), RoleError> {
    let mut supervisor = Supervisor::new(Drain::default());
    // Before anybody hears that it is ready.
    supervisor.listen()?;
    let role = start(config, Embedded::default(), &supervisor).await?;
    started(role.started.clone());
    supervisor.run().await?;
    Ok(())
}

/// Starts the role under a supervisor, beside others perhaps: everything that it has is
/// its own (tasks, health checks, metrics), and its logs go to whoever collects them.
///
/// # Errors
///
/// See [`RoleError`].
pub async fn start(
    config: Config,
    embedded: Embedded,
    supervisor: &Supervisor,
) -> Result<Role, RoleError> {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    let ready = supervisor.health().register("operator", Scope::Ready);
    let client = match embedded.client.clone() {
        Some(client) => Some(client),
        None => connect(&config).await?,
    };
    let http = HttpClient::new()?;
    let (recurring, schedules) = keeper(&config, client.as_ref(), &embedded.clock)?;
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    let (reports, send) = Reports::new(
        config.backend.clone(),
        &config.cluster,
        http.clone(),
        config.pace,
        metrics.clone(),
        shutdown.clone(),
    );
    tasks.work("reports", send);
    let jobs = Jobs::new(JOBS);
    let dispatcher = Dispatcher::new(Parts {
        client: client.clone(),
        calls: Calls::new(http.clone(), &config, &embedded),
        http,
        jobs: jobs.clone(),
        metrics: metrics.clone(),
        reports,
        recurring: recurring.clone(),
        stamp: stamp(&config, client.as_ref()),
        tasks: tasks.clone(),
        config: config.clone(),
    });
    let (pool, work) = Pool::new(dispatcher.clone(), shutdown.clone());
    tasks.work("workers", work);
    let rest = Rest::new(pool.clone(), jobs.clone(), recurring.clone());
    let started = listen(&config, supervisor, rest, &registry).await?;
    let leading = lead(&config, client.as_ref(), &tasks);
    let mut role = Role {
        pool,
        jobs,
        schedules,
        leading,
        startup: None,
        metrics: registry,
        started,
    };
    role.follow(&config, client, &dispatcher, &tasks);
    if config.wants_startup_scan() && dispatcher.has(Gate::Kubescape) {
        role.scan_at_start(dispatcher, recurring, &tasks);
    }
    role.gauge(metrics, &tasks);
    ready.ok();
    Ok(role)
}

impl Role {
    /// What only the leader does.
    fn follow(
        &self,
        config: &Config,
        client: Option<kube::Client>,
        dispatcher: &Dispatcher,
        tasks: &Tasks,
    ) {
        let leading = || self.leading.clone();
        if let Some(schedules) = &self.schedules {
            let (schedules, pool) = (schedules.clone(), self.pool.clone());
            let shutdown = tasks.shutdown();
            while_leading(tasks, "schedules", leading(), move || {
                let (schedules, pool) = (schedules.clone(), pool.clone());
                let shutdown = shutdown.clone();
                async move { schedules.run(pool, shutdown).await }
            });
        }
        if config.wants_gateway() {
            let gateway = Arc::new(Gateway::new(dispatcher.clone(), self.pool.clone()));
            while_leading(tasks, "gateway", leading(), move || {
                let gateway = Arc::clone(&gateway);
                async move { gateway.run().await }
            });
        }
        let Some(client) = client else { return };
        if dispatcher.has(Gate::Kubevuln) && config.new_image_scan {
            let follower = Follower::new(client.clone(), dispatcher.clone(), self.pool.clone());
            let follower = Arc::new(follower);
            while_leading(tasks, "images", leading(), move || {
                let follower = Arc::clone(&follower);
                async move { follower.run().await }
            });
        }
        if config.alone {
            // Another operator may be installed there, and they are for that one.
            return;
        }
        let orders = Orders::new(
            client,
            &config.namespace,
            self.pool.clone(),
            dispatcher.clone(),
            tasks.shutdown(),
        );
        let orders = Arc::new(orders);
        while_leading(tasks, "operator-commands", leading(), move || {
            let orders = Arc::clone(&orders);
            async move { orders.run().await }
        });
    }

    fn scan_at_start(&mut self, dispatcher: Dispatcher, recurring: Recurring, tasks: &Tasks) {
        let (decided, startup) = watch::channel(false);
        self.startup = Some(startup);
        let startup = Startup {
            dispatcher,
            pool: self.pool.clone(),
            recurring,
            decided,
        };
        while_leading(tasks, "startup-scan", self.leading.clone(), move || {
            let startup = startup.clone();
            async move { startup.run().await }
        });
    }

    /// Keeps the gauges.
    fn gauge(&self, metrics: Metrics, tasks: &Tasks) {
        let (pool, leading) = (self.pool.clone(), self.leading.clone());
        let shutdown = tasks.shutdown();
        let keep = async move {
            loop {
                let waiting = i64::try_from(pool.waiting()).unwrap_or(i64::MAX);
                metrics.queue.set(waiting);
                metrics.leader.set(i64::from(*leading.borrow()));
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = shutdown.requested() => return,
                }
            }
        };
        tasks.work("gauges", keep);
    }
}

async fn connect(config: &Config) -> Result<Option<kube::Client>, RoleError> {
    if config.standalone {
        return Ok(None);
    }
    let failed = |error: &dyn std::fmt::Display| RoleError::Cluster(error.to_string());
    let settings = match &config.kubeconfig {
        Some(path) => {
            let file = kube::config::Kubeconfig::read_from(path).map_err(|error| failed(&error))?;
            let options = kube::config::KubeConfigOptions::default();
            kube::Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(|error| failed(&error))?
        }
        None => kube::Config::incluster().map_err(|error| failed(&error))?,
    };
    let client = kube::Client::try_from(settings).map_err(|error| failed(&error))?;
    Ok(Some(client))
}

fn keeper(
    config: &Config,
    client: Option<&kube::Client>,
    clock: &Clock,
) -> Result<(Recurring, Option<Schedules>), RoleError> {
    if let (Scheduler::CronJobs, Some(client)) = (config.scheduler, client) {
        let jobs = CronJobs::new(client.clone(), &config.namespace);
        return Ok((Recurring::Cluster(jobs), None));
    }
    let schedules =
        Schedules::open(&config.data_dir, clock.clone()).map_err(RoleError::Schedules)?;
    Ok((Recurring::Internal(schedules.clone()), Some(schedules)))
}

/// A cluster that is only looked at is not written to.
fn stamp(config: &Config, client: Option<&kube::Client>) -> Stamp {
    match client.filter(|_| !config.alone) {
        Some(client) => Stamp::Cluster(Box::new(kube::Api::namespaced(
            client.clone(),
            &config.namespace,
        ))),
        None => Stamp::File(config.data_dir.join("last-full-scan")),
    }
}
