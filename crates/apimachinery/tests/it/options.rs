//! Query strings and bodies with options.

use kubescape_apimachinery::Failure;
use kubescape_apimachinery::negotiate::PatchType;
use kubescape_apimachinery::options::{
    DeleteOptions, FieldValidation, GetOptions, ListOptions, PatchOptions, Propagation,
    ResourceVersionMatch, Spec, TableOptions, WriteOptions,
};
use kubescape_apimachinery::render::Include;
use proptest::prelude::*;
use serde_json::{Value, json};

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> (u16, String) {
    let failure = result.unwrap_err();
    (failure.code, failure.message)
}

#[test]
fn a_list_reads_all_it_is_given() {
    let options = ListOptions::parse("limit=500&continue=abc&labelSelector=a%3Db%2Cc&fieldSelector=metadata.name%3Dx&timeoutSeconds=30").unwrap();
    assert_eq!(options.limit, 500);
    assert_eq!(options.continue_token, "abc");
    assert_eq!(options.label_selector.0.len(), 2);
    assert_eq!(options.field_selector.name.as_deref(), Some("x"));
    assert_eq!(options.timeout_seconds, Some(30));
    assert!(!options.watch);
    assert_eq!(options.send_initial_events, None);
    let exact = ListOptions::parse("resourceVersion=7&resourceVersionMatch=Exact").unwrap();
    assert_eq!(exact.resource_version, Some(7));
    assert_eq!(
        exact.resource_version_match,
        Some(ResourceVersionMatch::Exact)
    );
    assert_eq!(ListOptions::parse("limit=-1").unwrap().limit, 0);
}

#[test]
fn a_watch_from_nowhere_begins_with_the_present() {
    for query in [
        "watch=true",
        "watch=1&resourceVersion=0&allowWatchBookmarks=true",
        "watch",
    ] {
        let options = ListOptions::parse(query).unwrap();
        assert!(options.watch);
        assert_eq!(options.send_initial_events, Some(true), "{query}");
    }
    let from = ListOptions::parse("watch=true&resourceVersion=9").unwrap();
    assert_eq!(from.send_initial_events, None);
    let asked = ListOptions::parse("watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=9&allowWatchBookmarks=true").unwrap();
    assert_eq!(asked.send_initial_events, Some(true));
    assert!(asked.allow_watch_bookmarks);
    assert!(!ListOptions::parse("watch=false").unwrap().watch);
    assert!(!ListOptions::parse("watch=FALSE").unwrap().watch);
}

#[test]
fn combinations_are_refused_in_kubernetes_words() {
    let prefix = "ListOptions.meta.k8s.io \"\" is invalid: ";
    let table = [
        (
            "resourceVersionMatch=Exact",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=Exact&continue=x",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=x",
            "resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
        ),
        (
            "resourceVersion=0&resourceVersionMatch=Exact",
            "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ),
        (
            "sendInitialEvents=true",
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
        (
            "watch=1&sendInitialEvents=true",
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    ];
    for (query, expected) in table {
        let expected = (422, format!("{prefix}{expected}"));
        assert_eq!(refused(ListOptions::parse(query)), expected, "{query}");
    }
}

#[test]
fn what_cannot_be_read_is_400() {
    let table = [
        ("limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "timeoutSeconds=99999999999999999999",
            "strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
        ),
        (
            "resourceVersion=x",
            "invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
        (
            "resourceVersion=5&continue=x",
            "specifying resource version is not allowed when using continue",
        ),
        ("fieldSelector=a%3Db", "field label not supported: a"),
    ];
    for (query, expected) in table {
        assert_eq!(
            refused(ListOptions::parse(query)),
            (400, expected.to_owned()),
            "{query}"
        );
    }
}

#[test]
fn upstreams_words_for_specs_are_no_versions() {
    let full = ListOptions::parse("resourceVersion=fullSpec&continue=x").unwrap();
    assert_eq!((full.resource_version, full.spec), (None, Spec::Full));
    let metadata = GetOptions::parse("resourceVersion=metadata").unwrap();
    assert_eq!(
        (metadata.resource_version, metadata.spec),
        (None, Spec::Metadata)
    );
    assert_eq!(
        GetOptions::parse("resourceVersion=4")
            .unwrap()
            .resource_version,
        Some(4)
    );
    assert_eq!(refused(GetOptions::parse("resourceVersion=full")).0, 400);
}

#[test]
fn tables_say_what_rows_carry() {
    assert_eq!(TableOptions::parse("").unwrap().include, Include::Metadata);
    assert_eq!(
        TableOptions::parse("includeObject=Object").unwrap().include,
        Include::Object
    );
    assert_eq!(
        TableOptions::parse("includeObject=None").unwrap().include,
        Include::None
    );
    assert_eq!(refused(TableOptions::parse("includeObject=All")).0, 400);
}

#[test]
fn writes_know_who_writes_and_how_strictly() {
    let options =
        WriteOptions::parse_create("dryRun=All&fieldManager=kubectl-create&fieldValidation=Strict")
            .unwrap();
    assert!(options.dry_run);
    assert_eq!(options.manager("curl/8"), "kubectl-create");
    assert_eq!(options.field_validation, FieldValidation::Strict);
    let none = WriteOptions::parse_update("").unwrap();
    assert_eq!(none.field_validation, FieldValidation::Warn);
    assert_eq!(none.manager("kubectl/v1.35.2 (linux/amd64)"), "kubectl");
    assert_eq!(none.manager(&"ü".repeat(100)).len(), 128);
    let table = [
        (
            "dryRun=Some",
            "dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"",
        ),
        (
            "fieldValidation=x",
            "fieldValidation: Unsupported value: \"x\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
        ),
        (
            "fieldManager=a%0Ab",
            "fieldManager: Invalid value: \"a\\nb\": invalid character U+000A (at position 1)",
        ),
    ];
    for (query, expected) in table {
        let expected = (
            422,
            format!("CreateOptions.meta.k8s.io \"\" is invalid: {expected}"),
        );
        assert_eq!(refused(WriteOptions::parse_create(query)), expected);
    }
    let long = format!("fieldManager={}", "x".repeat(129));
    assert_eq!(
        refused(WriteOptions::parse_update(&long)).1,
        "UpdateOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes"
    );
}

#[test]
fn only_an_apply_has_force_and_it_must_say_who() {
    let apply = PatchOptions::parse("fieldManager=me&force=true", PatchType::Apply).unwrap();
    assert!(apply.force);
    assert_eq!(refused(PatchOptions::parse("", PatchType::Apply)), (422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch".to_owned()));
    assert_eq!(refused(PatchOptions::parse("force=false", PatchType::Merge)), (422, "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch".to_owned()));
    assert!(!PatchOptions::parse("", PatchType::Json).unwrap().force);
}

#[test]
fn deletions_take_options_from_the_body_or_else_the_query() {
    let query = DeleteOptions::parse(
        "propagationPolicy=Foreground&gracePeriodSeconds=5&dryRun=All",
        None,
    )
    .unwrap();
    assert_eq!(query.propagation, Some(Propagation::Foreground));
    assert_eq!(query.grace_period_seconds, Some(5));
    assert!(query.dry_run);
    let body = json!({
        "kind": "DeleteOptions", "apiVersion": "v1", "orphanDependents": true,
        "preconditions": {"uid": "u", "resourceVersion": "3"}, "dryRun": null,
    });
    let options = DeleteOptions::parse("propagationPolicy=Foreground", Some(&body)).unwrap();
    assert_eq!(options.orphan_dependents, Some(true));
    assert_eq!(options.propagation, None);
    assert_eq!(options.preconditions.uid.as_deref(), Some("u"));
    assert_eq!(options.preconditions.resource_version.as_deref(), Some("3"));
    assert!(!options.dry_run);
}

#[test]
fn bad_delete_options_are_told() {
    let table = [
        (
            json!({"gracePeriodSeconds": "5"}),
            400,
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
        (
            json!({"preconditions": {"uid": 7}}),
            400,
            "json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type string",
        ),
        (
            json!([]),
            400,
            "json: cannot unmarshal array into Go value of type v1.DeleteOptions",
        ),
        (
            json!({"kind": "Pod"}),
            400,
            "decoded object cannot be converted to DeleteOptions: it is a \"Pod\"",
        ),
        (
            json!({"propagationPolicy": "x"}),
            422,
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"x\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
        ),
        (
            json!({"propagationPolicy": "Orphan", "orphanDependents": false}),
            422,
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set",
        ),
        (
            json!({"ignoreStoreReadErrorWithClusterBreakingPotential": true, "dryRun": ["All"]}),
            422,
            "DeleteOptions.meta.k8s.io \"\" is invalid: ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: cannot be set together with .dryRun",
        ),
    ];
    for (body, code, message) in table {
        assert_eq!(
            refused(DeleteOptions::parse("", Some(&body))),
            (code, message.to_owned())
        );
    }
}

proptest! {
    #[test]
    fn any_query_is_options_or_a_failure(query in "[a-zA-Z=&%0-9.!,()]{0,60}|(labelSelector|fieldSelector|limit|watch|resourceVersion|dryRun|fieldManager)=\\PC{0,30}") {
        let failures = [
            ListOptions::parse(&query).err(),
            GetOptions::parse(&query).err(),
            TableOptions::parse(&query).err(),
            WriteOptions::parse_create(&query).err(),
            PatchOptions::parse(&query, PatchType::Apply).err(),
            DeleteOptions::parse(&query, None).err(),
        ];
        for failure in failures.into_iter().flatten() {
            prop_assert!(matches!(failure.code, 400 | 422));
        }
    }

    #[test]
    fn bodies_of_any_types_are_options_or_a_failure(kind in 0..7usize, field in 0..8usize) {
        let values = [Value::Null, true.into(), 1.5.into(), "x".into(), json!([1]), json!(["All"]), json!({"uid": "x"})];
        let fields = ["kind", "dryRun", "gracePeriodSeconds", "preconditions", "orphanDependents", "propagationPolicy", "ignoreStoreReadErrorWithClusterBreakingPotential", "other"];
        let mut body = json!({});
        body[fields[field]] = values[kind].clone();
        let _ = DeleteOptions::parse("", Some(&body));
        let _ = DeleteOptions::parse("", Some(&values[kind]));
    }
}
