//! From a configuration to a running platform, and to its orderly end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kubescape_continuous::Handle;
use kubescape_live::Namespaces;
use kubescape_runtime::{Drain, RunError, Supervisor};
use kubescape_sink::{Local, Writer};
use kubescape_storage::{Caller, RoleError, Running};

use crate::config::Config;
use crate::insight::Insights;
use crate::scanning::{self, Wanted};
use crate::source;
use crate::state::State;

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
    let source = opened.describe();
    let wanted = Wanted {
        frameworks: config.frameworks.clone(),
        namespace: config.storage.namespace.clone(),
        cluster: None,
        rules: None,
        namespaces: Namespaces::default(),
    };
    let tasks = supervisor.tasks();
    let handle = scanning::start(
        &wanted,
        opened,
        writer.clone(),
        &tasks,
        &Insights::default(),
    )
    .map_err(UpError::Selection)?;
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
        source,
    });
    let ended = supervisor.run().await;
    running.close().await;
    Ok(ended?)
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
    let store = Local::new(move |request| {
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
