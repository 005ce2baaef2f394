//! The computed kinds. (storage reference, sections 7 and 8)

use kubescape_storage::Settings;
use kubescape_store::Store as _;
use serde_json::{Value, json};

use crate::golden;
use crate::harness::{names, world, world_with};
use crate::objects::{
    NEIGHBORS, SERVERS, SUMMARIES, manifest_summary, neighbor, neighbors, server, summary,
};

#[tokio::test]
async fn sums_follow_every_write_at_once() {
    let world = world();
    let sum = "configurationscansummaries/shop";
    let none = world.get(sum).await;
    none.failed(404, "NotFound");
    golden::answer("status/no-summary", &none);
    let high = async || {
        world.get(sum).await.fine()["spec"]["severities"]["high"]
            .as_u64()
            .unwrap()
    };
    for at in 1..=20 {
        world
            .post(SUMMARIES, &summary(&format!("s-{at:02}"), at))
            .await
            .fine();
        assert_eq!(high().await, at * (at + 1) / 2, "read your writes");
    }
    world
        .patch(
            "merge",
            &format!("{SUMMARIES}/s-20"),
            &json!({"spec": {"severities": {"high": 0}}}),
        )
        .await
        .fine();
    assert_eq!(high().await, 190);
    world.delete(&format!("{SUMMARIES}/s-19")).await.fine();
    assert_eq!(high().await, 171);
    world.delete(SUMMARIES).await.fine();
    world.get(sum).await.failed(404, "NotFound");
}

#[tokio::test]
async fn sums_are_exact_above_five_hundred_inputs_and_after_history_is_gone() {
    let world = world();
    let sum = "configurationscansummaries/shop";
    for at in 0..520 {
        world
            .post(SUMMARIES, &summary(&format!("s-{at:03}"), 1))
            .await
            .fine();
        if at == 100 {
            world.get(sum).await.fine();
        }
        if at == 400 {
            world.store.compact(world.version().await).await.unwrap();
        }
    }
    let object = world.get(sum).await.fine();
    assert_eq!(object["spec"]["severities"]["high"], 520);
    assert_eq!(object["spec"]["summaryRef"].as_array().unwrap().len(), 520);
}

#[tokio::test]
async fn summaries_come_in_every_shape() {
    let world = world();
    world
        .post(SUMMARIES, &summary("deployment-cart", 4))
        .await
        .fine();
    world
        .post(
            "namespaces/bank/workloadconfigurationscansummaries",
            &summary("pod-a", 1),
        )
        .await
        .fine();
    for name in ["deployment-cart-cart", "deployment-shop-shop"] {
        world
            .post(
                "namespaces/shop/vulnerabilitymanifestsummaries",
                &manifest_summary(name, 3),
            )
            .await
            .fine();
    }
    golden::answer(
        "computed/configuration",
        &world.get("configurationscansummaries/shop").await,
    );
    let list = world.get("configurationscansummaries").await;
    assert_eq!(names(&list.fine()), ["bank", "shop"], "sorted");
    golden::answer("computed/configuration-list", &list);
    golden::answer(
        "computed/vulnerability",
        &world.get("vulnerabilitysummaries/shop").await,
    );
    let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    let ask = world
        .ask("GET", "vulnerabilitysummaries")
        .header("accept", table);
    golden::answer("computed/vulnerability-table", &ask.await_answer().await);
    let one = world
        .get("configurationscansummaries?fieldSelector=metadata.name%3Dbank")
        .await;
    assert_eq!(names(&one.fine()), ["bank"]);
    let bare = world
        .get("configurationscansummaries?resourceVersion=metadata")
        .await
        .fine();
    assert!(bare["items"][0].get("spec").is_none());
}

#[tokio::test]
async fn policies_are_found_by_workload_whatever_the_source_is_called() {
    let world = world();
    let policies = "namespaces/shop/generatednetworkpolicies";
    let none = world.get(&format!("{policies}/deployment-cart")).await;
    none.failed(404, "NotFound");
    golden::answer("status/no-policy", &none);
    let mut outside = neighbor("pay", 443);
    outside["podSelector"] = Value::Null;
    outside["ipAddress"] = "203.0.113.7".into();
    let source = neighbors(
        "replicaset-cart-7c9d5b6f4",
        &[neighbor("db", 5432), outside],
    );
    world.post(NEIGHBORS, &source).await.fine();
    world
        .post(SERVERS, &server("payments", "203.0.113.9/24"))
        .await
        .fine();
    let policy = world.get(&format!("{policies}/deployment-cart")).await;
    golden::answer("computed/policy", &policy);
    assert_eq!(policy.fine()["policyRef"][0]["server"], "payments.example");
    assert_eq!(policy.fine()["spec"]["metadata"]["name"], "deployment-cart");
    // Known servers are read anew, too.
    world.delete(&format!("{SERVERS}/payments")).await.fine();
    let policy = world
        .get(&format!("{policies}/replicaset-cart-7c9d5b6f4"))
        .await;
    assert_eq!(policy.fine()["policyRef"], json!([]));
    assert_eq!(names(&world.get(policies).await.fine()).len(), 1);
    assert_eq!(
        names(&world.get("generatednetworkpolicies").await.fine()).len(),
        1
    );
    assert_eq!(
        names(
            &world
                .get("namespaces/other/generatednetworkpolicies")
                .await
                .fine()
        )
        .len(),
        0
    );
    world
        .delete(&format!("{NEIGHBORS}/replicaset-cart-7c9d5b6f4"))
        .await
        .fine();
    world
        .get(&format!("{policies}/deployment-cart"))
        .await
        .failed(404, "NotFound");
}

#[tokio::test]
async fn an_empty_source_gives_a_policy_with_a_warning() {
    let world = world();
    world
        .post(NEIGHBORS, &neighbors("deployment-cart", &[]))
        .await
        .fine();
    let policy = world
        .get("namespaces/shop/generatednetworkpolicies/deployment-cart")
        .await
        .fine();
    assert!(
        policy["metadata"]["annotations"]["kubescape.io/warning"].is_string(),
        "{policy}"
    );
}

#[tokio::test]
async fn computed_kinds_are_not_written_or_watched() {
    let world = world();
    let object = json!({"metadata": {"name": "shop"}});
    for path in [
        "configurationscansummaries",
        "vulnerabilitysummaries",
        "namespaces/shop/generatednetworkpolicies",
    ] {
        let one = format!("{path}/shop");
        let post = world.post(path, &object).await;
        post.failed(405, "MethodNotAllowed");
        if path == "configurationscansummaries" {
            golden::answer("status/computed-write", &post);
        }
        world
            .put(&one, &object)
            .await
            .failed(405, "MethodNotAllowed");
        world
            .patch("merge", &one, &object)
            .await
            .failed(405, "MethodNotAllowed");
        world.delete(&one).await.failed(405, "MethodNotAllowed");
        world.delete(path).await.failed(405, "MethodNotAllowed");
        world
            .get(&format!("{path}?watch=true"))
            .await
            .failed(405, "MethodNotAllowed");
    }
}

#[tokio::test]
async fn computed_kinds_can_be_left_out() {
    let world = world_with(
        Settings {
            computed: false,
            ..Settings::default()
        },
        |_| {},
        None,
    );
    world
        .get("configurationscansummaries")
        .await
        .failed(404, "NotFound");
    let resources = world.get(crate::harness::ROOT).await;
    assert!(!resources.text.contains("\"ConfigurationScanSummary\""));
}
