//! The four patches. (storage reference, sections 3 and 6)

use serde_json::{Value, json};

use crate::golden;
use crate::harness::{version_of, world};
use crate::objects::{NEIGHBORS, SUMMARIES, neighbor, neighbors, summary};

fn identifiers(object: &Value) -> Vec<String> {
    let egress = object["spec"]["egress"].as_array().unwrap();
    egress
        .iter()
        .map(|one| one["identifier"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn each_patch_does_what_its_type_says() {
    let world = world();
    let path = format!("{NEIGHBORS}/deployment-cart");
    world
        .post(
            NEIGHBORS,
            &neighbors("deployment-cart", &[neighbor("db", 5432)]),
        )
        .await
        .fine();
    let add = json!({"spec": {"egress": [neighbor("mail", 25)]}});
    let merged = world.patch("strategic", &path, &add).await;
    golden::answer("patch-strategic", &merged);
    assert_eq!(identifiers(&merged.fine()).len(), 2, "merged by identifier");
    let replaced = world.patch("merge", &path, &add).await;
    golden::answer("patch-merge", &replaced);
    assert_eq!(
        identifiers(&replaced.fine()),
        ["mail"],
        "lists are replaced"
    );
    let operations = json!([
        {"op": "test", "path": "/spec/egress/0/identifier", "value": "mail"},
        {"op": "add", "path": "/spec/egress/-", "value": neighbor("dns", 53)},
        {"op": "remove", "path": "/metadata/labels/kubescape.io~1workload-kind"},
    ]);
    let edited = world.patch("json", &path, &operations).await;
    golden::answer("patch-json", &edited);
    assert_eq!(identifiers(&edited.fine()), ["mail", "dns"]);
    let gone = json!({"spec": {"egress": [{"identifier": "mail", "$patch": "delete"}]}});
    let rest = world.patch("strategic", &path, &gone).await.fine();
    assert_eq!(identifiers(&rest), ["dns"]);
}

#[tokio::test]
async fn what_a_patch_cannot_do_is_said() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let nobody = world.patch("merge", &path, &json!({"spec": {}})).await;
    nobody.failed(404, "NotFound");
    let object = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let test = json!([{"op": "test", "path": "/spec/severities/high", "value": 9}]);
    golden::answer(
        "status/patch-test",
        &world.patch("json", &path, &test).await,
    );
    let missing = json!([{"op": "remove", "path": "/spec/nothing"}]);
    golden::answer(
        "status/patch-missing",
        &world.patch("json", &path, &missing).await,
    );
    let shape = json!({"op": "remove"});
    golden::answer(
        "status/patch-shape",
        &world.patch("json", &path, &shape).await,
    );
    let renamed = json!({"metadata": {"name": "b"}});
    golden::answer(
        "status/patch-name",
        &world.patch("merge", &path, &renamed).await,
    );
    let uid = json!({"metadata": {"uid": "other"}});
    world
        .patch("merge", &path, &uid)
        .await
        .failed(409, "Conflict");
    let invalid = json!({"spec": {"severities": {"high": "many"}}});
    golden::answer(
        "status/patch-invalid",
        &world.patch("merge", &path, &invalid).await,
    );
    let stale =
        json!({"metadata": {"resourceVersion": "1000"}, "spec": {"severities": {"high": 5}}});
    world
        .patch("merge", &path, &stale)
        .await
        .failed(409, "Conflict");
    let ask = world.ask("PATCH", &path).json(&json!({}));
    golden::answer("status/patch-type", &ask.await_answer().await);
    let cbor = world
        .ask("PATCH", &path)
        .header("content-type", "application/apply-patch+cbor");
    cbor.body("x")
        .await_answer()
        .await
        .failed(415, "UnsupportedMediaType");
    assert_eq!(world.get(&path).await.fine(), object);
}

/// Patches can make nonsense of metadata: that is an answer and no panic.
#[tokio::test]
async fn metadata_of_any_type_is_refused() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let object = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    for nonsense in [json!("x"), json!(1), json!([]), json!([1]), json!(true)] {
        let patch = json!([{"op": "replace", "path": "/metadata", "value": nonsense}]);
        let answer = world.patch("json", &path, &patch).await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
        let answer = world
            .patch("merge", &path, &json!({"metadata": nonsense}))
            .await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
        let answer = world
            .patch("strategic", &path, &json!({"metadata": nonsense}))
            .await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
        let config = json!({"apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1", "kind": "WorkloadConfigurationScanSummary", "metadata": nonsense});
        let answer = world
            .patch("apply", &format!("{path}?fieldManager=me"), &config)
            .await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
        let answer = world.put(&path, &json!({"metadata": nonsense})).await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
        let answer = world.post(SUMMARIES, &json!({"metadata": nonsense})).await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{nonsense}: {}",
            answer.text
        );
    }
    for whole in [json!(null), json!("x"), json!([]), json!(7)] {
        let patch = json!([{"op": "replace", "path": "", "value": whole}]);
        let answer = world.patch("json", &path, &patch).await;
        assert!(
            (400..500).contains(&answer.code),
            "{whole}: {}",
            answer.text
        );
        let answer = world.patch("merge", &path, &whole).await;
        assert!(
            (400..500).contains(&answer.code),
            "{whole}: {}",
            answer.text
        );
        let answer = world.patch("strategic", &path, &whole).await;
        assert!(
            (400..500).contains(&answer.code),
            "{whole}: {}",
            answer.text
        );
    }
    assert_eq!(world.get(&path).await.fine(), object);
}

#[tokio::test]
async fn an_apply_makes_and_then_owns() {
    let world = world();
    let path = format!("{SUMMARIES}/a");
    let mut config = summary("a", 1);
    config["apiVersion"] = "spdx.softwarecomposition.kubescape.io/v1beta1".into();
    config["kind"] = "WorkloadConfigurationScanSummary".into();
    let unnamed = world.patch("apply", &path, &config).await;
    golden::answer("status/apply-without-manager", &unnamed);
    let made = world
        .patch("apply", &format!("{path}?fieldManager=one"), &config)
        .await;
    assert_eq!(made.code, 201);
    golden::answer("patch-apply-create", &made);
    let again = world
        .patch("apply", &format!("{path}?fieldManager=one"), &config)
        .await;
    assert_eq!(
        again.fine(),
        made.fine(),
        "the same once more changes nothing"
    );
    config["spec"]["severities"]["high"] = 2.into();
    let conflict = world
        .patch("apply", &format!("{path}?fieldManager=two"), &config)
        .await;
    conflict.failed(409, "Conflict");
    golden::answer("status/apply-conflict", &conflict);
    let forced = world
        .patch(
            "apply",
            &format!("{path}?fieldManager=two&force=true"),
            &config,
        )
        .await;
    golden::answer("patch-apply-force", &forced);
    assert_eq!(version_of(&forced.fine()), version_of(&made.fine()) + 1);
    let force = world
        .patch("merge", &format!("{path}?force=true"), &config)
        .await;
    golden::answer("status/force-without-apply", &force);
    // Stored nothing, and the name is free.
    config["metadata"]["name"] = "b".into();
    let path = format!("{SUMMARIES}/b?fieldManager=one&dryRun=All");
    let dry = world.patch("apply", &path, &config).await;
    assert_eq!(dry.code, 201);
    world
        .get(&format!("{SUMMARIES}/b"))
        .await
        .failed(404, "NotFound");
}

/// What the seed's node-agents do: each adds its neighbor at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_patches_of_one_object_lose_nothing() {
    const WRITERS: usize = 16;
    const EACH: usize = 8;
    let world = std::sync::Arc::new(world());
    world
        .post(NEIGHBORS, &neighbors("deployment-cart", &[]))
        .await
        .fine();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let world = world.clone();
        writers.spawn(async move {
            for at in 0..EACH {
                let patch = json!({"spec": {"egress": [neighbor(&format!("n{writer}-{at}"), 80)]}});
                let path = format!("{NEIGHBORS}/deployment-cart");
                // No client should have to try again.
                world.patch("strategic", &path, &patch).await.fine();
            }
        });
    }
    writers.join_all().await;
    let object = world
        .get(&format!("{NEIGHBORS}/deployment-cart"))
        .await
        .fine();
    let mut got = identifiers(&object);
    got.sort();
    got.dedup();
    assert_eq!(got.len(), WRITERS * EACH);
}
