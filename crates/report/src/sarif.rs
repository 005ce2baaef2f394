//! SARIF 2.1.0, for code hosts.
//!
//! Results are written one by one in input order: there can be hundreds of
//! thousands of them, and so each document is read once.

mod fixes;
mod location;
mod results;
mod rules;

use std::io::{self, Write};

use kubescape_collect::{Input, Problem};
use kubescape_scan::Scan;
use serde_json::{Value as Json, json};

use crate::Facts;
use crate::faults::Failures;
use location::{artifact, region_at};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(crate) fn write(scan: &Scan, facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(256 << 10, out);
    let out: &mut dyn Write = &mut out;
    let failing = Failures::of(&scan.outcome).controls(&scan.outcome);
    let driver = json!({
        "name": "kubescape",
        "version": facts.version,
        "informationUri": "https://kubescape.io",
        "rules": failing.iter().map(|control| rules::rule(scan, *control)).collect::<Vec<_>>(),
        "properties": {"libraryVersion": scan.outcome.plan.library_version},
    });
    write!(
        out,
        r#"{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{{"tool":{{"driver":"#
    )?;
    serde_json::to_writer(&mut *out, &driver)?;
    write!(out, r#"}},"invocations":["#)?;
    serde_json::to_writer(&mut *out, &invocation(scan, facts))?;
    write!(
        out,
        r#"],"columnKind":"unicodeCodePoints","originalUriBaseIds":"#
    )?;
    let base =
        json!({"%SRCROOT%": {"description": {"text": "The directory that was scanned from."}}});
    serde_json::to_writer(&mut *out, &base)?;
    write!(
        out,
        r#","properties":{{"inputDigest":"sha256:{}"}},"results":["#,
        scan.digest
    )?;
    results::write(scan, &failing, out)?;
    out.write_all(b"]}]}\n")?;
    out.flush()
}

fn invocation(scan: &Scan, facts: &Facts) -> Json {
    let notifications: Vec<Json> = scan
        .problems
        .iter()
        .map(|problem| notification(scan, problem))
        .collect();
    let mut invocation = json!({
        "executionSuccessful": !scan.is_partial(),
        "toolExecutionNotifications": notifications,
    });
    if !facts.generated.is_empty() {
        invocation["endTimeUtc"] = json!(facts.generated);
    }
    invocation
}

fn notification(scan: &Scan, problem: &Problem) -> Json {
    let is_cluster = scan
        .sources
        .first()
        .is_some_and(|source| source.input == Input::Cluster);
    let mut text = if is_cluster {
        format!("{}: {}", problem.path, problem.message)
    } else {
        problem.message.clone()
    };
    if !problem.remedy.is_empty() {
        text.push_str("; ");
        text.push_str(&problem.remedy);
    }
    let mut notification = json!({
        "descriptor": {"id": problem.code.as_str()},
        "level": if problem.is_note() { "note" } else { "warning" },
        "message": {"text": text},
    });
    // Standard input has no address, and a cluster no files.
    if problem.path != "-" && !problem.path.is_empty() && !is_cluster {
        let mut place = json!({"artifactLocation": artifact(&problem.path)});
        if let Some(line) = problem.line {
            place["region"] = region_at(line, problem.column);
        }
        notification["locations"] = json!([{"physicalLocation": place}]);
    }
    notification
}
