//! Small stories: JSON patches, merge patches, parallel writers, sets of fields.

use kubescape_api::Resource;
use kubescape_api::schema::Schema;
use kubescape_patch::managed::{
    FieldSet, ManagedFields, Operation, PathElement, only_times_differ,
};
use kubescape_patch::{
    Error, Limits, apply, json_patch, merge_patch, strategic_merge, track_update,
};
use serde_json::{Value, json};

const V: &str = kubescape_api::API_VERSION;
const DAY_1: &str = "2024-01-01T00:00:00Z";
const DAY_2: &str = "2024-01-02T00:00:00Z";

pub(crate) fn neighbors() -> Schema {
    Resource::by_kind("NetworkNeighbors").unwrap().schema()
}

pub(crate) fn object(spec: &Value) -> Value {
    json!({"apiVersion": V, "kind": "NetworkNeighbors", "metadata": {"name": "n"}, "spec": spec})
}

fn patched(object: Value, patch: Value) -> Result<Value, Error> {
    json_patch(object, patch, &Limits::default())
}

#[test]
fn json_patches_of_the_standard() {
    // Appendix A of RFC 6902, and what it says elsewhere.
    let table = [
        (
            json!({"foo": "bar"}),
            json!([{"op": "add", "path": "/baz", "value": "qux"}]),
            json!({"foo": "bar", "baz": "qux"}),
        ),
        (
            json!({"foo": ["bar", "baz"]}),
            json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
            json!({"foo": ["bar", "qux", "baz"]}),
        ),
        (
            json!({"foo": ["bar"]}),
            json!([{"op": "add", "path": "/foo/-", "value": ["x"]}]),
            json!({"foo": ["bar", ["x"]]}),
        ),
        (
            json!({"foo": 1, "baz": 2}),
            json!([{"op": "remove", "path": "/baz"}]),
            json!({"foo": 1}),
        ),
        (
            json!({"foo": [1, 2, 3]}),
            json!([{"op": "remove", "path": "/foo/1"}]),
            json!({"foo": [1, 3]}),
        ),
        (
            json!({"foo": 1}),
            json!([{"op": "replace", "path": "/foo", "value": null}]),
            json!({"foo": null}),
        ),
        (
            json!({"a": {"b": 1}, "c": {}}),
            json!([{"op": "move", "from": "/a/b", "path": "/c/d"}]),
            json!({"a": {}, "c": {"d": 1}}),
        ),
        (
            json!({"foo": [1, 2, 3]}),
            json!([{"op": "move", "from": "/foo/0", "path": "/foo/2"}]),
            json!({"foo": [2, 3, 1]}),
        ),
        (
            json!({"a": {"b": 1}}),
            json!([{"op": "copy", "from": "/a", "path": "/c"}]),
            json!({"a": {"b": 1}, "c": {"b": 1}}),
        ),
        (
            json!({"a": [1, "x"]}),
            json!([{"op": "test", "path": "/a/1", "value": "x"}]),
            json!({"a": [1, "x"]}),
        ),
        (
            json!({"a/b": 1, "c~d": 2}),
            json!([{"op": "test", "path": "/a~1b", "value": 1}, {"op": "remove", "path": "/c~0d"}]),
            json!({"a/b": 1}),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "add", "path": "", "value": {"b": 2}}]),
            json!({"b": 2}),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "add", "path": "/b", "value": 2, "note": "unknown members are fine"}]),
            json!({"a": 1, "b": 2}),
        ),
        (json!({"a": 1}), json!([]), json!({"a": 1})),
        // As kube-apiserver, beyond the RFC.
        (
            json!({"a": {}}),
            json!([{"op": "replace", "path": "/a/b", "value": 1}]),
            json!({"a": {"b": 1}}),
        ),
        (
            json!({"a": {}}),
            json!([{"op": "test", "path": "/a/b", "value": null}]),
            json!({"a": {}}),
        ),
    ];
    for (object, patch, then) in table {
        assert_eq!(patched(object, patch.clone()), Ok(then), "{patch}");
    }
}

#[test]
fn json_patches_that_do_not_fit_change_nothing_and_say_why() {
    let missing = "missing value";
    let table = [
        (
            json!([{"op": "test", "path": "/a", "value": 2}]),
            422,
            "testing value /a failed: test failed",
        ),
        (
            json!([{"op": "test", "path": "/b", "value": 2}]),
            422,
            missing,
        ),
        (json!([{"op": "remove", "path": "/b"}]), 422, missing),
        (
            json!([{"op": "add", "path": "/b/c", "value": 1}]),
            422,
            "add operation does not apply: doc is missing path",
        ),
        (
            json!([{"op": "add", "path": "/l/9", "value": 1}]),
            422,
            missing,
        ),
        (json!([{"op": "remove", "path": "/l/01"}]), 422, missing),
        (
            json!([{"op": "replace", "path": "/l/1", "value": 1}]),
            422,
            missing,
        ),
        (
            json!([{"op": "copy", "from": "/x", "path": "/y"}]),
            422,
            "missing from path: /x",
        ),
        (
            json!([{"op": "move", "from": "/o", "path": "/o/p"}]),
            422,
            "error in move",
        ),
        (
            json!([{"op": "grow", "path": "/a"}]),
            422,
            "Unexpected kind: grow",
        ),
        (
            json!([{"op": "add", "path": "a", "value": 1}]),
            400,
            "error decoding patch",
        ),
        (
            json!([{"op": "add", "path": "/a"}]),
            400,
            "error decoding patch",
        ),
        (json!([{"path": "/a"}]), 400, "error decoding patch"),
        (json!([7]), 400, "error decoding patch"),
        (json!({"a": 1}), 400, "a list of operations"),
        (
            json!([{"op": "replace", "path": "", "value": 7}]),
            422,
            "must be object or array",
        ),
    ];
    for (patch, code, words) in table {
        let error = patched(json!({"a": 1, "l": [0], "o": {}}), patch.clone()).unwrap_err();
        assert_eq!(error.http_code(), code, "{patch}: {error}");
        assert!(error.to_string().contains(words), "{patch}: {error}");
    }
}

#[test]
fn merge_patches_of_the_standard() {
    // The table of RFC 7386 as far as patches are objects.
    let table = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        ),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (
            json!({"a": [{"b": "c"}]}),
            json!({"a": [1]}),
            json!({"a": [1]}),
        ),
        (
            json!({"e": null}),
            json!({"a": 1}),
            json!({"e": null, "a": 1}),
        ),
        (
            json!([1, 2]),
            json!({"a": "b", "c": null}),
            json!({"a": "b"}),
        ),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
    ];
    for (object, patch, then) in table {
        let result = merge_patch(object, patch.clone(), &Limits::default());
        assert_eq!(result, Ok(then), "{patch}");
    }
    for patch in [json!(["c"]), json!(null), json!("bar")] {
        let error = merge_patch(json!({"a": 1}), patch, &Limits::default()).unwrap_err();
        assert_eq!(error.http_code(), 400);
    }
}

#[test]
fn parallel_strategic_patches_lose_nothing() {
    // Given patches of one neighbor each, as node agents send them
    let names: Vec<String> = (0..200).map(|number| format!("id-{number}")).collect();
    let patch = |name: &str| json!({"spec": {"ingress": [{"identifier": name, "dns": name}]}});
    // When they are applied one after the other, in any order, some twice
    let mut orders = vec![names.clone(), names.iter().rev().cloned().collect()];
    orders[0].extend(names[..50].to_vec());
    for order in orders {
        let mut live = object(&json!({"ingress": [{"identifier": "first", "ports": []}]}));
        for name in order {
            let limits = Limits::default();
            live = strategic_merge(live, patch(&name), neighbors(), &limits).unwrap();
        }
        // Then all are there, once
        let mut found: Vec<_> = live["spec"]["ingress"].as_array().unwrap().iter().collect();
        found.sort_by_key(|one| one["identifier"].to_string());
        found.dedup_by_key(|one| one["identifier"].to_string());
        assert_eq!(found.len(), names.len() + 1);
    }
}

#[test]
fn merge_directives_mean_what_the_documentation_says() {
    // Kubernetes documents `$patch: merge` and refuses it; here it means what
    // no directive means.
    let live =
        object(&json!({"ingress": [{"identifier": "a", "dns": "1"}], "matchLabels": {"x": "1"}}));
    let patch = json!({"spec": {
        "ingress": [{"$patch": "merge", "identifier": "a", "type": "internal"}, {"$patch": "merge"}],
        "matchLabels": {"$patch": "merge", "y": "2"},
    }});
    let then = object(&json!({
        "ingress": [{"identifier": "a", "dns": "1", "type": "internal"}],
        "matchLabels": {"x": "1", "y": "2"},
    }));
    assert_eq!(
        strategic_merge(live, patch, neighbors(), &Limits::default()),
        Ok(then)
    );
}

#[test]
fn entries_of_other_versions_are_kept() {
    // Given an object with an owner from a version to come
    let foreign = json!({"manager": "future", "operation": "Update", "apiVersion": "spdx.softwarecomposition.kubescape.io/v2",
        "time": DAY_1, "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:flows": {}}}});
    let mut live = object(&json!({"ingress": null}));
    live["metadata"]["managedFields"] = json!([foreign]);
    // When others apply and update
    let config = object(&json!({"ingress": [{"identifier": "a"}]}));
    let live = apply(Some(&live), &config, neighbors(), "m", false, DAY_2).unwrap();
    let mut new = live.clone();
    new["spec"]["ingress"] = json!(null);
    let live = track_update(Some(&live), new, neighbors(), "u", DAY_2);
    // Then the entry is as it was
    let entries = live["metadata"]["managedFields"].as_array().unwrap();
    assert!(entries.contains(&foreign), "{entries:?}");
}

#[test]
fn times_change_only_with_what_is_said() {
    let config = object(&json!({"ingress": [{"identifier": "a", "dns": "1"}]}));
    let time = |live: &Value, manager: &str, operation| {
        let managed = ManagedFields::of(live).unwrap();
        managed
            .get(manager, operation, V)
            .unwrap()
            .time
            .clone()
            .unwrap()
    };
    // Given an object applied on the first day
    let one = apply(None, &config, neighbors(), "m", false, DAY_1).unwrap();
    // When it is applied and written again without change on the second
    let two = apply(Some(&one), &config, neighbors(), "m", false, DAY_2).unwrap();
    let two = track_update(Some(&two), two.clone(), neighbors(), "u", DAY_2);
    // Then not even a time differs
    assert_eq!(one, two);
    // When another says the same, it gets a time and the first keeps its own
    let three = apply(Some(&two), &config, neighbors(), "o", false, DAY_2).unwrap();
    assert_eq!(time(&three, "m", Operation::Apply), DAY_1);
    assert_eq!(time(&three, "o", Operation::Apply), DAY_2);
    // When an update takes a field, its time is that of the update
    let mut new = three.clone();
    new["spec"]["ingress"][0]["dns"] = json!("2");
    let four = track_update(Some(&three), new, neighbors(), "u", DAY_2);
    assert_eq!(time(&four, "m", Operation::Apply), DAY_1);
    assert_eq!(time(&four, "u", Operation::Update), DAY_2);
}

#[test]
fn the_server_can_tell_when_only_times_differ() {
    let config = object(&json!({"ingress": [{"identifier": "a"}]}));
    let one = apply(None, &config, neighbors(), "m", false, DAY_1).unwrap();
    let two = apply(None, &config, neighbors(), "m", false, DAY_2).unwrap();
    assert_ne!(one, two);
    assert!(only_times_differ(&one, &two));
    let three = apply(None, &config, neighbors(), "o", false, DAY_1).unwrap();
    assert!(!only_times_differ(&one, &three));
    let mut four = one.clone();
    four["spec"]["egress"] = json!(null);
    assert!(!only_times_differ(&one, &four));
    assert!(!only_times_differ(&json!({"metadata": null}), &json!({})));
}

#[test]
fn sets_print_as_structured_merge_diff_orders_them() {
    let set = FieldSet::parse(&json!({
        "f:b": {"i:10": {}, "i:9": {}, "v:\"x\"": {}, "v:2": {}, "v:10": {}, "k:{\"name\":\"z\",\"a\":1}": {".": {}, "f:c": {}}},
        "f:a": {},
        "q:unknown": {},
    }));
    let set = set.unwrap();
    assert_eq!(
        set.to_json(),
        r#"{"f:a":{},"f:b":{"k:{\"a\":1,\"name\":\"z\"}":{".":{},"f:c":{}},"v:2":{},"v:10":{},"v:\"x\"":{},"i:9":{},"i:10":{}}}"#
    );
    let path = [PathElement::field("b"), PathElement::Index(9)];
    assert!(set.contains(&path));
    assert_eq!(set.len(), 8);
    assert!(set.to_string().contains(".b[a=1,name=\"z\"].c"));
    for bad in [
        json!({"f": {}}),
        json!({"fx:": {}}),
        json!({"v:{": {}}),
        json!({"k:[]": {}}),
        json!({"i:x": {}}),
        json!([]),
        json!({"f:a": 1}),
        json!({"é": {}}),
    ] {
        assert!(FieldSet::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn an_error_says_its_code_and_reason() {
    let config = object(&json!({"ingress": [{"identifier": "a", "dns": "1"}]}));
    let live = apply(None, &config, neighbors(), "m", false, DAY_1).unwrap();
    let other = object(&json!({"ingress": [{"identifier": "a", "dns": "2"}]}));
    let error = apply(Some(&live), &other, neighbors(), "o", false, DAY_1).unwrap_err();
    assert_eq!((error.http_code(), error.reason()), (409, "Conflict"));
    assert_eq!(
        error.causes(),
        [
            json!({"reason": "FieldManagerConflict", "message": "conflict with \"m\"", "field": ".spec.ingress[identifier=\"a\"].dns"})
        ]
    );
}
