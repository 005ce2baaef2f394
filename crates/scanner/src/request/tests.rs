use super::*;
use proptest::prelude::*;

fn request(body: &str) -> ScanRequest {
    parse(body.as_bytes(), &Defaults::default())
        .unwrap()
        .request
}

fn error(body: &str) -> String {
    parse(body.as_bytes(), &Defaults::default()).unwrap_err()
}

#[test]
fn what_the_operator_sends_is_understood() {
    let request = request(
        r#"{"targetNames":["all","security"],"targetType":"Framework","hostScanner":false,
            "scanObject":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"checkout","namespace":"shop"}},
            "isDeletedScanObject":false,"keepLocal":true}"#,
    );
    assert_eq!(request.targets, Targets::All);
    let object = request.object.unwrap();
    assert_eq!(object.group(), "apps");
    assert_eq!(object.to_string(), "Deployment/checkout in namespace shop");
    assert!(!request.deleted && !request.host_scanner && !request.submit);
}

#[test]
fn no_target_is_every_framework() {
    for body in [
        "{}",
        "null",
        r#"{"targetNames":null}"#,
        r#"{"targetNames":[]}"#,
        r#"{"targetNames":["nsa","ALL"]}"#,
        r#"{"targetNames":[""],"targetType":""}"#,
        r#"{"targetType":"all"}"#,
        r#"{"targetType":"control"}"#,
    ] {
        assert_eq!(request(body).targets, Targets::All, "{body}");
    }
}

#[test]
fn keys_names_and_types_count_in_any_case_and_booleans_may_be_texts() {
    let parsed = request(
        r#"{"TARGETNAMES":"nsa, Mitre","TargetType":"fRAMEWORK","KEEPLOCAL":"False","submit":"true","failthreshold":"50"}"#,
    );
    assert_eq!(parsed.targets, Targets::Frameworks(vec!["MITRE", "NSA"]));
    assert!(parsed.submit);
    assert!((parsed.fail_threshold - 50.0).abs() < f32::EPSILON);
    let controls = r#"{"targetType":"CONTROL","targetNames":["c-0016","C-0016"]}"#;
    assert_eq!(request(controls).targets, Targets::Controls(vec!["C-0016"]));
}

#[test]
fn everything_wrong_is_said_at_once_with_the_nearest_name() {
    let text = error(
        r#"{"targetNames":["nsaa"],"hostScanner":"perhaps","scanObject":{"kind":"Pod"},"exceptions":[{"resources":7}]}"#,
    );
    for part in [
        "there is no framework \"nsaa\"; did you mean \"NSA\"?",
        "hostScanner: give true or false",
        "scanObject.metadata.name: is missing",
        "exceptions[0] resources: is no list",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert!(error(r#"{"targetType":"frmework"}"#).contains("did you mean \"framework\"?"));
    assert!(error(r#"{"targetType":"Control","targetNames":["C-0O16"]}"#).contains("did you mean"));
}

#[test]
fn shapes_that_make_no_sense_are_named() {
    assert!(error("").contains("empty"));
    assert!(error("[]").contains("not a JSON object"));
    assert!(error("{\"a\":").contains("line 1"));
    assert!(error(r#"{"submit":true,"Submit":false}"#).contains("keep one of them"));
    assert!(error(r#"{"targetNames":{"a":1}}"#).contains("give a list of texts"));
    assert!(error(r#"{"isDeletedScanObject":true}"#).contains("needs a scanObject"));
    assert!(error(r#"{"failThreshold":101}"#).contains("0 to 100"));
    let many = format!(
        r#"{{"includeNamespaces":[{}"a"]}}"#,
        "\"a\",".repeat(MOST_NAMES)
    );
    assert!(error(&many).contains("more than 10000 names"));
    let nested = "[".repeat(10_000);
    assert!(error(&nested).contains("not JSON"));
}

#[test]
fn the_caller_hears_of_what_was_not_done() {
    let body = r#"{"hostScanner":true,"targetName":["nsa"],"account":"a","accessKey":"b"}"#;
    let parsed = parse(body.as_bytes(), &Defaults::default()).unwrap();
    assert_eq!(parsed.notes.len(), 2, "{:?}", parsed.notes);
    assert!(parsed.notes[0].starts_with("hostScanner: data of nodes are not collected yet"));
    assert!(
        parsed.notes[1]
            .contains("targetName: is not known and was ignored; did you mean targetNames?")
    );
}

#[test]
fn namespaces_of_the_environment_hold_until_a_request_names_some() {
    let defaults = Defaults {
        exclude_namespaces: vec!["kube-system".to_owned()],
        ..Defaults::default()
    };
    let of = |body: &str| {
        let request = parse(body.as_bytes(), &defaults).unwrap().request;
        (request.include_namespaces, request.exclude_namespaces)
    };
    assert_eq!(of("{}"), (vec![], vec!["kube-system".to_owned()]));
    assert_eq!(
        of(r#"{"includeNamespaces":["b","a","b",""]}"#),
        (vec!["a".to_owned(), "b".to_owned()], vec![])
    );
}

#[test]
fn whether_results_are_sent_is_said_by_the_request_or_else_by_the_environment() {
    let defaults = Defaults {
        submit: true,
        backend: true,
        ..Defaults::default()
    };
    let of = |body: &str| parse(body.as_bytes(), &defaults).unwrap().request.submit;
    assert!(of("{}"));
    assert!(!of(r#"{"submit":false}"#) && !of(r#"{"keepLocal":true,"submit":true}"#));
}

#[test]
fn ids_are_uuids_with_dashes_and_nothing_else() {
    assert!(parse_id("7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d").is_some());
    for text in [
        "",
        "..",
        "7c6ee1f244a44f8ba3f40d0f6a3f2f6d",
        "{7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d}",
        "../../../../../../../etc/passwd/////",
        "7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6",
    ] {
        assert_eq!(parse_id(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_body_panics_and_every_refusal_has_words(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(words) = parse(&body, &Defaults::default()) {
            prop_assert!(!words.is_empty());
        }
    }

    #[test]
    fn no_value_of_a_known_field_panics(
        field in 0..FIELDS.len(),
        value in prop_oneof![
            Just("null".to_owned()),
            "-?[0-9]{1,20}",
            "\"[a-zA-Z, \u{e9}]{0,20}\"",
            Just("[{}]".to_owned()),
            Just("{\"kind\":\"Pod\",\"metadata\":{\"name\":[]}}".to_owned()),
        ],
    ) {
        let body = format!("{{\"{}\":{value}}}", FIELDS[field].name);
        let _ = parse(body.as_bytes(), &Defaults::default());
    }
}
