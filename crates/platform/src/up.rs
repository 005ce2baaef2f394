//! From a configuration to a running platform, and to its orderly end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kubescape_continuous::Handle;
use kubescape_live::Namespaces;
use kubescape_operator::Embedded;
use kubescape_runtime::{Drain, RunError, Supervisor};
use kubescape_scanner::{FolderWork, Insight, LiveWork, Work};
use kubescape_sink::{Writer, local_store};
use kubescape_storage::{Caller, RoleError, Running};

use crate::config::{Config, Source};
use crate::follower::Follower;
use crate::insight::Insights;
use crate::scanning::{self, Wanted};
use crate::source;
use crate::state::State;
use crate::telling;

/// The end takes no longer than this.
const DRAIN: Duration = Duration::from_secs(2);

/// Why the platform does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpError {
    /// The storage.
    #[error("{0}")]
    Storage(#[from] RoleError),
    /// What is to be looked at.
    #[error("{0}")]
    Source(#[from] source::SourceError),
    /// A framework that does not exist.
    #[error("{0}")]
    Selection(String),
    /// The scanner.
    #[error("{0}")]
    Scanner(#[from] kubescape_scanner::RoleError),
    /// The operator.
    #[error("{0}")]
    Operator(#[from] kubescape_operator::RoleError),
    /// A task failed, or the end took too long.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// What a started platform tells.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where the API with the results is.
    pub url: String,
    /// The kubeconfig for it.
    pub kubeconfig: Option<PathBuf>,
    /// Where scans are asked for.
    pub scanner: Option<String>,
    /// Where commands are taken.
    pub operator: Option<String>,
    /// What is looked at, in words.
    pub source: String,
}

/// Runs until it is told to end. `ready` hears when it listens, `state` of every
/// change after that.
///
/// # Errors
///
/// See [`UpError`]; data are kept.
pub async fn up(
    config: Config,
    ready: impl FnOnce(Ready),
    state: impl FnMut(&State) + Send + 'static,
) -> Result<(), UpError> {
    let mut supervisor = Supervisor::new(Drain {
        delay: Duration::ZERO,
        deadline: DRAIN,
    });
    supervisor.listen()?;
    let running = kubescape_storage::start(&config.storage, &supervisor).await?;
    let writer = write_results(&supervisor, &running);
    let opened = source::open(&config.source).await?;
    let (source, cluster) = (opened.describe(), opened.cluster_name());
    let wanted = Wanted {
        frameworks: config.frameworks.clone(),
        namespace: config.storage.namespace.clone(),
        cluster: None,
        rules: None,
        exceptions: config.exceptions(),
        namespaces: Namespaces::default(),
    };
    let tasks = supervisor.tasks();
    let insights = Insights::default();
    let handle = scanning::start(&wanted, opened, writer.clone(), &tasks, &insights)
        .map_err(UpError::Selection)?;
    let beside = Beside {
        cluster,
        handle: handle.clone(),
        insights,
    };
    let (scanner, operator) = beside.roles(&config, &supervisor).await?;
    let shutdown = supervisor.shutdown();
    tasks.work("state", async move {
        tokio::select! {
            () = tell(handle, writer, state) => {}
            () = shutdown.requested() => {}
        }
    });
    ready(Ready {
        url: running.started.url.clone(),
        kubeconfig: running.started.kubeconfig.clone(),
        scanner,
        operator,
        source,
    });
    let ended = supervisor.run().await;
    running.close().await;
    Ok(ended?)
}

/// What roles beside the storage are given.
struct Beside {
    /// What it is called.
    cluster: String,
    handle: Handle,
    insights: Insights,
}

impl Beside {
    /// Starts the roles; where they listen.
    async fn roles(
        self,
        config: &Config,
        supervisor: &Supervisor,
    ) -> Result<(Option<String>, Option<String>), UpError> {
        let Self {
            cluster,
            handle,
            insights,
        } = self;
        let Some(scanner) = &config.scanner else {
            return Ok((None, None));
        };
        let beyond = scanner.beyond.clone();
        let work: Arc<dyn Work> = match &config.source {
            Source::Folder(folder) => {
                Arc::new(FolderWork::new(folder.clone(), cluster.clone()).with_files(beyond))
            }
            Source::Cluster(access) => {
                let follower = Follower::default();
                follower.follows(handle.clone());
                let work = LiveWork::new(access.clone(), Some(cluster.clone())).with_files(beyond);
                Arc::new(work.overhearing(Arc::new(follower)))
            }
        };
        let resources = scanner.resource_metrics;
        let insight: Arc<dyn Insight> = Arc::new(insights);
        let scanner =
            kubescape_scanner::start(scanner, work, Vec::new(), Some(insight), supervisor).await?;
        telling::tell(handle, scanner.told, resources, &supervisor.tasks());
        let url = scanner.started.url;
        let Some(operator) = config.operator.clone() else {
            return Ok((Some(url), None));
        };
        let operator = kubescape_operator::Config {
            cluster,
            ..operator
        };
        let server = scanner.server;
        let calls = move |request| {
            let server = server.clone();
            async move { server.answer(request).await }
        };
        let embedded = Embedded {
            configurations: Some(Arc::new(calls)),
            ..Embedded::default()
        };
        let role = kubescape_operator::start(operator, embedded, supervisor).await?;
        Ok((Some(url), Some(role.started.url)))
    }
}

/// Results go to the storage of this process.
fn write_results(supervisor: &Supervisor, running: &Running) -> Writer {
    let caller = Arc::new(Caller::Certificate {
        name: "kubescape".to_owned(),
        groups: vec!["system:masters".to_owned()],
        front_proxy: false,
        client: true,
    });
    let server = running.server.clone();
    let store = local_store(move |request| {
        let (server, caller) = (server.clone(), Arc::clone(&caller));
        async move { server.answer(request, &caller).await }
    });
    scanning::write(Arc::new(store), supervisor)
}

/// Tells of every change of state, some ten times a second at most.
async fn tell(handle: Handle, writer: Writer, mut state: impl FnMut(&State) + Send) {
    let mut progress = handle.progress();
    let mut told = State::default();
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let now = State {
            progress: progress.borrow_and_update().clone(),
            pending: writer.pending(),
        };
        let idle = now.is_settled();
        if now != told {
            state(&now);
            told = now;
        }
        if idle && progress.changed().await.is_err() {
            return;
        }
    }
}
