//! The objects that are written: summaries of some 4 kB, bills of materials of
//! any size.

use std::fmt::Write as _;

use bytes::Bytes;

use super::client::Pieces;

const GROUP: &str = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1";
const API_VERSION: &str = "spdx.softwarecomposition.kubescape.io/v1beta1";
/// Namespaces that the summaries are spread over.
pub(super) const NAMESPACES: usize = 100;
/// Controls of a summary, which make it some 4 kB.
const CONTROLS: usize = 26;

/// The path of all objects of a kind.
pub(super) fn all(plural: &str) -> String {
    format!("{GROUP}/{plural}")
}

/// The path of a namespace's objects of a kind.
pub(super) fn within(plural: &str, namespace: &str) -> String {
    format!("{GROUP}/namespaces/{namespace}/{plural}")
}

pub(super) const SUMMARIES: &str = "workloadconfigurationscansummaries";
pub(super) const SBOMS: &str = "sbomsyfts";

/// The namespace and the name of a summary.
pub(super) fn summary_place(index: usize) -> (String, String) {
    let namespace = format!("team-{:02}", index % NAMESPACES);
    (namespace, format!("deployment-app-{index:06}"))
}

/// The path of a summary.
pub(super) fn summary_path(index: usize) -> String {
    let (namespace, name) = summary_place(index);
    format!("{}/{name}", within(SUMMARIES, &namespace))
}

/// A summary. A hundred of them share each value of the label `batch`.
/// `version` is what an update names; `failed` what it changes.
pub(super) fn summary(index: usize, version: Option<&str>, failed: usize) -> Bytes {
    let (namespace, name) = summary_place(index);
    let mut text = format!(
        r#"{{"apiVersion":"{API_VERSION}","kind":"WorkloadConfigurationScanSummary","metadata":{{"name":"{name}","namespace":"{namespace}","annotations":{{"kubescape.io/wlid":"wlid://cluster-bench/namespace-{namespace}/deployment-app-{index:06}","kubescape.io/status":""}},"labels":{{"batch":"b-{}","kubescape.io/workload-api-group":"apps","kubescape.io/workload-api-version":"v1","kubescape.io/workload-kind":"Deployment","kubescape.io/workload-name":"app-{index:06}","kubescape.io/workload-namespace":"{namespace}"}}"#,
        index / 100
    );
    if let Some(version) = version {
        let _ = write!(text, r#","resourceVersion":"{version}""#);
    }
    text.push_str(r#"},"spec":{"controls":{"#);
    for control in 0..CONTROLS {
        let comma = if control == 0 { "" } else { "," };
        let status = if (index + control).is_multiple_of(3) {
            "failed"
        } else {
            "passed"
        };
        let _ = write!(
            text,
            r#"{comma}"C-{control:04}":{{"controlID":"C-{control:04}","severity":{{"scoreFactor":7,"severity":"High"}},"status":{{"info":"","status":"{status}","subStatus":""}}}}"#
        );
    }
    let _ = write!(
        text,
        r#"}},"severities":{{"critical":0,"high":{failed},"low":0,"medium":2,"unknown":0}}}},"status":{{}}}}"#
    );
    Bytes::from(text)
}

/// The label selector of a hundred summaries.
pub(super) fn batch(number: usize) -> String {
    format!("labelSelector=batch%3Db-{number}")
}

/// The `spec` of a bill of materials of about so many bytes, as Syft writes
/// them: packages, files with digests, and what belongs together.
pub(super) fn sbom_spec(bytes: usize) -> Bytes {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let (mut packages, mut files, mut relations) = (String::new(), String::new(), String::new());
    let mut count = 0_usize;
    while packages.len() + files.len() + relations.len() < bytes {
        let comma = if count == 0 { "" } else { "," };
        let (package, file, digest) = (next(), next(), [next(), next(), next(), next()]);
        let _ = write!(
            packages,
            r#"{comma}{{"id":"{package:016x}","name":"lib-{count}","version":"1.{}.{}","type":"deb","foundBy":"dpkg-db-cataloger","locations":[{{"path":"/var/lib/dpkg/status","layerID":"sha256:{:016x}{:016x}","accessPath":"/var/lib/dpkg/status"}}],"licenses":[{{"value":"GPL-2.0-only","spdxExpression":"GPL-2.0-only","type":"declared","urls":[],"locations":[]}}],"language":"","cpes":[{{"cpe":"cpe:2.3:a:lib-{count}:lib-{count}:1.0:*:*:*:*:*:*:*","source":"syft-generated"}}],"purl":"pkg:deb/debian/lib-{count}@1.0?arch=amd64","metadataType":"dpkg-db-entry","metadata":{{"package":"lib-{count}","source":"","version":"1.0","architecture":"amd64","maintainer":"A Maintainer <a@example.org>","installedSize":{}}}}}"#,
            package % 100,
            file % 100,
            digest[0],
            digest[1],
            package % 10_000,
        );
        let _ = write!(
            files,
            r#"{comma}{{"id":"{file:016x}","location":{{"path":"/usr/lib/x86_64-linux-gnu/lib-{count}.so.1","layerID":"sha256:{:016x}{:016x}"}},"metadata":{{"mode":644,"type":"RegularFile","userID":0,"groupID":0,"mimeType":"application/x-sharedlib","size":{}}},"digests":[{{"algorithm":"sha256","value":"{:016x}{:016x}{:016x}{:016x}"}}]}}"#,
            digest[0],
            digest[1],
            file % 1_000_000,
            digest[0],
            digest[1],
            digest[2],
            digest[3],
        );
        let _ = write!(
            relations,
            r#"{comma}{{"parent":"{package:016x}","child":"{file:016x}","type":"contains"}}"#
        );
        count += 1;
    }
    Bytes::from(format!(
        r#"{{"metadata":{{"tool":{{"name":"syft","version":"1.18.1"}},"report":{{"createdAt":"2026-11-01T10:00:00Z"}}}},"syft":{{"artifacts":[{packages}],"artifactRelationships":[{relations}],"files":[{files}],"source":{{"id":"1","name":"debian","version":"12","type":"image","metadata":{{"userInput":"debian:12"}}}},"distro":{{"id":"debian","name":"Debian GNU/Linux","version":"12"}},"descriptor":{{"name":"syft","version":"1.18.1"}},"schema":{{"version":"16.0.24","url":"https://example.org/schema.json"}}}}}}"#
    ))
}

/// The name of a bill of materials.
pub(super) fn sbom_name(index: usize) -> String {
    format!("registry.example.com-team-app-{index:04}-e2d1c0")
}

/// A bill of materials around a shared `spec`.
pub(super) fn sbom(index: usize, spec: &Bytes, version: Option<&str>) -> Pieces {
    let name = sbom_name(index);
    let version = version.map_or(String::new(), |version| {
        format!(r#","resourceVersion":"{version}""#)
    });
    let head = format!(
        r#"{{"apiVersion":"{API_VERSION}","kind":"SBOMSyft","metadata":{{"name":"{name}","namespace":"kubescape","annotations":{{"kubescape.io/image-id":"registry.example.com/team/app@sha256:{index:064x}"}},"labels":{{"kubescape.io/image-name":"app-{index:04}","kubescape.io/image-tag":"1.0"}}{version}}},"spec":"#
    );
    Pieces(
        [
            Bytes::from(head),
            spec.clone(),
            Bytes::from_static(b",\"status\":{}}"),
        ]
        .into(),
    )
}

/// The value of the first `resourceVersion` of an answer.
pub(super) fn version_of(answer: &[u8]) -> Option<&str> {
    let mark = b"\"resourceVersion\":\"";
    let at = answer.windows(mark.len()).position(|part| part == mark)? + mark.len();
    let rest = &answer[at..];
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}
