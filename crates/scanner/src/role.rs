//! The role's life: from a configuration to a server that listens, and to its
//! orderly end.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::serve::{Bound, Limits, Peer, ServeError, ServeOptions, TlsOptions};
use kubescape_runtime::tls::{Identity, TlsError};
use kubescape_runtime::{Drain, HealthCheck, RunError, Scope, Shutdown, Supervisor};

use crate::callback::Callbacks;
use crate::config::Config;
use crate::insight::Insight;
use crate::jobs::{Jobs, Outside};
use crate::last::{Last, Told};
use crate::metrics::Metrics;
use crate::results::{Bounds, Results};
use crate::schedule::Schedule;
use crate::server::{Parts, Server};
use crate::submissions::Submissions;
use crate::work::{Observer, Work};

/// Between looks at certificates in files, and whether the cluster answers.
const REFRESH: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Between looks for scans that take too long and results that are too old.
const TICK: Duration = Duration::from_secs(1);
const SWEEP: u32 = 60;

/// Why the role does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// Results cannot be kept.
    #[error(
        "cannot keep results in {folder}: {source}: give another --data-dir, or make it writable"
    )]
    Folder {
        /// Where.
        folder: String,
        /// Why.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error("{0}")]
    Serve(#[from] ServeError),
    /// The system has no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[source] io::Error),
    /// A task failed, or the end took too long.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// What a started role tells.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where it listens, as a URL.
    pub url: String,
}

/// A role that runs under a supervisor.
#[derive(Clone)]
pub struct Running {
    /// What people are told.
    pub started: Started,
    /// Answers requests of the same process.
    pub server: Server,
    /// Hears from those who follow the cluster how all of it fares.
    pub told: Told,
}

/// A role that was put together but does not listen.
pub struct Role {
    /// Answers requests.
    pub server: Server,
    told: Told,
    jobs: Jobs,
    results: Arc<Results>,
}

/// Runs the role until it is told to end. `started` hears when it listens.
///
/// # Errors
///
/// See [`RoleError`]; results are kept.
pub async fn run(
    config: Config,
    work: Arc<dyn Work>,
    observers: Vec<Arc<dyn Observer>>,
    started: impl FnOnce(Started),
) -> Result<(), RoleError> {
    let mut supervisor = Supervisor::new(Drain::default());
    // Before anybody hears that it is ready.
    supervisor.listen()?;
    started(
        start(&config, work, observers, None, &supervisor)
            .await?
            .started,
    );
    Ok(supervisor.run().await?)
}

/// Starts the role under a supervisor, beside others perhaps. `insight` is what
/// continuous scanning knows, where that is on.
///
/// # Errors
///
/// See [`RoleError`].
pub async fn start(
    config: &Config,
    work: Arc<dyn Work>,
    observers: Vec<Arc<dyn Observer>>,
    insight: Option<Arc<dyn Insight>>,
    supervisor: &Supervisor,
) -> Result<Running, RoleError> {
    let role = Role::assemble(config, work, observers, insight, supervisor)?;
    let bound = bind(config, supervisor).await?;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let url = format!("{scheme}://{}", bound.local_addr());
    let running = Running {
        started: Started { url },
        server: role.server.clone(),
        told: role.told.clone(),
    };
    let server = role.server.clone();
    let handler = move |request, _: Peer| {
        let server = server.clone();
        async move { server.answer(request).await }
    };
    let served = bound.serve(handler, supervisor.shutdown());
    supervisor.tasks().essential("http", served);
    role.schedule(config, supervisor);
    Ok(running)
}

async fn bind(config: &Config, supervisor: &Supervisor) -> Result<Bound, RoleError> {
    let tls = match &config.tls {
        None => None,
        Some((certificate, key)) => {
            let identity = Identity::from_files(certificate, key)?;
            let fresh = identity.clone().keep_fresh(REFRESH, supervisor.shutdown());
            supervisor.tasks().work("certificate", fresh);
            Some(TlsOptions {
                identity,
                client_roots: None,
            })
        }
    };
    let options = ServeOptions {
        tls,
        limits: Limits::default(),
    };
    Ok(Bound::bind(&config.listen, options).await?)
}

impl Role {
    /// Puts everything together and starts the lanes. Needs a runtime.
    ///
    /// # Errors
    ///
    /// Results cannot be kept, or the system has no threads.
    pub fn assemble(
        config: &Config,
        work: Arc<dyn Work>,
        observers: Vec<Arc<dyn Observer>>,
        insight: Option<Arc<dyn Insight>>,
        supervisor: &Supervisor,
    ) -> Result<Self, RoleError> {
        let limits = &config.limits;
        let bounds = Bounds {
            count: limits.results,
            bytes: limits.result_bytes,
            age: limits.result_age,
        };
        let results = Results::open(&config.data_dir, bounds).map_err(|source| {
            let folder = config.data_dir.join("results");
            RoleError::Folder {
                folder: folder.display().to_string(),
                source,
            }
        })?;
        let results = Arc::new(results);
        let metrics = Metrics::register(&Registry::new());
        let last = Arc::new(Last::new(SystemTime::now()));
        let shutdown = supervisor.shutdown();
        let (callbacks, calling) =
            Callbacks::new(config.callbacks.clone(), metrics.clone(), shutdown.clone());
        supervisor.tasks().work("callbacks", calling);
        let (submissions, sending) = Submissions::new(
            config.destination.clone(),
            metrics.clone(),
            shutdown.clone(),
        );
        supervisor.tasks().work("submissions", sending);
        let cluster = supervisor.health().register("cluster", Scope::Ready);
        let kept = Arc::clone(&results);
        supervisor
            .health()
            .register_fn("results", Scope::Ready, move || kept.trouble());
        let looked = look(Arc::clone(&work), cluster, shutdown.clone());
        supervisor.tasks().work("cluster", looked);
        let jobs = Jobs::start(Outside {
            work,
            observers,
            results: Arc::clone(&results),
            last: Arc::clone(&last),
            metrics: metrics.clone(),
            callbacks,
            submissions: submissions.clone(),
            limits: limits.clone(),
            resource_metrics: config.resource_metrics,
            include_namespaces: config.defaults.include_namespaces.clone(),
        })
        .map_err(RoleError::Threads)?;
        let ticking = tick(jobs.clone(), Arc::clone(&results), shutdown);
        supervisor.tasks().work("lanes", ticking);
        let told = Told::new(Arc::clone(&last));
        let server = Server::new(Parts {
            jobs: jobs.clone(),
            results: Arc::clone(&results),
            last,
            metrics,
            submissions,
            health: supervisor.health(),
            limits: limits.clone(),
            defaults: config.defaults.clone(),
            callbacks: config.callbacks.clone(),
            token: config.token.clone(),
            insight,
        });
        Ok(Self {
            server,
            told,
            jobs,
            results,
        })
    }

    /// How many results are on disk, and their bytes.
    pub fn results(&self) -> (usize, u64) {
        self.results.size()
    }

    fn schedule(&self, config: &Config, supervisor: &Supervisor) {
        let schedule = Schedule {
            at_start: config.scan_at_start,
            interval: config.scan_interval,
        };
        let jobs = self.jobs.clone();
        let scans = schedule.run(jobs, config.defaults.clone(), supervisor.shutdown());
        supervisor.tasks().work("schedule", scans);
    }
}

/// Keeps lanes and results within their bounds; at the shutdown ends all scans and
/// waits for their threads.
async fn tick(jobs: Jobs, results: Arc<Results>, shutdown: Shutdown) {
    let mut ticks = 0u32;
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = shutdown.requested() => break,
        }
        jobs.expire();
        ticks = ticks.wrapping_add(1);
        if ticks.is_multiple_of(SWEEP) {
            results.sweep(SystemTime::now());
        }
        if results.trouble().is_err() {
            let results = Arc::clone(&results);
            let _ = tokio::task::spawn_blocking(move || results.retry()).await;
        }
    }
    jobs.close();
    jobs.drained().await;
}

/// Asks every now and then whether scans can succeed.
async fn look(work: Arc<dyn Work>, check: HealthCheck, shutdown: Shutdown) {
    loop {
        let asked = Arc::clone(&work);
        let looked = tokio::task::spawn_blocking(move || asked.check()).await;
        let pause = match looked {
            Ok(Ok(())) => {
                check.ok();
                LOOK
            }
            Ok(Err(reason)) => {
                check.failing(reason);
                LOOK_AGAIN
            }
            Err(panic) => {
                check.failing(panic.to_string());
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.requested() => return,
        }
    }
}
