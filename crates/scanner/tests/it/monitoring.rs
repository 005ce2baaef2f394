//! The dashboard and the alert rules that are generated.

use std::collections::BTreeSet;
use std::path::Path;

use kubescape_scanner::monitoring::{alerts, dashboard, metric_names, queries};
use serde_json::Value;

use crate::world::world;

/// Names of metrics in a query.
fn names(query: &str) -> BTreeSet<String> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = query.split(|letter| !word(letter));
    words
        .filter(|word| word.starts_with("kubescape_"))
        .map(|word| {
            let parts = ["_bucket", "_sum", "_count"];
            let whole = parts.iter().find_map(|part| word.strip_suffix(part));
            whole.unwrap_or(word).to_owned()
        })
        .collect()
}

#[test]
fn the_files_in_the_repository_are_those_that_are_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring");
    for (name, text) in [
        ("grafana-dashboard.json", dashboard()),
        ("alerts.yaml", alerts()),
    ] {
        let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            found == text,
            "{name} is out of date: run `cargo xtask dashboards`"
        );
    }
}

#[test]
fn they_name_only_metrics_that_exist() {
    let known = metric_names();
    let mut used = BTreeSet::new();
    for query in queries() {
        let names = names(query);
        assert!(!names.is_empty(), "{query} asks for nothing");
        used.extend(names);
    }
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[tokio::test]
async fn metrics_that_are_documented_are_served() {
    let world = world([]);
    world.post("/v1/scan?wait=true", "{}").await;
    let page = world.get("/v1/metrics").await.text;
    let heads = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let served: BTreeSet<_> = heads
        .map(|head| head.split(' ').next().unwrap().to_owned())
        .collect();
    for name in metric_names() {
        // Those of single resources are there on request only.
        let on_request = name.starts_with("kubescape_resource_");
        assert!(served.contains(&name) || on_request, "{name} is not served");
    }
    for name in served.difference(&metric_names()) {
        assert!(
            name.starts_with("process_"),
            "{name} is served but not documented"
        );
    }
}

#[test]
fn panels_do_not_overlap_and_fill_their_rows() {
    let dashboard: Value = serde_json::from_str(&dashboard()).unwrap();
    let mut cells = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            assert!(x < 24, "{}", panel["title"]);
            for y in at("y")..at("y") + at("h") {
                assert!(cells.insert((x, y)), "{} overlaps", panel["title"]);
            }
        }
    }
    assert_eq!(cells.len() % 24, 0);
}
