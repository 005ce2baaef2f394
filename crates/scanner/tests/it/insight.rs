//! What is answered about continuous scanning, with it and without.

use std::sync::Arc;

use async_trait::async_trait;
use kubescape_explain::{
    Delivery, Explanation, Facts, KindState, ObjectRef, Phase, Presence, Progress, Stored, explain,
};
use kubescape_scanner::{CONTINUOUS_METRICS, Insight};

use crate::world::{world, world_that_follows};

/// Knows of no object at all.
struct Empty;

#[async_trait]
impl Insight for Empty {
    async fn explain(&self, object: ObjectRef) -> Explanation {
        let facts = Facts {
            synced: true,
            to_write: 0,
            kind: KindState::Read,
            namespace_followed: true,
            presence: Presence::Missing,
            judged: None,
            stored: Stored::Nothing,
            delivery: Delivery::Idle,
            unknown: Vec::new(),
        };
        explain(object, facts)
    }

    fn progress(&self) -> Progress {
        Progress {
            phase: Phase::Lap,
            objects: 12,
            synced: true,
            to_write: 3,
            pending_results: 4,
            gaps: vec!["pods: forbidden: no".to_owned()],
            ..Progress::default()
        }
    }
}

#[tokio::test]
async fn whoever_asks_hears_why_and_what_to_do() {
    let world = world_that_follows(Arc::new(Empty));
    let path = "/v1/explain?apiVersion=apps/v1&kind=Deployment&Namespace=shop&name=cart";
    let said = world.get(path).await;
    assert_eq!(said.code, 200);
    let said = said.json();
    assert_eq!(said["verdict"], "noSuchObject");
    assert_eq!(said["object"]["namespace"], "shop");
    assert_eq!(said["object"]["apiVersion"], "apps/v1");
    let progress = world.get("/v1/progress").await.json();
    assert_eq!(progress["phase"], "lap");
    assert_eq!(progress["toWrite"], 3);
    assert_eq!(progress["gaps"][0], "pods: forbidden: no");
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_at_once() {
    let world = world_that_follows(Arc::new(Empty));
    let said = world.get("/v1/explain").await;
    assert_eq!(said.code, 400);
    assert!(said.said().contains("kind: name the object") && said.said().contains("; name: "));
    let said = world.get("/v1/explain?kind=Pod&name=a&nmespace=b").await;
    assert!(
        said.said().contains("did you mean namespace?"),
        "{}",
        said.text
    );
    assert_eq!(world.post("/v1/progress", "").await.code, 405);
}

#[tokio::test]
async fn without_continuous_scanning_it_is_said_how_to_turn_it_on() {
    let world = world([]);
    for path in ["/v1/explain?kind=Pod&name=a", "/v1/progress"] {
        let said = world.get(path).await;
        assert_eq!(said.code, 404);
        assert!(
            said.said().contains("continuousPostureScan"),
            "{}",
            said.text
        );
    }
    let page = world.get("/v1/metrics").await.text;
    assert!(!page.contains("kubescape_continuous_"));
}

#[tokio::test]
async fn progress_is_in_the_metrics() {
    let world = world_that_follows(Arc::new(Empty));
    let page = world.get("/v1/metrics").await.text;
    for (name, help) in CONTINUOUS_METRICS {
        assert!(
            page.contains(&format!("# HELP {name} {help}")),
            "{name}\n{page}"
        );
    }
    for line in [
        "kubescape_continuous_objects 12",
        "kubescape_continuous_synced 1",
        "kubescape_continuous_pending_results 4",
        "kubescape_continuous_settled 0",
        "kubescape_continuous_gaps 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}
