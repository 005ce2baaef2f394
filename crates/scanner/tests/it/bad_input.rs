//! What clients get wrong, and what the service then says.

use crate::work::Fate;
use crate::world::{object, world, world_with};

#[tokio::test]
async fn methods_paths_and_shapes_that_are_wrong_are_named() {
    let world = world([]);
    for (method, path, body, code, said) in [
        ("PUT", "/v1/scan", "{}", 405, "this path takes POST, DELETE"),
        ("GET", "/v1/scan", "", 405, "this path takes POST, DELETE"),
        ("POST", "/livez", "", 405, "this path takes GET, HEAD"),
        ("GET", "/v1/scans", "", 404, "there is nothing here"),
        ("POST", "/v1/scan", "", 400, "the body is empty"),
        ("POST", "/v1/scan", "[]", 400, "not a JSON object"),
        (
            "POST",
            "/v1/scan",
            "{\"targetNames\":5}",
            400,
            "targetNames: give a list of texts",
        ),
        (
            "POST",
            "/v1/scan",
            "{\"targetNames\":[\"nsaa\"]}",
            400,
            "did you mean \"NSA\"?",
        ),
        (
            "POST",
            "/v1/scan?wiat=true",
            "{}",
            400,
            "did you mean wait?",
        ),
        (
            "POST",
            "/v1/scan?wait=later",
            "{}",
            400,
            "wait: give true or false",
        ),
        (
            "POST",
            "/v1/scan",
            "{\"exceptions\":[{\"name\":7}]}",
            400,
            "exceptions[0] name: is no text",
        ),
        (
            "GET",
            "/v1/results?id=../../etc/passwd",
            "",
            400,
            "id: is no UUID",
        ),
        ("GET", "/v1/status?id=1", "", 400, "id: is no UUID"),
        ("DELETE", "/v1/results?id=*", "", 400, "id: is no UUID"),
        (
            "DELETE",
            "/v1/scan?id=7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d",
            "",
            404,
            "no such scan",
        ),
        ("DELETE", "/v1/results", "", 400, "no scan yet"),
    ] {
        let answer = world.ask(method, path, body, &[]).await;
        assert_eq!(answer.code, code, "{method} {path} {body}: {}", answer.text);
        assert_eq!(answer.json()["type"], "error");
        assert!(
            answer.said().contains(said),
            "{method} {path}: {}",
            answer.said()
        );
        if code == 405 {
            assert!(answer.headers.contains_key("allow"));
        }
    }
    assert!(world.work.scanned().is_empty());
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_is_read() {
    let env = [("KS_SCAN_REQUEST_MAX_BYTES", "100")];
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let world = world_with([], &env, Vec::new(), folder);
    let answer = world.post("/v1/scan", &" ".repeat(101)).await;
    assert_eq!(answer.code, 413);
    assert!(answer.said().contains("more than 100 bytes"));
    let answer = world
        .post("/v1/scan", &format!("{{}}{}", " ".repeat(98)))
        .await;
    assert_eq!(answer.code, 200);
}

#[tokio::test]
async fn a_token_guards_everything_but_health_and_documents() {
    let env = [("KS_API_TOKEN", "s3cret")];
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let world = world_with([], &env, Vec::new(), folder);
    for path in ["/v1/status", "/v1/metrics", "/v1/nothing"] {
        let answer = world.get(path).await;
        assert_eq!(answer.code, 401, "{path}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(!answer.text.contains("s3cret"));
    }
    for wrong in ["Bearer s3cre", "Basic s3cret", "s3cret", "Bearer"] {
        let headers = [("authorization", wrong)];
        assert_eq!(world.ask("GET", "/v1/status", "", &headers).await.code, 401);
    }
    let headers = [("authorization", "bearer s3cret")];
    assert_eq!(world.ask("GET", "/v1/status", "", &headers).await.code, 200);
    assert_eq!(world.get("/livez").await.code, 200);
    assert_eq!(world.get("/openapi/v3").await.code, 200);
}

#[tokio::test]
async fn frameworks_that_the_last_scan_did_not_judge_by_are_refused() {
    let world = world([]);
    assert_eq!(world.get("/v1/metrics?frameworks=nsa").await.code, 200);
    let answer = world.get("/v1/metrics?frameworks=nsaa").await;
    assert_eq!(answer.code, 400);
    assert!(
        answer.said().contains("did you mean \"NSA\"?"),
        "{}",
        answer.said()
    );
    world.post("/v1/scan?wait=true", "{}").await;
    let answer = world.get("/v1/metrics?frameworks=nsa,soc2").await;
    assert_eq!(answer.code, 400);
    assert!(
        answer.said().contains("it did by MITRE, NSA"),
        "{}",
        answer.said()
    );
    assert_eq!(world.get("/v1/metrics?frameworks=all").await.code, 200);
    assert_eq!(
        world.get("/v1/metrics?skipPersistence=true").await.code,
        200
    );
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_said_and_the_service_stays() {
    let world = world([Fate::Failed("cluster \"a\": cannot reach the server")]);
    *world.work.reachable.lock().unwrap() = Err("cannot reach the server".to_owned());
    let answer = world.post("/v1/scan?wait=true", &object("cart")).await;
    assert_eq!(answer.code, 500);
    assert!(answer.said().contains("cannot reach the server"));
    assert_eq!(world.get("/livez").await.code, 200);
    assert_eq!(world.get("/readyz").await.code, 500);
    let answer = world.post("/v1/scan?wait=true", &object("cart")).await;
    assert_eq!(answer.code, 200);
}
