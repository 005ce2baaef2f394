//! Metadata at creation and update.

use kubescape_apimachinery::object::{
    Creation, Target, is_noop, prepare_create, prepare_update, validate_meta, validate_update,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CREATION: Creation<'static> = Creation {
    namespace: Some("shop"),
    name: None,
    uid: "u-1",
    now: "2026-11-24T10:00:00Z",
    suffix: "x7k2p",
};

const TARGET: Target<'static> = Target {
    namespace: Some("shop"),
    name: "cart",
};

fn created(metadata: &Value) -> Value {
    let mut object = json!({"metadata": metadata, "spec": {"a": 1}});
    prepare_create(&mut object, &CREATION).unwrap();
    object
}

fn messages(object: &Value) -> Vec<String> {
    let causes = validate_meta(object, true);
    causes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_server_sets_and_clears_what_is_its_own() {
    let object = created(&json!({
        "name": "cart", "uid": "mine", "generation": 9, "creationTimestamp": "2000-01-01T00:00:00Z",
        "deletionTimestamp": "2000-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3,
        "selfLink": "/x", "labels": {"a": null}, "annotations": {}, "finalizers": null,
    }));
    assert_eq!(
        object["metadata"],
        json!({
            "name": "cart", "namespace": "shop", "uid": "u-1", "generation": 1,
            "creationTimestamp": "2026-11-24T10:00:00Z", "labels": {"a": ""},
        })
    );
    assert!(messages(&object).is_empty());
}

#[test]
fn names_are_made_from_generate_name() {
    let object = created(&json!({"generateName": "cart-"}));
    assert_eq!(object["metadata"]["name"], "cart-x7k2p");
    assert!(messages(&object).is_empty());
    let named = created(&json!({"generateName": "cart-", "name": "own"}));
    assert_eq!(named["metadata"]["name"], "own");
}

#[test]
fn a_creation_in_the_wrong_place_or_shape_is_400() {
    let table = [
        (
            json!({"metadata": {"name": "a", "namespace": "other"}}),
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            json!({"metadata": {"name": "a", "resourceVersion": "4"}}),
            "resourceVersion should not be set on objects to be created",
        ),
        (
            json!({"metadata": {"name": 7}}),
            "json: cannot unmarshal: the field metadata.name must be of type string",
        ),
        (
            json!({"metadata": {"labels": {"a": 1}}}),
            "json: cannot unmarshal: the field metadata.labels must be of type map[string]string",
        ),
        (
            json!({"metadata": {"ownerReferences": ["x"]}}),
            "json: cannot unmarshal: the field metadata.ownerReferences must be of type []object",
        ),
        (
            json!({"metadata": "x"}),
            "json: cannot unmarshal: the field metadata must be of type v1.ObjectMeta",
        ),
        (
            json!("x"),
            "the object provided is unrecognized: it is no JSON object",
        ),
    ];
    for (mut object, message) in table {
        let failure = prepare_create(&mut object, &CREATION).unwrap_err();
        assert_eq!((failure.code, failure.message.as_str()), (400, message));
    }
}

#[test]
fn cluster_scoped_objects_lose_their_namespace() {
    let mut object = json!({"metadata": {"name": "a", "namespace": "shop"}});
    let creation = Creation {
        namespace: None,
        ..CREATION
    };
    prepare_create(&mut object, &creation).unwrap();
    assert_eq!(object["metadata"].get("namespace"), None);
    assert!(validate_meta(&object, false).is_empty());
}

#[test]
fn names_are_path_segments_with_alphanumeric_ends() {
    for name in [
        "a",
        "A.b_c:d-e9",
        "registry.example.com-team-a-cart-2.4.1-e2d1c0",
    ] {
        assert!(
            messages(&created(&json!({"name": name}))).is_empty(),
            "{name}"
        );
    }
    let table = [
        (".", "metadata.name: Invalid value: \".\": may not be '.'"),
        (
            "a/b",
            "metadata.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            "a%b",
            "metadata.name: Invalid value: \"a%b\": may not contain '%'",
        ),
        (
            "--",
            "metadata.name: Invalid value: \"--\": must start and end with an alphanumeric character",
        ),
        (
            "a-",
            "metadata.name: Invalid value: \"a-\": must start and end with an alphanumeric character",
        ),
        (
            "a\nb",
            "metadata.name: Invalid value: \"a\\nb\": may not contain control characters",
        ),
        (
            "",
            "metadata.name: Required value: name or generateName is required",
        ),
    ];
    for (name, message) in table {
        assert_eq!(messages(&created(&json!({"name": name}))), [message]);
    }
    assert_eq!(
        messages(&created(&json!({"name": "x".repeat(254)}))).len(),
        1
    );
    assert_eq!(messages(&created(&json!({"generateName": "a/"}))).len(), 2);
}

#[test]
fn labels_annotations_finalizers_and_owners_are_checked() {
    let object = created(&json!({
        "name": "a",
        "labels": {"-bad": "x", "good": "no good"},
        "annotations": {"UPPER/Case": "any thing", "a b": ""},
        "finalizers": ["orphan", "foregroundDeletion", "not good"],
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "uid": "1", "controller": true},
            {"apiVersion": "", "kind": "", "name": "b", "uid": "2", "controller": true},
        ],
        "managedFields": [{"manager": "a", "operation": "Delete", "fieldsType": "V2"}],
    }));
    let causes = validate_meta(&object, true);
    let seen: Vec<(&str, &str)> = causes
        .iter()
        .map(|cause| {
            (
                cause.field.as_str(),
                cause.message.split(": ").nth(1).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("metadata.labels", "\"-bad\""),
            ("metadata.labels", "\"no good\""),
            ("metadata.annotations", "\"a b\""),
            ("metadata.ownerReferences[1].apiVersion", "\"\""),
            ("metadata.ownerReferences[1].kind", "\"\""),
            ("metadata.ownerReferences", "\"/b\""),
            ("metadata.finalizers", "\"not good\""),
            ("metadata.finalizers", "[\"orphan\",\"foregroundDeletion\"]"),
            ("metadata.managedFields[0].operation", "\"Delete\""),
            ("metadata.managedFields[0].fieldsType", "\"V2\""),
        ]
    );
}

#[test]
fn annotations_have_a_budget_and_causes_a_bound() {
    let half = "x".repeat(128 * 1024 - 1);
    let fits = created(&json!({"name": "a", "annotations": {"a": half, "b": half}}));
    assert!(messages(&fits).is_empty());
    let over = created(&json!({"name": "a", "annotations": {"a": half, "bb": half}}));
    assert_eq!(
        messages(&over),
        ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    );
    let labels: serde_json::Map<String, Value> = (0..100_000)
        .map(|n| (format!("-{n}"), "-".into()))
        .collect();
    assert_eq!(
        validate_meta(&created(&json!({"name": "a", "labels": labels})), true).len(),
        100
    );
}

fn old() -> Value {
    json!({
        "metadata": {
            "name": "cart", "namespace": "shop", "uid": "u-1", "generation": 4,
            "creationTimestamp": "2026-11-24T10:00:00Z", "finalizers": ["a/b", "c/d"],
        },
        "spec": {"a": 1}, "status": {"s": 1},
    })
}

fn updated(change: impl FnOnce(&mut Value)) -> Value {
    let mut new = old();
    new["metadata"]["resourceVersion"] = "7".into();
    change(&mut new);
    prepare_update(&mut new, &old(), &TARGET).unwrap();
    new
}

#[test]
fn generation_counts_changes_of_what_is_wanted() {
    assert_eq!(updated(|_| {})["metadata"]["generation"], 4);
    let labelled = updated(|new| new["metadata"]["labels"] = json!({"a": "b"}));
    assert_eq!(labelled["metadata"]["generation"], 4);
    assert_eq!(
        updated(|new| new["status"] = json!({}))["metadata"]["generation"],
        4
    );
    assert_eq!(
        updated(|new| new["spec"]["a"] = 2.into())["metadata"]["generation"],
        5
    );
    assert_eq!(
        updated(|new| new["policyRef"] = json!([]))["metadata"]["generation"],
        5
    );
    assert_eq!(
        updated(|new| new["metadata"]["generation"] = 99.into())["metadata"]["generation"],
        4
    );
}

#[test]
fn an_update_keeps_what_the_server_owns() {
    let new = updated(|new| {
        let metadata = new["metadata"].as_object_mut().unwrap();
        metadata.remove("uid");
        metadata.remove("namespace");
        metadata.insert("creationTimestamp".into(), Value::Null);
        metadata.insert("selfLink".into(), "/x".into());
    });
    let mut expected = old();
    expected["metadata"]["resourceVersion"] = "7".into();
    assert_eq!(new, expected);
    assert!(validate_update(&new, &old()).is_empty());
}

#[test]
fn an_update_of_another_object_is_refused() {
    let mut new = old();
    new["metadata"]["name"] = "other".into();
    let failure = prepare_update(&mut new, &old(), &TARGET).unwrap_err();
    assert_eq!(
        failure.message,
        "the name of the object (other) does not match the name on the URL (cart)"
    );
    new["metadata"]["name"] = Value::Null;
    let failure = prepare_update(&mut new, &old(), &TARGET).unwrap_err();
    assert_eq!(
        failure.message,
        "the name of the object (cart based on URL) was undeterminable: name must be provided"
    );
    let wrong = updated(|new| {
        new["metadata"]["uid"] = "u-2".into();
        new["metadata"]["resourceVersion"] = "".into();
        new["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    });
    let causes: Vec<String> = validate_update(&wrong, &old())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        causes,
        [
            "metadata.resourceVersion: Invalid value: 0: must be specified for an update",
            "metadata.uid: Invalid value: \"u-2\": field is immutable",
            "metadata.deletionTimestamp: Invalid value: \"2026-01-01T00:00:00Z\": field is immutable",
        ]
    );
}

#[test]
fn no_finalizer_joins_once_deletion_began() {
    let mut dying = old();
    dying["metadata"]["deletionTimestamp"] = "2026-11-24T11:00:00Z".into();
    let mut new = old();
    new["metadata"]["resourceVersion"] = "7".into();
    new["metadata"]["finalizers"] = json!(["a/b"]);
    prepare_update(&mut new, &dying, &TARGET).unwrap();
    assert_eq!(new["metadata"]["deletionTimestamp"], "2026-11-24T11:00:00Z");
    assert!(validate_update(&new, &dying).is_empty());
    new["metadata"]["finalizers"] = json!(["a/b", "e/f"]);
    let causes = validate_update(&new, &dying);
    assert_eq!(
        causes[0].to_string(),
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"e/f\"}"
    );
}

#[test]
fn a_write_that_changes_nothing_is_seen_as_such() {
    let entry = |time: &str, manager: &str| json!([{"manager": manager, "time": time}]);
    let with = |version: &str, fields: Value| {
        let mut object = old();
        object["metadata"]["resourceVersion"] = version.into();
        object["metadata"]["managedFields"] = fields;
        object
    };
    let before = with("1", entry("t1", "m"));
    assert!(is_noop(&before, &with("2", entry("t2", "m"))));
    assert!(!is_noop(&before, &with("1", entry("t1", "other"))));
    assert!(!is_noop(&before, &with("1", json!([]))));
    assert!(is_noop(&old(), &old()));
    let mut changed = old();
    changed["status"]["s"] = 2.into();
    assert!(!is_noop(&old(), &changed));
    changed = old();
    changed["metadata"]["labels"] = json!({});
    assert!(!is_noop(&old(), &changed));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(7)),
        Just(json!(1.5)),
        Just(json!("x")),
        Just(json!("")),
        Just(json!([])),
        Just(json!([1])),
        Just(json!(["x"])),
        Just(json!([{}])),
        Just(json!([{"controller": 1, "kind": []}])),
        Just(json!({})),
        Just(json!({"a": "b"})),
        Just(json!({"a": []})),
    ]
}

proptest! {
    #[test]
    fn metadata_of_any_types_is_taken_or_refused(values in prop::collection::vec(any_value(), 15)) {
        let names = ["annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation", "labels", "managedFields", "name", "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid"];
        for (name, value) in names.iter().zip(values) {
            let mut object = json!({"metadata": {"name": "a"}});
            object["metadata"][*name] = value;
            let raw = object.clone();
            let _ = validate_meta(&raw, true);
            let _ = validate_update(&raw, &old());
            let _ = prepare_update(&mut raw.clone(), &raw, &TARGET);
            if prepare_create(&mut object, &CREATION).is_ok() {
                let _ = validate_meta(&object, true);
            }
        }
    }
}
