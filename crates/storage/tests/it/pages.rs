//! Pages for those who run the server.

use std::collections::BTreeSet;

use crate::golden;
use crate::harness::world;
use crate::objects::{SUMMARIES, summary};

#[tokio::test]
async fn metrics_have_names_that_dashboards_rely_on() {
    let world = world();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    world
        .get(&format!("{SUMMARIES}/none"))
        .await
        .failed(404, "NotFound");
    // Labels come from us and never from clients.
    world.get("nonsense").await.failed(404, "NotFound");
    world.ask("BREW", SUMMARIES).await_answer().await;
    let page = world.get("/metrics").await;
    assert_eq!(page.code, 200);
    assert!(!page.text.contains("nonsense") && !page.text.contains("brew"));
    let names: BTreeSet<&str> = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter(|line| !line.starts_with("process_"))
        .collect();
    let mut text = String::new();
    for name in names {
        text.push_str(name);
        text.push('\n');
    }
    golden::compare("metrics", &text);
    let made = r#"kubescape_storage_requests_total{verb="create",resource="workloadconfigurationscansummaries",code="201"} 1"#;
    assert!(page.text.contains(made), "{}", page.text);
}
