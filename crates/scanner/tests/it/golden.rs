//! Whole answers against files. `BLESS=1 cargo test -p kubescape-scanner` rewrites
//! them: read the difference before committing it.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::work::Fate;
use crate::world::{Answer, object, world};

const HEADERS: [&str; 6] = [
    "content-type",
    "content-length",
    "retry-after",
    "warning",
    "allow",
    "www-authenticate",
];

#[track_caller]
pub(crate) fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == expected,
        "{name} differs; with BLESS=1 it is rewritten\n--- expected\n{expected}\n--- found\n{text}"
    );
}

/// Writes an answer down, with what differs each time named.
fn note(story: &mut String, asked: &str, answer: &Answer, ids: &[(&str, &str)]) {
    let mut text = format!("## {asked}\nHTTP {}\n", answer.code);
    for name in HEADERS {
        for value in answer.headers.get_all(name) {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    // Reports have goldens of their own.
    let body = match serde_json::from_str::<serde_json::Value>(&answer.text) {
        Ok(mut json) if json["response"].is_object() => {
            let keys: Vec<_> = json["response"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            json["response"] = format!("<a report: {}>", keys.join(" ")).into();
            format!("{json}\n")
        }
        _ => answer.text.clone(),
    };
    text.push_str(&body);
    for (id, name) in ids {
        text = text.replace(id, name);
    }
    story.push_str(&text);
    story.push('\n');
}

#[tokio::test]
async fn the_answers_of_a_scan_s_life_are_as_documented() {
    let world = world([Fate::Held, Fate::Failed("the cluster is gone"), Fate::Done]);
    let mut story = String::new();
    note(
        &mut story,
        "GET /v1/results before any scan",
        &world.get("/v1/results").await,
        &[],
    );
    note(
        &mut story,
        "GET /v1/status before any scan",
        &world.get("/v1/status").await,
        &[],
    );
    let body = r#"{"targetNames":["all"],"targetType":"Framework","hostScanner":true}"#;
    let begun = world.post("/v1/scan", body).await;
    let id = begun.id();
    let ids = [(&*id, "<id>")];
    note(&mut story, "POST /v1/scan", &begun, &ids);
    world.work.started(1).await;
    let by_id = |path: &str| format!("{path}?ID={id}");
    note(
        &mut story,
        "GET /v1/status?ID=<id>",
        &world.get(&by_id("/v1/status")).await,
        &ids,
    );
    note(
        &mut story,
        "GET /v1/status of the latest",
        &world.get("/v1/status").await,
        &ids,
    );
    note(
        &mut story,
        "GET /v1/results of a running scan",
        &world.get("/v1/results").await,
        &ids,
    );
    note(
        &mut story,
        "DELETE /v1/results of a running scan",
        &world.delete("/v1/results").await,
        &ids,
    );
    world.work.release();
    world.end_of(&id).await;
    note(
        &mut story,
        "GET /v1/status when it ended",
        &world.get("/v1/status").await,
        &ids,
    );
    let head = world.ask("HEAD", "/v1/results", "", &[]).await;
    note(&mut story, "HEAD /v1/results", &head, &ids);
    let kept = world.get(&format!("/v1/results?id={id}&keep=true")).await;
    note(&mut story, "GET /v1/results?id=<id>&keep=true", &kept, &ids);
    note(
        &mut story,
        "GET /v1/results?ID=<id>",
        &world.get(&by_id("/v1/results")).await,
        &ids,
    );
    note(
        &mut story,
        "GET /v1/results again",
        &world.get("/v1/results").await,
        &ids,
    );
    let other = "/v1/results?id=7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d";
    note(
        &mut story,
        "GET /v1/results of an unknown scan",
        &world.get(other).await,
        &ids,
    );
    let failed = world.post("/v1/scan?wait=true", "{}").await;
    let failed_id = failed.id();
    let ids = [(&*failed_id, "<failed>")];
    note(
        &mut story,
        "POST /v1/scan?wait=true of a scan that fails",
        &failed,
        &ids,
    );
    note(
        &mut story,
        "GET /v1/results of that",
        &world.get("/v1/results").await,
        &ids,
    );
    let waited = world.post("/v1/scan?wait=true", &object("cart")).await;
    let waited_id = waited.id();
    let ids = [(&*waited_id, "<waited>")];
    note(
        &mut story,
        "POST /v1/scan?wait=true of an object",
        &waited,
        &ids,
    );
    note(
        &mut story,
        "DELETE /v1/results?all=true",
        &world.delete("/v1/results?all=true").await,
        &ids,
    );
    note(
        &mut story,
        "DELETE /v1/scan when nothing runs",
        &world.delete("/v1/scan").await,
        &ids,
    );
    compare("life.txt", &story);
}

#[tokio::test]
async fn documents_are_made_from_the_table_of_routes() {
    let world = world([]);
    let document = world.get("/openapi/v3").await;
    assert_eq!(document.json()["openapi"], "3.0.3");
    compare("openapi.json", &document.text);
    assert_eq!(
        world.get("/openapi/v2/swagger.yaml").await.text,
        document.text
    );
    let page = world.get("/openapi/v2/swaggerui").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    // Nothing comes from elsewhere.
    assert!(
        !page.text.contains("http://")
            && !page.text.contains("https://")
            && !page.text.contains("<script")
    );
    compare("page.html", &page.text);
}

#[tokio::test]
async fn metrics_before_and_after_the_first_scan() {
    let world = world([]);
    let before = world.get("/v1/metrics").await;
    assert_eq!(before.code, 200);
    compare("metrics-before.prom", &steady(&before.text));
    let answer = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(answer.code, 200);
    let after = world.get("/v1/metrics?frameworks=nsa,MITRE").await;
    let scans: String = after
        .text
        .lines()
        .filter(|line| line.contains("kubescape_cluster") || line.contains("kubescape_framework"))
        .map(|line| format!("{line}\n"))
        .collect();
    compare("metrics-after.prom", &scans);
    assert_eq!(
        after.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
}

/// Without what differs each time, and the samples of a family in order.
fn steady(page: &str) -> String {
    let same = |line: &&str| {
        !["process_", "_seconds_", "_age_seconds ", "request_seconds"]
            .iter()
            .any(|part| line.contains(part))
    };
    let mut lines: Vec<&str> = page.lines().filter(same).collect();
    for family in lines.chunk_by_mut(|a, b| a.starts_with('#') == b.starts_with('#')) {
        if !family[0].starts_with('#') {
            family.sort_unstable();
        }
    }
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}
