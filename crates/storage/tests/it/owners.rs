//! Managed fields: kept once somebody applies an object. (ADR 8)

use serde_json::json;

use crate::harness::world;
use crate::objects::{SBOMS, SUMMARIES, sbom, summary};

fn managers(object: &serde_json::Value) -> Vec<(String, String)> {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    entries
        .iter()
        .map(|one| (text(&one["manager"]), text(&one["operation"])))
        .collect()
}

fn pair(manager: &str, operation: &str) -> (String, String) {
    (manager.to_owned(), operation.to_owned())
}

#[tokio::test]
async fn what_nobody_applied_has_no_owners() {
    let world = world();
    let made = world.post(SUMMARIES, &summary("a", 1)).await.fine();
    assert_eq!(managers(&made), []);
    let patch = json!({"spec": {"severities": {"low": 9}}});
    let path = format!("{SUMMARIES}/a?fieldManager=other");
    let patched = world.patch("merge", &path, &patch).await.fine();
    assert_eq!(managers(&patched), []);
    let long = "x".repeat(129);
    let refused = world
        .post(
            &format!("{SUMMARIES}?fieldManager={long}"),
            &summary("b", 1),
        )
        .await;
    refused.failed(422, "Invalid");
}

#[tokio::test]
async fn objects_have_owners_once_they_are_applied() {
    let world = world();
    let made = world.post(SBOMS, &sbom("image", 2)).await.fine();
    assert_eq!(managers(&made), []);
    let path = format!("{SBOMS}/image");
    let label = json!({"metadata": {"labels": {"a": "b"}}});
    assert_eq!(
        managers(&world.patch("merge", &path, &label).await.fine()),
        []
    );
    // A client cannot make them up.
    let forged = json!({"metadata": {"managedFields": [{"manager": "x", "operation": "Update", "apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1", "fieldsType": "FieldsV1", "fieldsV1": {}}]}});
    assert_eq!(
        managers(&world.patch("merge", &path, &forged).await.fine()),
        []
    );

    let config = json!({
        "apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1",
        "kind": "SBOMSyft",
        "metadata": {"name": "image", "labels": {"team": "red"}},
    });
    let applied = world
        .patch("apply", &format!("{path}?fieldManager=me"), &config)
        .await
        .fine();
    assert!(managers(&applied).contains(&pair("me", "Apply")));
    let label = json!({"metadata": {"labels": {"c": "d"}}});
    let patched = world.patch("merge", &path, &label).await.fine();
    assert!(
        managers(&patched).contains(&pair("teller", "Update")),
        "followed from now on"
    );
    // Who applied may take away what he gave.
    let mut less = config.clone();
    less["metadata"]["labels"] = json!({});
    let applied = world
        .patch("apply", &format!("{path}?fieldManager=me"), &less)
        .await
        .fine();
    assert!(applied["metadata"]["labels"].get("team").is_none());
    assert_eq!(applied["metadata"]["labels"]["c"], "d");
}
