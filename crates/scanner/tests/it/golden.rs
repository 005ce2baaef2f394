//! Whole answers against files. `BLESS=1 cargo test -p kubescape-scanner` rewrites
//! them: read the difference before committing it.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::work::Fate;
use crate::world::{Answer, World, object, world};

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

/// Answers as they came, with what differs each time named.
#[derive(Default)]
struct Story {
    text: String,
    ids: Vec<(String, &'static str)>,
}

impl Story {
    fn name(&mut self, id: &str, name: &'static str) {
        self.ids.push((id.to_owned(), name));
    }

    fn note(&mut self, asked: &str, answer: &Answer) {
        let mut text = format!("## {asked}\nHTTP {}\n", answer.code);
        for name in HEADERS {
            for value in answer.headers.get_all(name) {
                writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        // Reports have goldens of their own.
        let body = match serde_json::from_str::<serde_json::Value>(&answer.text) {
            Ok(mut json) if json["response"].is_object() => {
                let report = json["response"].as_object().unwrap();
                let keys: Vec<_> = report.keys().cloned().collect();
                json["response"] = format!("<a report: {}>", keys.join(" ")).into();
                format!("{json}\n")
            }
            _ => answer.text.clone(),
        };
        text.push_str(&body);
        for (id, name) in &self.ids {
            text = text.replace(id, name);
        }
        writeln!(self.text, "{text}").unwrap();
    }

    /// Asks, and notes the answer.
    async fn ask(&mut self, world: &World, method: &str, path: &str, body: &str) -> Answer {
        let answer = world.ask(method, path, body, &[]).await;
        self.note(format!("{method} {path} {body}").trim_end(), &answer);
        answer
    }
}

#[tokio::test]
async fn the_answers_of_a_scan_s_life_are_as_documented() {
    let world = world([Fate::Held]);
    let mut story = Story::default();
    for path in ["/v1/results", "/v1/status"] {
        story.ask(&world, "GET", path, "").await;
    }
    let body = r#"{"targetNames":["all"],"targetType":"Framework","hostScanner":true}"#;
    let begun = world.post("/v1/scan", body).await;
    let id = begun.id();
    story.name(&id, "<id>");
    story.note(&format!("POST /v1/scan {body}"), &begun);
    world.work.started(1).await;
    let by_id = |path: &str| format!("{path}?ID={id}");
    story.ask(&world, "GET", &by_id("/v1/status"), "").await;
    for (method, path) in [
        ("GET", "/v1/status"),
        ("GET", "/v1/results"),
        ("DELETE", "/v1/results"),
    ] {
        story.ask(&world, method, path, "").await;
    }
    world.work.release();
    world.end_of(&id).await;
    story.ask(&world, "GET", "/v1/status", "").await;
    story.ask(&world, "HEAD", "/v1/results", "").await;
    let kept = format!("/v1/results?id={id}&keep=true");
    story.ask(&world, "GET", &kept, "").await;
    story.ask(&world, "GET", &by_id("/v1/results"), "").await;
    story.ask(&world, "GET", "/v1/results", "").await;
    let other = "/v1/results?id=7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d";
    story.ask(&world, "GET", other, "").await;
    compare("life.txt", &story.text);
}

#[tokio::test]
async fn the_answers_of_scans_that_fail_are_awaited_or_cancelled_are_as_documented() {
    let fates = [Fate::Failed("the cluster is gone"), Fate::Done, Fate::Held];
    let world = world(fates);
    let mut story = Story::default();
    let failed = world.post("/v1/scan?wait=true", "{}").await;
    story.name(&failed.id(), "<failed>");
    story.note("POST /v1/scan?wait=true {}, which fails", &failed);
    story.ask(&world, "GET", "/v1/results", "").await;
    story.ask(&world, "DELETE", "/v1/results", "").await;
    let waited = world.post("/v1/scan?wait=true", &object("cart")).await;
    story.name(&waited.id(), "<waited>");
    story.note("POST /v1/scan?wait=true of an object", &waited);
    let running = world.start("{}").await;
    story.name(&running, "<running>");
    world.work.started(3).await;
    story.ask(&world, "DELETE", "/v1/scan", "").await;
    world.end_of(&running).await;
    story.ask(&world, "GET", "/v1/results", "").await;
    story.ask(&world, "DELETE", "/v1/scan", "").await;
    story
        .ask(&world, "DELETE", "/v1/results?all=true", "")
        .await;
    compare("ends.txt", &story.text);
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
    let about = ["kubescape_cluster", "kubescape_framework"];
    let lines = after.text.lines();
    let scans = lines
        .filter(|line| about.iter().any(|part| line.contains(part)))
        .fold(String::new(), |text, line| text + line + "\n");
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
    lines
        .iter()
        .fold(String::new(), |text, line| text + line + "\n")
}
