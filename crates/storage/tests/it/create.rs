//! POST. (storage reference, section 6)

use serde_json::json;

use crate::golden;
use crate::harness::{version_of, world};
use crate::objects::{SBOMS, SERVERS, SUMMARIES, labelled, sbom, server, summary};

#[tokio::test]
async fn a_new_object_is_answered_whole_and_read_back_the_same() {
    let world = world();
    let made = world.post(SUMMARIES, &summary("deployment-cart", 4)).await;
    golden::answer("create", &made);
    let read = world.get(&format!("{SUMMARIES}/deployment-cart")).await;
    assert_eq!(read.fine(), made.fine());
    golden::answer("get", &read);
    // The next version is one more, whatever the kind.
    let next = world.post(SERVERS, &server("lab", "10.0.0.0/8")).await;
    assert_eq!(version_of(&next.fine()), version_of(&made.fine()) + 1);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_changes_nothing() {
    let world = world();
    let first = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let second = world.post(SUMMARIES, &summary("a", 2)).await;
    second.failed(409, "AlreadyExists");
    golden::answer("status/already-exists", &second);
    assert_eq!(world.get(&format!("{SUMMARIES}/a")).await.fine(), first);
    assert_eq!(world.version().await, version_of(&first));
}

#[tokio::test]
async fn names_can_be_generated() {
    let world = world();
    let mut object = summary("", 1);
    object["metadata"] = json!({"generateName": "scan-"});
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let made = world.post(SUMMARIES, &object).await.fine();
        let name = made["metadata"]["name"].as_str().unwrap().to_owned();
        assert!(
            name.starts_with("scan-") && name.len() == "scan-".len() + 5,
            "{name}"
        );
        assert_eq!(made["metadata"]["generateName"], "scan-");
        assert!(seen.insert(name));
    }
}

#[tokio::test]
async fn the_server_owns_uid_times_and_generation() {
    let world = world();
    let mut object = summary("a", 1);
    object["metadata"] = json!({
        "name": "a", "uid": "mine", "creationTimestamp": "1999-01-01T00:00:00Z", "generation": 9,
        "deletionTimestamp": "1999-01-01T00:00:00Z", "selfLink": "/x",
    });
    let made = world.post(SUMMARIES, &object).await.fine();
    let metadata = &made["metadata"];
    assert_ne!(metadata["uid"], "mine");
    assert!(
        metadata["creationTimestamp"]
            .as_str()
            .unwrap()
            .starts_with("20")
    );
    assert_eq!(metadata["generation"], 1);
    assert!(metadata.get("deletionTimestamp").is_none() && metadata.get("selfLink").is_none());
    // A version on a creation is a mistake of the client.
    object["metadata"] = json!({"name": "b", "resourceVersion": "7"});
    world
        .post(SUMMARIES, &object)
        .await
        .failed(400, "BadRequest");
    object["metadata"] = json!({"name": "b", "namespace": "elsewhere"});
    let answer = world.post(SUMMARIES, &object).await;
    golden::answer("status/other-namespace", &answer);
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_stores_nothing() {
    let world = world();
    let before = world.version().await;
    let path = format!("{SUMMARIES}?dryRun=All");
    let dry = world.post(&path, &summary("a", 1)).await;
    assert_eq!(dry.code, 201);
    golden::answer("create-dry-run", &dry);
    world
        .get(&format!("{SUMMARIES}/a"))
        .await
        .failed(404, "NotFound");
    assert_eq!(world.version().await, before, "no version is used up");
    // What would fail fails.
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    world
        .post(&path, &summary("a", 1))
        .await
        .failed(409, "AlreadyExists");
    let answer = world
        .post(&format!("{SUMMARIES}?dryRun=Some"), &summary("b", 1))
        .await;
    golden::answer("status/dry-run", &answer);
}

#[tokio::test]
async fn unknown_fields_are_dropped_warned_of_or_refused() {
    let world = world();
    let text =
        r#"{"metadata": {"name": "NAME"}, "spec": {"sever": 1, "controls": {}, "controls": {}}}"#;
    let send = async |mode: &str| {
        let path = format!("{SUMMARIES}?fieldValidation={mode}");
        let ask = world
            .ask("POST", &path)
            .header("content-type", "application/json");
        let name = format!("x-{}", mode.to_lowercase());
        ask.body(text.replace("NAME", &name)).await_answer().await
    };
    let ignored = send("Ignore").await;
    assert!(ignored.fine()["spec"].get("sever").is_none());
    assert_eq!(ignored.header("warning"), "");
    let warned = send("Warn").await;
    assert!(warned.fine()["spec"].get("sever").is_none());
    golden::answer("field-validation-warn", &warned);
    let refused = send("Strict").await;
    refused.failed(400, "BadRequest");
    golden::answer("status/field-validation-strict", &refused);
    golden::answer("status/field-validation-mode", &send("Mild").await);
}

#[tokio::test]
async fn warnings_speak_every_language() {
    let world = world();
    let mut object = summary("a", 1);
    object["spec"]["größe"] = 1.into();
    let made = world.post(SUMMARIES, &object).await;
    assert_eq!(made.code, 201);
    let warning = made.headers.get("warning").expect("a warning");
    assert!(String::from_utf8_lossy(warning.as_bytes()).contains("spec.größe"));
}

#[tokio::test]
async fn what_is_not_valid_names_every_field() {
    let world = world();
    let object = json!({"metadata": {"name": "lab"}, "spec": [{"ipBlock": "", "server": "", "name": ""}, {"ipBlock": "x/8", "server": "", "name": ""}]});
    let answer = world.post(SERVERS, &object).await;
    answer.failed(422, "Invalid");
    golden::answer("status/invalid", &answer);
    let mut port =
        crate::objects::neighbors("deployment-cart", &[crate::objects::neighbor("db", 5432)]);
    port["spec"]["egress"][0]["ports"][0]["port"] = serde_json::Value::Null;
    let answer = world.post(crate::objects::NEIGHBORS, &port).await;
    answer.failed(422, "Invalid");
    port["spec"]["egress"][0]["ports"][0] =
        json!({"name": "web", "protocol": "TCP", "port": 70_000});
    golden::answer(
        "status/invalid-port",
        &world.post(crate::objects::NEIGHBORS, &port).await,
    );
    let bad = labelled(summary("-a-", 1), &json!({"a b": "c d"}));
    golden::answer(
        "status/invalid-metadata",
        &world.post(SUMMARIES, &bad).await,
    );
}

#[tokio::test]
async fn the_kind_must_fit_the_path() {
    let world = world();
    let mut object = summary("a", 1);
    object["kind"] = "SBOMSyft".into();
    golden::answer("status/other-kind", &world.post(SUMMARIES, &object).await);
    object["kind"] = "WorkloadConfigurationScanSummary".into();
    object["apiVersion"] = "v1".into();
    golden::answer(
        "status/other-version",
        &world.post(SUMMARIES, &object).await,
    );
}

#[tokio::test]
async fn yaml_is_read_and_written() {
    let world = world();
    let text = "metadata:\n  name: lab\nspec:\n- ipBlock: 10.0.0.0/8\n  server: lab.example\n  name: lab\n";
    let ask = world
        .ask("POST", SERVERS)
        .header("content-type", "application/yaml");
    let made = ask
        .header("accept", "application/yaml")
        .body(text)
        .await_answer()
        .await;
    golden::answer("create-yaml", &made);
    let list = world
        .ask("GET", SERVERS)
        .header("accept", "application/yaml");
    golden::answer("list-yaml", &list.await_answer().await);
}

#[tokio::test]
async fn what_the_client_cannot_read_is_refused_before_it_is_done() {
    let world = world();
    let before = world.version().await;
    let protobuf = "application/vnd.kubernetes.protobuf";
    let ask = world.ask("POST", SUMMARIES).json(&summary("a", 1));
    let answer = ask.header("accept", protobuf).await_answer().await;
    answer.failed(406, "NotAcceptable");
    golden::answer("status/not-acceptable", &answer);
    assert_eq!(world.version().await, before);
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    for (method, body) in [
        ("PUT", summary("a", 2)),
        ("PATCH", json!({})),
        ("DELETE", json!({})),
    ] {
        let ask = world.ask(method, &format!("{SUMMARIES}/a")).json(&body);
        let ask = if method == "PATCH" {
            ask.header("content-type", "application/merge-patch+json")
        } else {
            ask
        };
        ask.header("accept", protobuf)
            .await_answer()
            .await
            .failed(406, "NotAcceptable");
    }
    assert_eq!(world.version().await, before + 1);
    let ask = world
        .ask("POST", SUMMARIES)
        .header("content-type", protobuf)
        .body("k8s\0");
    let answer = ask.await_answer().await;
    answer.failed(415, "UnsupportedMediaType");
    golden::answer("status/unsupported-media-type", &answer);
    // Controllers offer protobuf first and JSON next.
    let accept = format!("{protobuf}, application/json");
    let ask = world
        .ask("GET", &format!("{SUMMARIES}/a"))
        .header("accept", &accept);
    assert_eq!(
        ask.await_answer().await.header("content-type"),
        "application/json"
    );
}

#[tokio::test]
async fn heavy_objects_are_answered_whole_too() {
    let world = world();
    let made = world.post(SBOMS, &sbom("image", 3)).await.fine();
    assert_eq!(
        made["spec"]["syft"]["artifacts"].as_array().unwrap().len(),
        3
    );
    let light = world
        .get(&format!("{SBOMS}/image?resourceVersion=metadata"))
        .await;
    golden::answer("get-metadata-only", &light);
    let whole = world
        .get(&format!("{SBOMS}/image?resourceVersion=fullSpec"))
        .await;
    assert_eq!(whole.fine(), made);
    world
        .get(&format!("{SBOMS}/image?resourceVersion=some"))
        .await
        .failed(400, "BadRequest");
    let future = world
        .get(&format!("{SBOMS}/image?resourceVersion=1000"))
        .await;
    future.failed(504, "Timeout");
    golden::answer("status/version-too-large", &future);
}
