//! A Grafana dashboard and alert rules for Prometheus, generated, so that they name
//! only metrics that exist. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kubescape_report::prometheus::FAMILIES;
use serde_json::{Value, json};

use crate::last::SCAN_GAUGES;
use crate::metrics::ROLE_METRICS;

/// How a panel shows its numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    /// One large number.
    Stat,
    /// Lines over time.
    Lines,
    /// A table of the present values.
    Table,
}

struct Panel {
    title: &'static str,
    show: Show,
    /// Grafana's name of the unit.
    unit: &'static str,
    /// Width of 24.
    width: u32,
    /// Query and legend.
    queries: &'static [(&'static str, &'static str)],
}

#[rustfmt::skip]
const PANELS: [Panel; 14] = [
    Panel { title: "Compliance", show: Show::Stat, unit: "percent", width: 4, queries: &[("kubescape_cluster_complianceScore", "")] },
    Panel { title: "Coverage", show: Show::Stat, unit: "percent", width: 4, queries: &[("kubescape_cluster_coverage_score", "")] },
    Panel { title: "Failed controls", show: Show::Stat, unit: "short", width: 4, queries: &[("kubescape_cluster_count_control_failed", "")] },
    Panel { title: "Failed resources", show: Show::Stat, unit: "short", width: 4, queries: &[("kubescape_cluster_count_resources_failed", "")] },
    Panel { title: "Age of the last full scan", show: Show::Stat, unit: "s", width: 4, queries: &[("kubescape_scan_age_seconds", "")] },
    Panel { title: "Partial", show: Show::Stat, unit: "bool_yes_no", width: 4, queries: &[("kubescape_scan_partial", "")] },
    Panel { title: "Compliance by framework", show: Show::Lines, unit: "percent", width: 12, queries: &[("kubescape_framework_complianceScore", "{{name}}")] },
    Panel { title: "Resources", show: Show::Lines, unit: "short", width: 12, queries: &[
        ("kubescape_cluster_count_resources_failed", "failed"),
        ("kubescape_cluster_count_resources_skipped", "skipped"),
        ("kubescape_cluster_count_resources_passed", "passed"),
    ] },
    Panel { title: "Failed controls by severity", show: Show::Lines, unit: "short", width: 12, queries: &[("count by (severity) (kubescape_control_count_resources_failed > 0)", "{{severity}}")] },
    Panel { title: "Controls that fail most resources", show: Show::Table, unit: "short", width: 12, queries: &[("topk(25, kubescape_control_count_resources_failed > 0)", "")] },
    Panel { title: "Scans", show: Show::Lines, unit: "short", width: 8, queries: &[
        ("kubescape_scanner_running", "{{lane}} running"),
        ("kubescape_scanner_waiting", "{{lane}} waiting"),
    ] },
    Panel { title: "Ends of scans", show: Show::Lines, unit: "short", width: 8, queries: &[
        ("increase(kubescape_scanner_scans_total[5m])", "{{lane}} {{outcome}}"),
        ("increase(kubescape_scanner_refused_total[5m])", "{{lane}} refused"),
    ] },
    Panel { title: "Duration of scans, 99th percentile", show: Show::Lines, unit: "s", width: 8, queries: &[("histogram_quantile(0.99, sum by (lane, le) (rate(kubescape_scanner_scan_seconds_bucket[15m])))", "{{lane}}")] },
    Panel { title: "Results on disk", show: Show::Lines, unit: "bytes", width: 24, queries: &[("kubescape_scanner_result_bytes", "bytes")] },
];

struct Alert {
    name: &'static str,
    expr: &'static str,
    for_: &'static str,
    severity: &'static str,
    summary: &'static str,
    description: &'static str,
}

#[rustfmt::skip]
const ALERTS: [Alert; 9] = [
    Alert { name: "KubescapeNoMetrics", expr: "absent(kubescape_scan_age_seconds)", for_: "15m", severity: "warning",
        summary: "The scanner's metrics are missing", description: "Prometheus does not reach /v1/metrics: look at its targets page, and at the scanner's pod." },
    Alert { name: "KubescapeScanTooOld", expr: "kubescape_scan_age_seconds > 2 * 24 * 3600", for_: "15m", severity: "warning",
        summary: "The last full scan is older than two days", description: "Scans fail or are not asked for: look at the scanner's log and at /v1/results." },
    Alert { name: "KubescapeScanFailed", expr: "kubescape_scan_last_failed == 1", for_: "10m", severity: "warning",
        summary: "The last full scan had no result", description: "GET /v1/results says why." },
    Alert { name: "KubescapeScanPartial", expr: "kubescape_scan_partial == 1", for_: "1h", severity: "warning",
        summary: "The last full scan could not read everything", description: "Its numbers are too low. The report's scanCoverage names what is missing; most often the account may not list it." },
    Alert { name: "KubescapeCriticalControlFailed", expr: "kubescape_control_count_resources_failed{severity=\"Critical\"} > 0", for_: "15m", severity: "critical",
        summary: "{{ $value }} resources fail {{ $labels.name }}", description: "A critical control fails. {{ $labels.link }}" },
    Alert { name: "KubescapeComplianceDropped", expr: "kubescape_framework_complianceScore < (kubescape_framework_complianceScore offset 1d) - 5", for_: "15m", severity: "warning",
        summary: "Compliance with {{ $labels.name }} fell to {{ $value }}", description: "It was more than 5 points higher a day ago: see which controls fail that passed." },
    Alert { name: "KubescapeQueueFull", expr: "increase(kubescape_scanner_refused_total[15m]) > 0", for_: "0m", severity: "warning",
        summary: "Scans are refused in lane {{ $labels.lane }}", description: "More scans are asked for than are done: ask less often, or raise the queue's capacity." },
    Alert { name: "KubescapeObjectScansSlow", expr: "histogram_quantile(0.99, sum by (le) (rate(kubescape_scanner_scan_seconds_bucket{lane=\"object\"}[15m]))) > 5", for_: "15m", severity: "warning",
        summary: "Scans of single objects take {{ $value }} seconds", description: "The API server may be slow, or the scanner short of processor time." },
    Alert { name: "KubescapeCallbacksFail", expr: "increase(kubescape_scanner_callbacks_total{outcome!=\"done\"}[1h]) > 0", for_: "0m", severity: "warning",
        summary: "Callbacks were {{ $labels.outcome }}", description: "Whoever waits for them does not hear that scans ended; the scanner's log says why." },
];

/// Names of all metrics that the scanner's page can have, those of the process aside.
pub fn metric_names() -> BTreeSet<String> {
    let scans = FAMILIES.iter().map(|family| family.name);
    let gauges = SCAN_GAUGES.iter().map(|gauge| gauge.name);
    let role = ROLE_METRICS.iter().map(|(name, _)| *name);
    scans.chain(gauges).chain(role).map(str::to_owned).collect()
}

/// All queries of the dashboard and the rules.
pub fn queries() -> impl Iterator<Item = &'static str> {
    let panels = PANELS
        .iter()
        .flat_map(|panel| panel.queries.iter().map(|(query, _)| *query));
    panels.chain(ALERTS.iter().map(|alert| alert.expr))
}

/// The dashboard, for Grafana's import.
pub fn dashboard() -> String {
    let (mut x, mut y) = (0, 0);
    let mut panels = Vec::new();
    for (panel, id) in PANELS.iter().zip(1..) {
        let height = if panel.show == Show::Stat { 4 } else { 9 };
        let place = json!({"x": x, "y": y, "w": panel.width, "h": height});
        panels.push(panel_json(panel, id, &place));
        x += panel.width;
        if x >= 24 {
            (x, y) = (0, y + height);
        }
    }
    let dashboard = json!({
        "title": "Kubescape",
        "uid": "kubescape",
        "tags": ["kubescape", "security"],
        "schemaVersion": 39,
        "editable": true,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
        }]},
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

fn panel_json(panel: &Panel, id: u32, place: &Value) -> Value {
    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    let table = panel.show == Show::Table;
    let targets: Vec<Value> = panel
        .queries
        .iter()
        .zip('A'..)
        .map(|((query, legend), letter)| {
            json!({
                "refId": letter.to_string(),
                "datasource": source,
                "expr": query,
                "legendFormat": if legend.is_empty() { "__auto" } else { legend },
                "instant": panel.show != Show::Lines,
                "range": panel.show == Show::Lines,
                "format": if table { "table" } else { "time_series" },
            })
        })
        .collect();
    json!({
        "id": id,
        "title": panel.title,
        "type": match panel.show {
            Show::Stat => "stat",
            Show::Lines => "timeseries",
            Show::Table => "table",
        },
        "gridPos": place,
        "datasource": source,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {},
    })
}

/// The alert rules, as a file that Prometheus loads.
pub fn alerts() -> String {
    let mut out = String::from(
        "# Generated by `cargo xtask dashboards`; change crates/scanner/src/monitoring.rs.\n\
         groups:\n- name: kubescape\n  rules:\n",
    );
    for alert in &ALERTS {
        // JSON's strings are YAML's. Writing to memory cannot fail.
        let text = |text: &str| Value::from(text).to_string();
        let _ = write!(
            out,
            "  - alert: {}\n    expr: {}\n    for: {}\n    labels:\n      severity: {}\n    \
             annotations:\n      summary: {}\n      description: {}\n",
            alert.name,
            text(alert.expr),
            alert.for_,
            alert.severity,
            text(alert.summary),
            text(alert.description),
        );
    }
    out
}
