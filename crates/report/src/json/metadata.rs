//! What the report says of the scan itself.

use kubescape_engine::Scope;
use kubescape_scan::Scan;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::parts::Reader;
use crate::Facts;

/// Problems that a backend is told of, with each message of a report.
const MOST_PROBLEMS: usize = 100;

/// The same result at the same time has the same ID.
pub(super) fn report_id(scan: &Scan, facts: &Facts) -> String {
    // The digest is hexadecimal; time and version are folded in.
    let mut seed = format!("{}{}", facts.generated, facts.version);
    if let Some(to) = &facts.submission {
        // A backend joins messages by it, and gets reports of many.
        let cluster = facts.cluster.as_ref().map(|cluster| &cluster.context);
        let also = (&to.account, cluster, &facts.targets, &facts.target_names);
        let within = (&facts.include_namespaces, &facts.exclude_namespaces);
        seed.push_str(&format!("{also:?}{within:?}"));
    }
    let fold = seed.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let digest = scan
        .digest
        .get(..32)
        .unwrap_or("00000000000000000000000000000000");
    // Version 8 of RFC 9562: made by a rule of our own.
    format!(
        "{fold:08x}-{}-8{}-8{}-{}",
        &digest[..4],
        &digest[4..7],
        &digest[8..11],
        &digest[12..24]
    )
}

/// `metadata`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
pub(super) struct Metadata {
    target_metadata: Json,
    cluster_metadata: Json,
    scan_metadata: Json,
}

impl Metadata {
    pub(super) fn new(scan: &Scan, facts: &Facts, reader: Reader) -> Self {
        let one_file = scan.sources.len() == 1 && facts.targets.len() == 1;
        let path = facts.targets.join(",");
        let (scanning_target, target_metadata) = match scan.outcome.plan.target {
            Scope::File if one_file => (1, json!({"fileContextMetadata": {"filePath": path}})),
            Scope::File => (4, json!({"directoryContextMetadata": {"basePath": path}})),
            _ => (0, json!({"clusterContextMetadata": cluster(facts)})),
        };
        let scanning_target = match reader {
            Reader::Backend if facts.cluster.is_none() => 1,
            _ => scanning_target,
        };
        let sent = facts.submission.is_some();
        let scan_metadata = json!({
            "targetType": if facts.chose_controls { "control" } else { "framework" },
            "targetNames": facts.target_names,
            "kubescapeVersion": facts.version,
            "formatVersion": "v2",
            "formats": facts.formats,
            "excludedNamespaces": facts.exclude_namespaces,
            "includeNamespaces": facts.include_namespaces,
            "failThreshold": facts.fail_threshold,
            "complianceThreshold": facts.compliance_threshold,
            "scanningTarget": scanning_target,
            "hostScanner": false,
            "submit": sent,
            "keepLocal": !sent,
            "verboseMode": facts.verbose,
        });
        Self {
            target_metadata,
            cluster_metadata: json!({}),
            scan_metadata,
        }
    }
}

/// What is known of a living cluster; of a dump nothing is.
fn cluster(facts: &Facts) -> Json {
    let Some(cluster) = &facts.cluster else {
        return json!({});
    };
    let mut about = json!({"contextName": cluster.context});
    if let Some(workers) = cluster.worker_nodes {
        about["numberOfWorkerNodes"] = json!(workers);
    }
    if !cluster.provider.is_empty() {
        about["cloudMetadata"] = json!({"cloudProvider": cluster.provider});
    }
    about
}

/// What a reader needs to trust the result, beyond upstream's keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance<'s> {
    input_digest: String,
    engine_version: &'s str,
    library_version: &'s str,
    complete: bool,
    objects: usize,
    problems: Vec<Json>,
    /// Those beyond what a message takes.
    #[serde(skip_serializing_if = "is_zero")]
    more_problems: usize,
    unread_kinds: Vec<Json>,
    /// Controls of the selection that make no sense for this target.
    left_out_controls: Vec<&'static str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl<'s> Provenance<'s> {
    pub(super) fn new(scan: &'s Scan, facts: &'s Facts, reader: Reader) -> Self {
        let shown = match reader {
            Reader::User => scan.problems.len(),
            Reader::Backend => scan.problems.len().min(MOST_PROBLEMS),
        };
        let problem = |problem: &kubescape_collect::Problem| {
            json!({
                "code": problem.code.as_str(),
                "path": problem.path,
                "document": problem.document,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "remedy": problem.remedy,
            })
        };
        let unread = |(kind, count): (&String, &usize)| json!({"kind": kind, "objects": count});
        Self {
            input_digest: format!("sha256:{}", scan.digest),
            engine_version: &facts.version,
            library_version: scan.outcome.plan.library_version,
            complete: !scan.is_partial(),
            objects: scan.objects_seen,
            problems: scan.problems[..shown].iter().map(problem).collect(),
            more_problems: scan.problems.len() - shown,
            left_out_controls: scan
                .outcome
                .plan
                .left_out
                .iter()
                .map(|control| control.id)
                .collect(),
            unread_kinds: scan.unread_kinds.iter().map(unread).collect(),
        }
    }
}
