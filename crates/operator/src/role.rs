//! The role's life: from a configuration to listeners, watches and workers, and to
//! their orderly end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kubescape_commands::Gate;
use kubescape_runtime::lease::{LeaseTimes, Lock};
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::outgoing::HttpClient;
use kubescape_runtime::serve::{Bound, Limits, Peer, ServeError, ServeOptions, TlsOptions};
use kubescape_runtime::tls::{Identity, TlsError};
use kubescape_runtime::{Drain, RunError, Scope, Shutdown, Supervisor, Tasks};
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
use crate::probes;
use crate::recurring::{CronJobs, Recurring};
use crate::reports::Reports;
use crate::rest::Rest;
use crate::schedules::Schedules;
use crate::startup::{Stamp, Startup};

/// Jobs that are kept.
const JOBS: usize = 5000;
/// The Lease of the replica that watches and schedules.
const LEASE: &str = "kubescape-operator";
/// Between looks at a certificate in files.
const REFRESH: Duration = Duration::from_secs(10);

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
    let role = Role {
        pool,
        jobs,
        schedules,
        leading,
        metrics: registry,
        started,
    };
    role.follow(&config, client, &dispatcher, &tasks);
    if config.wants_startup_scan() && dispatcher.has(Gate::Kubescape) {
        let pool = role.pool.clone();
        let startup = Startup {
            dispatcher,
            pool,
            recurring,
        };
        while_leading(&tasks, "startup-scan", role.leading.clone(), move || {
            let startup = startup.clone();
            async move { startup.run().await }
        });
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
        Some(client) => Stamp::Cluster(kube::Api::namespaced(client.clone(), &config.namespace)),
        None => Stamp::File(config.data_dir.join("last-full-scan")),
    }
}

/// Listens for commands and probes.
async fn listen(
    config: &Config,
    supervisor: &Supervisor,
    rest: Rest,
    registry: &Registry,
) -> Result<Started, RoleError> {
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    let mut scheme = "http";
    let mut tls = None;
    if let Some((certificate, key)) = &config.tls {
        let identity = Identity::from_files(certificate, key)?;
        let fresh = identity.clone().keep_fresh(REFRESH, shutdown.clone());
        tasks.work("certificate", fresh);
        scheme = "https";
        tls = Some(TlsOptions {
            identity,
            client_roots: None,
        });
    }
    let limits = Limits {
        connections: 512,
        ..Limits::default()
    };
    let options = ServeOptions {
        tls,
        limits: limits.clone(),
    };
    let bound = Bound::bind(&config.listen, options).await?;
    let handler = move |request, _: Peer| {
        let rest = rest.clone();
        async move { rest.answer(request).await }
    };
    let url = format!("{scheme}://{}", reachable(bound.local_addr()));
    let mut started = Started {
        url,
        probes: String::new(),
    };
    if let Some(address) = &config.probes {
        let options = ServeOptions { tls: None, limits };
        let probes = Bound::bind(address, options).await?;
        started.probes = format!("http://{}", reachable(probes.local_addr()));
        let (health, registry) = (supervisor.health(), registry.clone());
        let handler = move |request, _: Peer| {
            let answer = probes::answer::<hyper::body::Incoming>(&request, &health, &registry);
            async move { answer }
        };
        tasks.essential("probes", probes.serve(handler, shutdown.clone()));
    }
    tasks.essential("commands", bound.serve(handler, shutdown));
    Ok(started)
}

/// The address as others on this machine write it.
fn reachable(address: std::net::SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

/// Who is alone leads.
fn lead(config: &Config, client: Option<&kube::Client>, tasks: &Tasks) -> watch::Receiver<bool> {
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
fn while_leading<F>(
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
