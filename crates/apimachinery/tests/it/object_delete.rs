//! Deletion, with and without finalizers.

use kubescape_apimachinery::object::{Deletion, begin_delete, check_preconditions, is_released};
use kubescape_apimachinery::options::{DeleteOptions, Preconditions, Propagation};
use serde_json::{Value, json};

const NOW: &str = "2026-11-24T10:00:00Z";

fn object(finalizers: &[&str]) -> Value {
    json!({"metadata": {"name": "a", "generation": 1, "finalizers": finalizers}})
}

fn with(propagation: Propagation) -> DeleteOptions {
    DeleteOptions {
        propagation: Some(propagation),
        ..DeleteOptions::default()
    }
}

#[test]
fn an_object_that_nobody_holds_goes_at_once() {
    let plain = DeleteOptions::default();
    assert_eq!(
        begin_delete(&mut object(&[]), NOW, &plain),
        Deletion::Remove
    );
    assert_eq!(
        begin_delete(&mut json!({"metadata": {}}), NOW, &plain),
        Deletion::Remove
    );
    assert_eq!(begin_delete(&mut json!(7), NOW, &plain), Deletion::Remove);
    let mut background = object(&["foregroundDeletion"]);
    assert_eq!(
        begin_delete(&mut background, NOW, &with(Propagation::Background)),
        Deletion::Remove
    );
}

#[test]
fn a_held_object_is_marked_once() {
    let mut held = object(&["a/b"]);
    assert_eq!(
        begin_delete(&mut held, NOW, &DeleteOptions::default()),
        Deletion::Keep
    );
    let expected = json!({"metadata": {
        "name": "a", "generation": 2, "finalizers": ["a/b"],
        "deletionTimestamp": NOW, "deletionGracePeriodSeconds": 0,
    }});
    assert_eq!(held, expected);
    assert!(!is_released(&held));
    let later = "2026-11-24T10:00:09Z";
    assert_eq!(
        begin_delete(&mut held, later, &DeleteOptions::default()),
        Deletion::Unchanged
    );
    assert_eq!(held, expected);
    held["metadata"]["finalizers"] = json!([]);
    assert!(is_released(&held));
    assert!(!is_released(&object(&[])));
}

#[test]
fn the_garbage_collectors_finalizers_follow_the_policy() {
    let orphan = DeleteOptions {
        orphan_dependents: Some(true),
        ..DeleteOptions::default()
    };
    let table = [
        (vec![], with(Propagation::Orphan), vec!["orphan"]),
        (
            vec![],
            with(Propagation::Foreground),
            vec!["foregroundDeletion"],
        ),
        (
            vec!["a/b", "orphan"],
            with(Propagation::Foreground),
            vec!["a/b", "foregroundDeletion"],
        ),
        (
            vec!["a/b", "orphan"],
            with(Propagation::Background),
            vec!["a/b"],
        ),
        (
            vec!["foregroundDeletion"],
            DeleteOptions::default(),
            vec!["foregroundDeletion"],
        ),
        (vec!["a/b"], orphan, vec!["a/b", "orphan"]),
    ];
    for (before, options, after) in table {
        let mut object = object(&before);
        assert_eq!(
            begin_delete(&mut object, NOW, &options),
            Deletion::Keep,
            "{before:?}"
        );
        assert_eq!(object["metadata"]["finalizers"], json!(after));
        assert_eq!(object["metadata"]["deletionTimestamp"], NOW);
    }
}

#[test]
fn a_policy_may_change_while_an_object_waits() {
    let mut held = object(&["a/b"]);
    begin_delete(&mut held, NOW, &DeleteOptions::default());
    assert_eq!(
        begin_delete(&mut held, NOW, &with(Propagation::Orphan)),
        Deletion::Keep
    );
    assert_eq!(held["metadata"]["generation"], 2);
    assert_eq!(held["metadata"]["finalizers"], json!(["a/b", "orphan"]));
}

#[test]
fn preconditions_must_hold() {
    let check = |uid: Option<&str>, version: Option<&str>| {
        let wanted = Preconditions {
            uid: uid.map(str::to_owned),
            resource_version: version.map(str::to_owned),
        };
        check_preconditions(&wanted, "u-1", 7, "g", "things", "a")
    };
    check(None, None).unwrap();
    check(Some("u-1"), Some("7")).unwrap();
    let uid = check(Some("u-2"), None).unwrap_err();
    assert_eq!(uid.code, 409);
    assert_eq!(
        uid.message,
        "Operation cannot be fulfilled on things.g \"a\": the UID in the precondition (u-2) does not match the UID in record (u-1). The object might have been deleted and then recreated"
    );
    let version = check(None, Some("6")).unwrap_err();
    assert_eq!(
        version.message,
        "Operation cannot be fulfilled on things.g \"a\": the ResourceVersion in the precondition (6) does not match the ResourceVersion in record (7). The object might have been modified"
    );
}
