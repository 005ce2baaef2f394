//! JSON as upstream's version v2, every key of it. (config-scanning reference §7.)
//!
//! Written in one pass, resource by resource: at 15,000 objects the text has
//! hundreds of megabytes and never stands in memory.

mod coverage;
mod exceptions;
mod metadata;
mod resources;
mod results;
mod summary;

use std::io::{self, Write};

use kubescape_scan::Scan;
use serde::Serialize;

use crate::Facts;

/// Writes `"key":value,`.
fn field(out: &mut dyn Write, key: &str, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, key)?;
    out.write_all(b":")?;
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b",")
}

/// The records in the order of their IDs, which is the same whatever the
/// order of the input's files.
fn by_id(scan: &Scan) -> Vec<usize> {
    let records = &scan.outcome.records;
    let mut order: Vec<usize> = (0..records.len())
        .filter(|number| !records[*number].hidden)
        .collect();
    order.sort_by(|a, b| records[*a].id.cmp(&records[*b].id).then(a.cmp(b)));
    order
}

pub(crate) fn write(scan: &Scan, facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(256 << 10, out);
    let out: &mut dyn Write = &mut out;
    let order = by_id(scan);
    out.write_all(b"{")?;
    field(out, "generationTime", &facts.generated)?;
    let cluster = facts.cluster.as_ref();
    let version = cluster.map(|cluster| &cluster.version);
    field(out, "clusterAPIServerInfo", &version)?;
    let provider = cluster.map_or("", |cluster| cluster.provider);
    field(out, "clusterCloudProvider", &provider)?;
    field(out, "customerGUID", &"")?;
    let name = cluster.map_or("", |cluster| &*cluster.context);
    field(out, "clusterName", &name)?;
    field(out, "reportGUID", &metadata::report_id(scan, facts))?;
    field(out, "jobID", &"")?;
    field(out, "summaryDetails", &summary::Details::new(scan))?;
    if cluster.is_some() {
        field(out, "scanCoverage", &coverage::ScanCoverage::new(scan))?;
    }
    let audit = scan.outcome.audit();
    if !audit.is_empty() {
        field(
            out,
            "exceptionAudit",
            &exceptions::ExceptionAudit::new(&audit),
        )?;
    }
    resources::write(scan, facts, &order, out)?;
    field(out, "attributes", &[(); 0])?;
    results::write(scan, &order, out)?;
    field(out, "metadata", &metadata::Metadata::new(scan, facts))?;
    field(out, "provenance", &metadata::Provenance::new(scan, facts))?;
    out.write_all(
        br#""paginationInfo":{"chunkNumber":0,"isLastChunk":true},"customerGUIDGenerated":false}"#,
    )?;
    out.write_all(b"\n")?;
    out.flush()
}
