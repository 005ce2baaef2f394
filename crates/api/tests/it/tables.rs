//! What `kubectl get` shows.

use kubescape_api::RESOURCES;
use serde_json::json;

use crate::resource;

#[test]
fn a_row_needs_nothing_but_the_index() {
    let summary = resource("WorkloadConfigurationScanSummary");
    let object = json!({
        "metadata": {"name": "deployment-cart", "labels": {"kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": "cart"}},
        "spec": {"severities": {"critical": 1, "high": 2, "medium": 3, "low": 4, "unknown": 0}, "controls": {}},
    });
    let kept = summary.columns(&object);
    assert_eq!(
        kept,
        json!({"workloadKind": "Deployment", "workload": "cart", "critical": 1, "high": 2, "medium": 3, "low": 4, "unknown": 0})
    );
    let cells = summary.cells("deployment-cart", Some("2023-12-01T09:30:00Z"), &kept);
    assert_eq!(
        json!(cells),
        json!([
            "deployment-cart",
            "2023-12-01T09:30:00Z",
            "Deployment",
            "cart",
            1,
            2,
            3,
            4,
            0
        ])
    );
    let headings: Vec<_> = summary
        .column_definitions()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(
        json!(headings),
        json!([
            "Name",
            "Created At",
            "Workload Kind",
            "Workload",
            "Critical",
            "High",
            "Medium",
            "Low",
            "Unknown"
        ])
    );
}

#[test]
fn scans_and_manifests_are_counted_once_when_they_are_written() {
    let control = |severity: &str, status: &str| json!({"severity": {"severity": severity}, "status": {"status": status}});
    let scan = json!({"spec": {"controls": {"a": control("High", "failed"), "b": control("High", "passed"), "c": control("", "failed")}}});
    let kept = resource("WorkloadConfigurationScan").columns(&scan);
    assert_eq!(
        kept,
        json!({"critical": 0, "high": 1, "medium": 0, "low": 0, "unknown": 1})
    );
    let one = |severity: &str| json!({"vulnerability": {"severity": severity}});
    let manifest = json!({"spec": {"metadata": {"withRelevancy": true}, "payload": {"matches": [one("Critical"), one("critical"), one("Negligible")]}}});
    let kept = resource("VulnerabilityManifest").columns(&manifest);
    assert_eq!(
        kept,
        json!({"withRelevancy": true, "critical": 2, "high": 0, "medium": 0, "low": 0, "negligible": 1, "unknown": 0})
    );
}

#[test]
fn every_row_has_a_cell_for_every_heading() {
    for one in RESOURCES {
        let kept = one.columns(&json!({}));
        assert_eq!(kept, json!({}), "{}", one.kind);
        assert_eq!(
            one.cells("n", None, &kept).len(),
            one.column_definitions().len(),
            "{}",
            one.kind
        );
    }
}

#[test]
fn columns_stay_small_whatever_the_object_says() {
    let object = json!({"metadata": {"annotations": {"kubescape.io/status": "é".repeat(100_000)}, "labels": {"kubescape.io/workload-name": {"a": 1}}}});
    let kept = resource("ApplicationProfile").columns(&object);
    assert!(kept.to_string().len() < 300);
    assert_eq!(kept.get("workload"), None);
}
