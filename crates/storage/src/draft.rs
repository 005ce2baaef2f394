//! From an object as the API knows it to what the store keeps of it. Pure.

use bytes::Bytes;
use kubescape_api::Resource;
use kubescape_apimachinery::render::store_form;
use kubescape_store::{Draft, Key, Labels};
use serde_json::{Map, Value};

/// The stored form of an object that was prepared, normalised and validated.
///
/// The version is not in it: the store gives it and every answer adds it.
pub(crate) fn draft(resource: &Resource, object: &Value) -> Draft {
    let stored = store_form(object);
    let columns = resource.columns(object).to_string();
    draft_of(
        resource,
        object,
        stored.metadata,
        columns,
        Bytes::from(stored.body),
    )
}

/// The same of an object whose texts are at hand; only its metadata is looked at.
pub(crate) fn draft_of(
    resource: &Resource,
    object: &Value,
    metadata_text: String,
    columns: String,
    body: Bytes,
) -> Draft {
    let empty = Map::new();
    let metadata = object
        .get("metadata")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let text = |key: &str| {
        let value = metadata.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let finalizers = metadata
        .get("finalizers")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    Draft {
        key: Key::new(resource.plural, text("namespace"), text("name")),
        uid: text("uid"),
        labels: labels(metadata),
        created: seconds(metadata.get("creationTimestamp")).unwrap_or_default(),
        generation: metadata
            .get("generation")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        deleting: seconds(metadata.get("deletionTimestamp")),
        finalizers,
        metadata: metadata_text,
        columns,
        body,
    }
}

fn labels(metadata: &Map<String, Value>) -> Labels {
    let labels = metadata.get("labels").and_then(Value::as_object);
    labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Seconds since 1970 of an RFC 3339 text.
fn seconds(value: Option<&Value>) -> Option<i64> {
    let time: jiff::Timestamp = value?.as_str()?.parse().ok()?;
    Some(time.as_second())
}

/// The time as Kubernetes writes it: RFC 3339 in UTC, whole seconds.
pub(crate) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_index_needs_is_taken_out_and_the_version_left_out() {
        let resource = Resource::by_plural("workloadconfigurationscansummaries").unwrap();
        let object = json!({
            "apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1",
            "kind": "WorkloadConfigurationScanSummary",
            "metadata": {
                "name": "deployment-cart",
                "namespace": "shop",
                "uid": "u1",
                "resourceVersion": "7",
                "generation": 3,
                "creationTimestamp": "2024-01-02T03:04:05Z",
                "labels": {"app": "cart"},
                "finalizers": ["a/b"],
            },
            "spec": {"severities": {"critical": 1, "high": 2, "medium": 0, "low": 0, "unknown": 0}},
        });
        let draft = draft(resource, &object);
        assert_eq!(
            draft.key.to_string(),
            "workloadconfigurationscansummaries/shop/deployment-cart"
        );
        assert_eq!(draft.created, 1_704_164_645);
        assert_eq!(draft.generation, 3);
        assert!(draft.finalizers && draft.deleting.is_none());
        assert_eq!(draft.labels["app"], "cart");
        assert!(!draft.metadata.contains("resourceVersion"));
        let columns: Value = serde_json::from_str(&draft.columns).unwrap();
        assert_eq!(columns["high"], 2);
        let body: Value = serde_json::from_slice(&draft.body).unwrap();
        assert_eq!(body["metadata"].get("resourceVersion"), None);
    }

    #[test]
    fn times_have_whole_seconds() {
        let at = jiff::Timestamp::from_millisecond(1_704_164_645_678).unwrap();
        assert_eq!(time(at), "2024-01-02T03:04:05Z");
    }
}
