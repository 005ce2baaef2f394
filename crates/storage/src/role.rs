//! The role's life: from a configuration to a server that listens, and to its
//! orderly end.

mod certificates;
mod engine;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::serve::{Bound, Limits, Peer, ServeError, ServeOptions, TlsOptions};
use kubescape_runtime::tls::{ClientRoots, TlsError};
use kubescape_runtime::{Drain, KubeconfigError, RunError, Scope, Supervisor};

use crate::cleanup::{Cleanup, CleanupLease, CleanupOptions};
use crate::config::Config;
use crate::server::Server;
use certificates::{authenticate, caller, identity, reachable, write_kubeconfig};
use engine::Engine;

/// Between looks at certificates in files.
const REFRESH: Duration = Duration::from_secs(10);

/// Why the role does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] kubescape_store::Error),
    /// Certificates cannot be made or read.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error("{0}")]
    Serve(#[from] ServeError),
    /// The kubeconfig cannot be written.
    #[error("{0}")]
    Kubeconfig(#[from] KubeconfigError),
    /// There is no way to the cluster.
    #[error("cannot reach the cluster: {0}: run in a pod, give --kubeconfig, or --standalone")]
    Cluster(String),
    /// The folder of the data cannot be made.
    #[error("cannot use {folder} for data: {source}: give another --data-dir")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A task failed, or the end took too long.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// What a started role tells.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where it listens, as a URL.
    pub url: String,
    /// The kubeconfig that was written.
    pub kubeconfig: Option<PathBuf>,
}

/// A role that runs under a supervisor.
#[derive(Clone)]
pub struct Running {
    /// What people are told.
    pub started: Started,
    /// Answers requests of the same process.
    pub server: Server,
    engine: Engine,
}

impl Running {
    /// Closes the store after what already waits. Call it when the supervisor has
    /// ended; whatever comes later is refused.
    pub async fn close(self) {
        self.engine.shutdown().await;
    }
}

/// Runs the role until it is told to end. `started` hears when it listens.
///
/// # Errors
///
/// See [`RoleError`]; data are kept.
pub async fn run(config: Config, started: impl FnOnce(Started)) -> Result<(), RoleError> {
    let mut supervisor = Supervisor::new(Drain::default());
    // Before anybody hears that it is ready.
    supervisor.listen()?;
    let running = start(&config, &supervisor).await?;
    started(running.started.clone());
    let ended = supervisor.run().await;
    running.close().await;
    Ok(ended?)
}

/// Starts the role under a supervisor, beside others perhaps.
///
/// # Errors
///
/// See [`RoleError`].
pub async fn start(config: &Config, supervisor: &Supervisor) -> Result<Running, RoleError> {
    make_folder(&config.data_dir)?;
    let (certificate, ca) = identity(config)?;
    let roots = ClientRoots::new();
    let (authentication, client) = authenticate(config, supervisor, &roots, ca.as_ref()).await?;
    let server = Server::new(supervisor.health(), config.settings.clone());
    let tls = TlsOptions {
        identity: certificate.clone(),
        client_roots: Some(roots.clone()),
    };
    let options = ServeOptions {
        tls: Some(tls),
        limits: Limits::default(),
    };
    let bound = Bound::bind(&config.listen, options).await?;
    let url = format!("https://{}", reachable(bound.local_addr()));
    serve(supervisor, bound, &server);
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    let fresh = certificate.keep_fresh(REFRESH, shutdown.clone());
    tasks.work("certificate", fresh);
    let fresh = roots.keep_fresh(REFRESH, shutdown.clone());
    tasks.work("client-roots", fresh);
    let ready = supervisor.health().register("store", Scope::Ready);
    let engine = Engine::open(config, &ready).await?;
    let metrics = Metrics::new();
    server.open(engine.store(), authentication, &metrics, shutdown.clone());
    if let Some(client) = client {
        clean_up(config, supervisor, &engine, client, &metrics);
    }
    let watched = server.conditions().keep(engine.store(), ready, shutdown);
    tasks.work("conditions", watched);
    let kubeconfig = write_kubeconfig(config, ca.as_ref(), &url)?;
    Ok(Running {
        started: Started { url, kubeconfig },
        server,
        engine,
    })
}

/// Removes what belongs to nothing any more; only a cluster can tell.
fn clean_up(
    config: &Config,
    supervisor: &Supervisor,
    engine: &Engine,
    client: kube::Client,
    metrics: &Metrics,
) {
    let lease = engine.is_shared().then(|| CleanupLease {
        namespace: config.namespace.clone(),
        // A pod's host name is the pod's name.
        identity: hostname(),
    });
    let options = CleanupOptions {
        interval: config.cleanup_interval,
        lease,
        ..CleanupOptions::default()
    };
    let cleanup = Cleanup::new(engine.store(), client, options, metrics);
    let swept = cleanup.run(supervisor.shutdown());
    supervisor.tasks().work("cleanup", swept);
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("pid-{}", std::process::id()))
}

/// Answers from now on, though there is no store yet.
fn serve(supervisor: &Supervisor, bound: Bound, server: &Server) {
    let server = server.clone();
    let handler = move |request, peer: Peer| {
        let server = server.clone();
        async move { server.answer(request, &caller(&peer)).await }
    };
    let served = bound.serve(handler, supervisor.shutdown());
    supervisor.tasks().essential("https", served);
}

fn make_folder(folder: &Path) -> Result<(), RoleError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| RoleError::Folder {
            folder: folder.display().to_string(),
            source,
        })
}
