//! Continuous scanning under a supervisor: events from a source, results to a
//! writer.

use std::path::PathBuf;
use std::sync::Arc;

use kubescape_collect::{Event, read_exceptions};
use kubescape_continuous::{Desk, Explainer, Handle, Notice, Options, Service, Stored};
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::exceptions::Exceptions;
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_live::Namespaces;
use kubescape_posture::Context;
use kubescape_runtime::{Shutdown, Supervisor, Tasks, now};
use kubescape_sink::{Limits, ResultStore, Writer};
use tokio::sync::mpsc;

use crate::insight::Insights;
use crate::source::{Following, Opened};

/// Events on their way. An object may have some MiB, so not many.
const EVENTS: usize = 256;

/// What is known of a scan before it begins.
pub(crate) struct Wanted {
    /// Frameworks whose controls judge; `all` is every one.
    pub(crate) frameworks: Vec<String>,
    /// The product's namespace.
    pub(crate) namespace: String,
    /// What the cluster is called; else the source says.
    pub(crate) cluster: Option<String>,
    /// A file that narrows what of a cluster is followed.
    pub(crate) rules: Option<PathBuf>,
    /// In which namespaces of a cluster.
    pub(crate) namespaces: Namespaces,
    /// A file or folder of what is accepted although it fails, read at the start.
    pub(crate) exceptions: Option<PathBuf>,
}

impl Wanted {
    /// What all results have in common.
    pub(crate) fn context(&self, cluster: String) -> Context {
        Context {
            cluster: self.cluster.clone().unwrap_or(cluster),
            namespace: self.namespace.clone(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            now: now(),
        }
    }

    /// Whether nothing narrows what is followed.
    pub(crate) fn is_everything(&self) -> bool {
        let Namespaces { include, exclude } = &self.namespaces;
        let ruled = self.rules.as_ref().is_some_and(|rules| rules.exists());
        include.is_empty() && exclude.is_empty() && !ruled
    }

    /// Also says in the log what is wrong with exceptions.
    fn plan(&self, scope: Scope, cluster: &str) -> Result<Plan, String> {
        let selection = Selection {
            frameworks: self.frameworks.clone(),
            ..Selection::default()
        };
        let plan = Plan::new(&LIBRARY, &selection, Some(scope), default_inputs());
        let mut plan = plan.map_err(|errors| {
            let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
            texts.join("; ")
        })?;
        let (policies, problems) = read_exceptions(self.exceptions.as_slice());
        for problem in problems {
            tracing::warn!("{problem}");
        }
        let names: Vec<String> = self
            .cluster
            .iter()
            .cloned()
            .chain([cluster.to_owned()])
            .collect();
        plan.exceptions = Exceptions::new(policies, &names, jiff::Timestamp::now());
        Ok(plan)
    }
}

/// A writer into that store, which runs until the shutdown.
pub(crate) fn write(store: Arc<dyn ResultStore>, supervisor: &Supervisor) -> Writer {
    let writer = Writer::new(store, Limits::default());
    writer.check(&supervisor.health());
    let written = writer.clone().run(supervisor.shutdown());
    supervisor.tasks().work("writer", written);
    writer
}

/// Starts to scan what was opened, until the shutdown.
///
/// # Errors
///
/// A framework does not exist.
pub(crate) fn start(
    wanted: &Wanted,
    opened: Opened,
    writer: Writer,
    tasks: &Tasks,
    insights: &Insights,
) -> Result<Handle, String> {
    let (events, received) = mpsc::channel::<Event>(EVENTS);
    let plan = wanted.plan(opened.scope(), &opened.cluster_name())?;
    let context = wanted.context(opened.cluster_name());
    let following = opened.follow(&plan, wanted, events);
    let desk = Desk::new(plan, context, following.kinds());
    let (service, handle) = Service::new(
        desk,
        Stored::new(writer.clone()),
        &Options::default(),
        now,
        |Notice { about, message }| tracing::warn!(about, "{message}"),
    );
    let explainer = Explainer::new(handle.clone(), writer, following.follows());
    insights.begins(explainer, tasks);
    tasks.work("following", until(tasks.shutdown(), following));
    // It computes: a thread of its own keeps others quick.
    let runtime = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking(move || runtime.block_on(service.run(received)));
    tasks.essential("scanning", task);
    Ok(handle)
}

/// Keeps what is followed until the end begins: then events end, and with them what
/// receives them.
async fn until(shutdown: Shutdown, following: Following) {
    shutdown.requested().await;
    drop(following);
}
