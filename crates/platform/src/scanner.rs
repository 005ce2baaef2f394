//! The scanner role of a cluster, with what keeps its results: continuous scanning
//! where that is on, and scans of everything that somebody asked for.

use std::collections::HashSet;
use std::sync::Arc;

use kubescape_engine::Lack;
use kubescape_live::{Access, Connection, Namespaces, Patience};
use kubescape_posture::{Context, Results};
use kubescape_report::Facts;
use kubescape_runtime::{Drain, Scope, Supervisor};
use kubescape_scan::Scan;
use kubescape_scanner::{Config, LiveWork, Observer, RoleError, ScanRequest, Started, Targets};
use kubescape_sink::{Coverage, IndexRow, KubeStore, Writer};
use tokio::runtime::Handle;

use crate::scanning::{self, Pause, Wanted};
use crate::source::Opened;

/// Runs the scanner until it is told to end. `started` hears when it listens.
///
/// # Errors
///
/// See [`RoleError`]; results are kept.
pub async fn scanner(config: Config, started: impl FnOnce(Started)) -> Result<(), RoleError> {
    let mut supervisor = Supervisor::new(Drain::default());
    supervisor.listen()?;
    let work = LiveWork::new(config.access.clone(), config.cluster_name.clone())
        .with_descriptions(config.descriptions.clone())
        .with_exceptions(config.exceptions.clone());
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
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    if config.store_results {
        let writer = write_results(&config.access, &supervisor).await;
        if config.continuous {
            follow(wanted, config.access.clone(), writer, &supervisor);
        } else {
            observers.push(Arc::new(StoreScans {
                writer,
                wanted,
                runtime: Handle::current(),
            }));
        }
    }
    started(kubescape_scanner::start(&config, Arc::new(work), observers, &supervisor).await?);
    Ok(supervisor.run().await?)
}

/// Results go through the cluster's API server.
async fn write_results(access: &Access, supervisor: &Supervisor) -> Writer {
    let mut pause = Pause::new();
    let client = loop {
        match access.client().await {
            Ok(client) => break client,
            Err(error) => {
                tracing::warn!(%error, "no way to the storage yet");
                pause.wait().await;
            }
        }
    };
    scanning::write(Arc::new(KubeStore::new(client)), supervisor)
}

/// Follows the cluster as soon as it is there.
fn follow(wanted: Wanted, access: Access, writer: Writer, supervisor: &Supervisor) {
    let check = supervisor.health().register("continuous", Scope::Ready);
    let (tasks, shutdown) = (supervisor.tasks(), supervisor.shutdown());
    let starter = tasks.clone();
    let connected = async move {
        let mut pause = Pause::new();
        loop {
            let error = match Connection::open(&access, Patience::default()).await {
                Ok(connection) => {
                    let opened = Opened::Cluster(Box::new(connection));
                    match scanning::start(&wanted, opened, writer, &starter) {
                        Ok(_) => check.ok(),
                        Err(error) => check.failing(error),
                    }
                    return;
                }
                Err(error) => error.to_string(),
            };
            tracing::warn!(%error, "the cluster cannot be followed yet");
            check.failing(error);
            pause.wait().await;
        }
    };
    tasks.work("connecting", async move {
        tokio::select! {
            () = connected => {}
            () = shutdown.requested() => {}
        }
    });
}

/// Stores what scans of all frameworks found.
struct StoreScans {
    writer: Writer,
    wanted: Wanted,
    runtime: Handle,
}

impl Observer for StoreScans {
    fn finished(&self, request: &ScanRequest, scan: &Scan, facts: &Facts) {
        if !matches!(request.targets, Targets::All) {
            tracing::info!("a scan by some controls only: its results are not stored");
            return;
        }
        if request.deleted {
            // Of what depended on it, such a scan looks at some controls only.
            return;
        }
        let name = facts
            .cluster
            .as_ref()
            .map_or("", |cluster| &cluster.context);
        let context = self.wanted.context(kubescape_names::cluster_name(name));
        self.runtime.block_on(self.store(request, scan, &context));
    }
}

impl StoreScans {
    async fn store(&self, request: &ScanRequest, scan: &Scan, context: &Context) {
        let pass = self.writer.full();
        let mut results = Results::new(&scan.outcome, context);
        for record in scan.outcome.records.iter().filter(|record| !record.hidden) {
            match results.of(record) {
                Ok(both) => {
                    for object in both {
                        pass.offer(object).await;
                    }
                }
                Err(error) => tracing::warn!(object = %record.id, "{error}"),
            }
        }
        let report = pass.finish(covered(request, scan)).await;
        tracing::info!(
            written = report.written,
            unchanged = report.unchanged,
            deleted = report.deleted,
            refused = report.refused.len(),
            pending = report.pending,
            "results of the scan are stored"
        );
    }
}

/// Results of what the scan could see: of others nobody knows whether they are gone.
fn covered(request: &ScanRequest, scan: &Scan) -> Coverage {
    if request.object.is_some() {
        return Coverage::Nothing;
    }
    let gaps = scan.outcome.gaps.iter();
    let unread: HashSet<String> = gaps
        .filter(|gap| gap.lack == Lack::Unread)
        .map(|gap| gap.kind.to_lowercase())
        .collect();
    let keep = kubescape_continuous::Keep {
        unread_kinds: unread,
        ..kubescape_continuous::Keep::default()
    };
    let include = request.include_namespaces.clone();
    let exclude = request.exclude_namespaces.clone();
    Coverage::Only(Arc::new(move |row: &IndexRow| {
        let namespace = kubescape_continuous::namespace_of(&row.labels);
        let seen = (include.is_empty() || include.iter().any(|name| name == namespace))
            && !exclude.iter().any(|name| name == namespace);
        seen && !keep.keeps_row(row)
    }))
}
