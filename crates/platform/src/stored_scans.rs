//! Results of scans that somebody asked for, as custom resources.

use std::collections::HashSet;
use std::sync::Arc;

use kubescape_continuous::{Keep, namespace_of};
use kubescape_engine::Lack;
use kubescape_posture::{Context, Results};
use kubescape_report::Facts;
use kubescape_scan::Scan;
use kubescape_scanner::{Observer, ScanRequest, Targets};
use kubescape_sink::{Coverage, IndexRow, Writer};
use tokio::runtime::Handle;

use crate::scanning::Wanted;

/// Stores what scans of all frameworks found.
pub(crate) struct StoreScans {
    pub(crate) writer: Writer,
    pub(crate) wanted: Wanted,
    pub(crate) runtime: Handle,
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
    let keep = Keep {
        unread_kinds: unread,
        ..Keep::default()
    };
    let include = request.include_namespaces.clone();
    let exclude = request.exclude_namespaces.clone();
    Coverage::Only(Arc::new(move |row: &IndexRow| {
        let namespace = namespace_of(&row.labels);
        let seen = (include.is_empty() || include.iter().any(|name| name == namespace))
            && !exclude.iter().any(|name| name == namespace);
        seen && !keep.keeps_row(row)
    }))
}
