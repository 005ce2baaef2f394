//! Input that is made to hurt: deep, huge, repeated.

use std::time::{Duration, Instant};

use kubescape_patch::managed::FieldSet;
use kubescape_patch::{Limits, apply, json_patch, merge_patch, strategic_merge, track_update};
use serde_json::{Value, json};

use crate::stories::{neighbors, object};

const NOW: &str = "2024-01-01T00:00:00Z";

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, level| match level % 2 {
        0 => json!([inner]),
        _ => json!({"a": inner}),
    })
}

fn list(count: usize, dns: &str) -> Value {
    let entry = |number: usize| json!({"identifier": format!("{number:032x}"), "dns": dns});
    (0..count).map(entry).collect()
}

#[test]
fn null_managed_fields_are_no_change() {
    let config = json!({
        "apiVersion": kubescape_api::API_VERSION,
        "kind": "NetworkNeighbors",
        "metadata": {"name": "a", "labels": {"a": "b"}, "managedFields": null},
    });
    let applied = apply(None, &config, neighbors(), "m", false, NOW).unwrap();
    let later = "2024-01-02T00:00:00Z";
    let again = apply(Some(&applied), &config, neighbors(), "m", false, later).unwrap();
    assert_eq!(again, applied);
}

#[test]
fn deep_patches_are_refused() {
    let limits = Limits::default();
    let patch = json!({"spec": deep(1_000)});
    let codes = [
        strategic_merge(json!({}), patch.clone(), neighbors(), &limits),
        strategic_merge(patch.clone(), json!({}), neighbors(), &limits),
        merge_patch(json!({}), patch.clone(), &limits),
        json_patch(
            json!({}),
            json!([{"op": "add", "path": "/a", "value": deep(1_000)}]),
            &limits,
        ),
        apply(None, &object(&deep(1_000)), neighbors(), "m", false, NOW),
    ];
    for result in codes {
        assert_eq!(result.unwrap_err().http_code(), 413);
    }
    // Bookkeeping never fails: what is too deep is one thing.
    let tracked = track_update(
        None,
        object(&json!({"unknown": deep(1_000)})),
        neighbors(),
        "u",
        NOW,
    );
    assert!(tracked["metadata"]["managedFields"].is_array());
    let mut set = json!({});
    for _ in 0..1_000 {
        set = json!({"f:a": set});
    }
    assert!(FieldSet::parse(&set).is_err());
}

#[test]
fn copies_cannot_grow_without_bound() {
    // Given a patch that doubles the object with each operation
    let copy = json!({"op": "copy", "from": "/a", "path": "/a/-"});
    let patch: Value = (0..64).map(|_| copy.clone()).collect();
    let error = json_patch(json!({"a": ["0123456789"]}), patch, &Limits::default()).unwrap_err();
    assert_eq!(error.http_code(), 413);
    // or that nests it
    let nest = json!({"op": "copy", "from": "/a", "path": "/a/b"});
    let patch: Value = (0..200).map(|_| nest.clone()).collect();
    let error = json_patch(json!({"a": {}}), patch, &Limits::default()).unwrap_err();
    assert_eq!(error.http_code(), 413);
}

#[test]
fn too_many_operations_are_refused() {
    let test = json!({"op": "test", "path": "/a", "value": 1});
    let patch = |count: usize| -> Value { (0..count).map(|_| test.clone()).collect() };
    assert!(json_patch(json!({"a": 1}), patch(10_000), &Limits::default()).is_ok());
    let error = json_patch(json!({"a": 1}), patch(10_001), &Limits::default()).unwrap_err();
    assert_eq!(
        (error.http_code(), error.to_string().as_str()),
        (
            413,
            "The allowed maximum operations in a JSON patch is 10000, got 10001"
        )
    );
}

#[test]
fn moving_large_parts_to_and_fro_is_refused() {
    let large: Value = (0..100_000).collect();
    let forth = json!({"op": "move", "from": "/a", "path": "/b"});
    let back = json!({"op": "move", "from": "/b", "path": "/a"});
    let patch: Value = (0..10_000)
        .map(|number| {
            if number % 2 == 0 {
                forth.clone()
            } else {
                back.clone()
            }
        })
        .collect();
    let error = json_patch(json!({"a": large}), patch, &Limits::default()).unwrap_err();
    assert_eq!(error.http_code(), 413);
}

#[test]
fn time_grows_with_size_alone() {
    // Generous: a quadratic walk over these would take minutes.
    let most = Duration::from_mins(1);
    let count = 20_000;
    let live = object(&json!({"ingress": list(count, "a")}));
    let changed = object(&json!({"ingress": list(count, "b")}));
    let mut reversed = changed.clone();
    reversed["spec"]["ingress"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let start = Instant::now();
    for patch in [&changed, &reversed] {
        let patch = json!({"spec": patch["spec"]});
        strategic_merge(live.clone(), patch, neighbors(), &Limits::default()).unwrap();
    }
    let order: Value = (0..count)
        .rev()
        .map(|number| json!({"identifier": format!("{number:032x}")}))
        .collect();
    let patch = json!({"spec": {"$setElementOrder/ingress": order}});
    strategic_merge(live.clone(), patch, neighbors(), &Limits::default()).unwrap();
    let deletions: Value = (0..count)
        .map(|number| json!({"$patch": "delete", "identifier": format!("{number:032x}")}))
        .collect();
    let patch = json!({"spec": {"ingress": deletions}});
    let left = strategic_merge(live.clone(), patch, neighbors(), &Limits::default()).unwrap();
    assert_eq!(left["spec"]["ingress"], json!([]));
    let live = track_update(None, live, neighbors(), "u", NOW);
    let live = apply(Some(&live), &reversed, neighbors(), "m", true, NOW).unwrap();
    let error = apply(
        Some(&live),
        &object(&json!({"ingress": list(count, "c")})),
        neighbors(),
        "o",
        false,
        NOW,
    );
    let error = error.unwrap_err();
    assert_eq!(error.causes().len(), kubescape_patch::Conflict::MOST_CAUSES);
    assert!(error.to_string().contains("and 19000 more"));
    // Then nobody has anything any more.
    apply(
        Some(&live),
        &object(&json!({})),
        neighbors(),
        "m",
        false,
        NOW,
    )
    .unwrap();
    assert!(start.elapsed() < most, "{:?}", start.elapsed());
}

#[test]
fn repeated_and_keyless_entries_are_lived_with() {
    // Given an object that no validation has seen
    let spec =
        json!({"ingress": [{"identifier": "a"}, {"identifier": "a"}, {"dns": "no key"}, 7, null]});
    let live = track_update(None, object(&spec), neighbors(), "u", NOW);
    // When it is applied to, its list is one thing
    let config = object(&json!({"ingress": [{"identifier": "a", "dns": "x"}]}));
    let error = apply(Some(&live), &config, neighbors(), "m", false, NOW).unwrap_err();
    assert_eq!(error.http_code(), 409);
    let forced = apply(Some(&live), &config, neighbors(), "m", true, NOW).unwrap();
    assert_eq!(
        forced["spec"]["ingress"],
        json!([{"identifier": "a", "dns": "x"}])
    );
    // When a patch needs its keys, entries without one stay.
    let live = json!({"spec": {"ingress": [{"dns": "no key"}, {"identifier": "a"}]}});
    let patch = json!({"spec": {"ingress": [{"identifier": "a", "dns": "x"}]}});
    let patched = strategic_merge(live, patch, neighbors(), &Limits::default()).unwrap();
    assert_eq!(patched["spec"]["ingress"].as_array().unwrap().len(), 2);
}

#[test]
fn many_owners_are_read_in_linear_time() {
    let entry = |number: usize| {
        json!({"manager": format!("m{number}"), "operation": "Update", "apiVersion": kubescape_api::API_VERSION,
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:ingress": {}}}})
    };
    let mut new = object(&json!({}));
    new["metadata"]["managedFields"] = (0..50_000).map(entry).collect();
    let start = Instant::now();
    let tracked = track_update(Some(&object(&json!({}))), new, neighbors(), "u", NOW);
    assert!(
        tracked["metadata"]["managedFields"]
            .as_array()
            .unwrap()
            .len()
            <= 10
    );
    assert!(start.elapsed() < Duration::from_secs(30));
}
