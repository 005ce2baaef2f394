//! The messages of a report put together are the report.

use std::fmt::Write as _;

use kubescape_report::{Facts, Parts};
use kubescape_scan::Scan;
use kubescape_submit::{CHUNK_LIMIT, Chunks};
use serde_json::{Value, json};

use crate::scans::{by_all, cluster_facts, crowd, facts, report, shop};

pub(crate) fn messages(scan: &Scan, facts: &Facts, limit: usize) -> Vec<Value> {
    let parts = Parts::for_backend(scan, facts);
    let chunks = Chunks::new(parts, limit).unwrap();
    chunks
        .map(|chunk| serde_json::from_slice(&chunk.unwrap().body).unwrap())
        .collect()
}

/// Joins them as a receiver does, and checks on the way what each says of itself.
pub(crate) fn joined(messages: &[Value]) -> Value {
    let mut whole = messages[0].clone();
    let (mut resources, mut results) = (Vec::new(), Vec::new());
    for (number, message) in messages.iter().enumerate() {
        let last = number + 1 == messages.len();
        let page = json!({"chunkNumber": number, "isLastChunk": last});
        assert_eq!(message["paginationInfo"], page);
        for field in ["summaryDetails", "reportGUID", "customerGUID", "metadata"] {
            assert_eq!(message[field], messages[0][field]);
        }
        resources.extend(message["resources"].as_array().unwrap().iter().cloned());
        results.extend(message["results"].as_array().unwrap().iter().cloned());
    }
    whole["resources"] = Value::Array(resources);
    whole["results"] = Value::Array(results);
    whole["paginationInfo"] = json!({"chunkNumber": 0, "isLastChunk": true});
    whole
}

/// Takes away the objects that come with results, each of which has to be the
/// resource itself.
fn without_raw(mut whole: Value) -> Value {
    let resources = whole["resources"].clone();
    let results = whole["results"].as_array_mut().unwrap();
    for (result, resource) in results.iter_mut().zip(resources.as_array().unwrap()) {
        let raw = result.as_object_mut().unwrap().remove("rawResource");
        assert_eq!(raw.as_ref(), Some(resource));
        assert_eq!(result["resourceID"], resource["resourceID"]);
    }
    whole
}

#[test]
fn messages_together_are_the_report_of_files_but_for_the_kind_of_target() {
    let scan = by_all_of_shop();
    let facts = facts();
    let mut wanted = report(&scan, &facts);
    assert_eq!(wanted["metadata"]["scanMetadata"]["scanningTarget"], 4);
    wanted["metadata"]["scanMetadata"]["scanningTarget"] = json!(1);
    let messages = messages(&scan, &facts, CHUNK_LIMIT);
    assert_eq!(without_raw(joined(&messages)), wanted);
}

#[test]
fn messages_together_are_the_report_of_a_cluster_but_for_its_name() {
    let scan = crowd(&["C-0016", "C-0041"]);
    let facts = cluster_facts();
    let mut wanted = report(&scan, &facts);
    assert_eq!(wanted["clusterName"], "kind/prod");
    assert_eq!(wanted["metadata"]["scanMetadata"]["submit"], true);
    wanted["clusterName"] = json!("kind-prod");
    for limit in [CHUNK_LIMIT, 20_000, 12_000, 9_000] {
        let messages = messages(&scan, &facts, limit);
        assert!(limit == CHUNK_LIMIT || messages.len() > 1, "{limit}");
        assert_eq!(without_raw(joined(&messages)), wanted, "{limit}");
    }
}

fn by_all_of_shop() -> Scan {
    // Enters the folder of the data.
    drop(shop(&["C-0016"]));
    by_all("shop")
}

#[test]
fn objects_that_were_to_be_left_out_are_left_out() {
    let scan = shop(&["C-0016"]);
    let facts = Facts {
        omit_raw_resources: true,
        ..facts()
    };
    let whole = joined(&messages(&scan, &facts, CHUNK_LIMIT));
    assert_eq!(whole["resources"], json!([]));
    let results = whole["results"].as_array().unwrap();
    assert!(!results.is_empty());
    assert!(
        results
            .iter()
            .all(|result| result.get("rawResource").is_none())
    );
}

#[test]
fn reports_of_the_same_input_by_others_or_for_others_have_ids_of_their_own() {
    let scan = shop(&["C-0016"]);
    let mut ids: Vec<String> = [
        facts(),
        cluster_facts(),
        Facts {
            target_names: vec!["NSA".to_owned()],
            ..facts()
        },
        Facts {
            exclude_namespaces: vec!["shop".to_owned()],
            ..facts()
        },
        Facts {
            submission: Some(kubescape_report::Submission::default()),
            ..facts()
        },
    ]
    .iter()
    .map(|facts| Parts::for_backend(&scan, facts).report_id())
    .collect();
    let again = Parts::for_backend(&scan, &facts()).report_id();
    assert_eq!(again, ids[0]);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[test]
fn an_object_that_no_message_takes_gives_way_to_its_identity() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.yaml");
    let mut lines = String::new();
    for number in 0..40_000 {
        let note = "x".repeat(50);
        writeln!(lines, "    note-{number:06}: {note}").unwrap();
    }
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: large\n  namespace: shop\n  annotations:\n{lines}spec:\n  hostNetwork: true\n  containers: [{{name: a, image: a}}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: small, namespace: shop}}\nspec: {{containers: [{{name: a, image: a}}]}}\n"
    );
    std::fs::write(&file, text).unwrap();
    let scan = by_all(file.to_str().unwrap());
    let facts = facts();
    let parts = Parts::for_backend(&scan, &facts);
    let mut chunks = Chunks::new(parts, CHUNK_LIMIT).unwrap();
    let messages: Vec<Value> = chunks
        .by_ref()
        .map(|chunk| {
            let body = chunk.unwrap().body;
            assert!(body.len() < CHUNK_LIMIT);
            serde_json::from_slice(&body).unwrap()
        })
        .collect();
    let omitted: Vec<_> = chunks.omissions().collect();
    assert_eq!(omitted.len(), 1);
    assert!(omitted[0].id.ends_with("/Pod/large"), "{omitted:?}");
    let whole = joined(&messages);
    let wanted = report(&scan, &facts);
    let large = &whole["resources"][0];
    assert_eq!(large["object"]["kind"], "Pod");
    assert_eq!(large["object"]["metadata"]["name"], "large");
    let annotations = &large["object"]["metadata"]["annotations"];
    let reason = annotations["kubescape.io/omitted"].as_str().unwrap();
    assert!(
        reason.contains("bytes are more than one message takes"),
        "{reason}"
    );
    assert_eq!(whole["results"][0]["rawResource"], *large);
    // Its result is whole, and so is everything of the other.
    assert_eq!(
        whole["results"][0]["controls"],
        wanted["results"][0]["controls"]
    );
    assert_eq!(whole["resources"][1], wanted["resources"][1]);
}

#[test]
fn paths_that_no_message_takes_are_cut_and_the_control_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.yaml");
    // So many containers have some hundred thousand paths to fix.
    let mut containers = String::new();
    for number in 0..12_000 {
        writeln!(containers, "  - {{name: c{number}, image: a}}").unwrap();
    }
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: many, namespace: shop}}\nspec:\n  containers:\n{containers}"
    );
    std::fs::write(&file, text).unwrap();
    let scan = by_all(file.to_str().unwrap());
    let facts = facts();
    let mut chunks = Chunks::of(&scan, &facts).unwrap();
    let messages: Vec<Value> = chunks
        .by_ref()
        .map(|chunk| serde_json::from_slice(&chunk.unwrap().body).unwrap())
        .collect();
    assert_eq!(chunks.omissions().count(), 1);
    let (whole, wanted) = (joined(&messages), report(&scan, &facts));
    let controls = |report: &Value| report["results"][0]["controls"].as_array().unwrap().clone();
    let (short, full) = (controls(&whole), controls(&wanted));
    assert_eq!(short.len(), full.len());
    let mut cut = 0;
    for (short, full) in short.iter().zip(&full) {
        assert_eq!(short["controlID"], full["controlID"]);
        assert_eq!(short["status"]["status"], full["status"]["status"]);
        if short["rules"] != full["rules"] {
            cut += 1;
            let info = short["status"]["info"].as_str().unwrap();
            assert!(
                info.contains("paths are shown: one message takes no more"),
                "{info}"
            );
        }
    }
    assert!(cut > 0);
}
