//! What the scanners are sent.

use kubescape_commands::{
    ImageScan, JobReport, JobStatus, ScanDefaults, ScanReply, image_hash, scan_request,
};
use serde_json::{Map, Value, json};

const WITH_SECURITY: ScanDefaults = ScanDefaults {
    security_framework: true,
    keep_local: false,
};

fn request(args: &Value, defaults: ScanDefaults) -> Result<Value, String> {
    scan_request(args.as_object().unwrap(), defaults)
}

#[test]
fn an_empty_request_is_everything() {
    for args in [json!({"scanV1": {}}), json!({"scanv1": null})] {
        let body = request(&args, WITH_SECURITY).unwrap();
        assert_eq!(
            body,
            json!({"targetNames": ["all", "security"], "targetType": "Framework"})
        );
    }
    let error = request(&json!({}), WITH_SECURITY).unwrap_err();
    assert!(error.starts_with("request not found"));
}

#[test]
fn security_comes_with_frameworks_in_any_case_and_once() {
    let body = request(&json!({"scanV1": {"TargetNames": ["nsa", ""], "targettype": "framework", "hostScanner": false}}), WITH_SECURITY).unwrap();
    assert_eq!(
        body,
        json!({"targetNames": ["nsa", "all", "security"], "targetType": "framework", "hostScanner": false})
    );
    let again = request(&json!({"scanV1": body}), WITH_SECURITY).unwrap();
    assert_eq!(again, body);
    let controls = json!({"scanV1": {"targetNames": ["C-0016"], "targetType": "Control"}});
    let body = request(&controls, WITH_SECURITY).unwrap();
    assert_eq!(body["targetNames"], json!(["C-0016"]));
}

#[test]
fn without_a_backend_results_stay_here_unless_the_request_says_otherwise() {
    let local = ScanDefaults {
        security_framework: false,
        keep_local: true,
    };
    let body = request(&json!({"scanV1": {}}), local).unwrap();
    assert_eq!(body["keepLocal"], json!(true));
    let body = request(&json!({"scanV1": {"KeepLocal": false}}), local).unwrap();
    assert_eq!(body["keepLocal"], json!(false));
}

#[test]
fn names_of_another_type_are_refused() {
    for scan in [
        json!([]),
        json!({"targetNames": "all"}),
        json!({"targetNames": [1]}),
        json!({"targetType": 1}),
    ] {
        assert!(
            request(&json!({"scanV1": scan}), WITH_SECURITY).is_err(),
            "{scan}"
        );
    }
    assert!(scan_request(&Map::new(), WITH_SECURITY).is_err());
}

#[test]
fn replies_say_whether_the_scan_runs() {
    let reply = ScanReply::parse(br#"{"id":"a","type":"busy","response":"scanning"}"#).unwrap();
    assert!(reply.is_busy() && !reply.is_error());
    assert_eq!(reply.id, "a");
    let reply = ScanReply::parse(br#"{"ID":"","Type":"v1results","response":{"x":1}}"#).unwrap();
    assert!(!reply.is_busy() && reply.text.is_empty());
    for text in ["", "[]", "{}"] {
        assert!(ScanReply::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn an_image_is_named_by_its_digest() {
    assert_eq!(
        image_hash("web:1", "docker-pullable://web@sha256:aa"),
        "web@sha256:aa"
    );
    assert_eq!(image_hash("web:1", "sha256:aa"), "web:1@sha256:aa");
    assert_eq!(
        image_hash("web:1", "reg.example/web@sha256:aa"),
        "reg.example/web@sha256:aa"
    );
}

#[test]
fn an_image_scan_has_real_jobs_always() {
    let scan = ImageScan {
        wlid: "w".to_owned(),
        container: "c".to_owned(),
        image_tag: "web:1".to_owned(),
        image_hash: "web@sha256:aa".to_owned(),
        instance_id: "i".to_owned(),
        parent: String::new(),
        job: "u1".to_owned(),
        own_job: "u2".to_owned(),
        action_number: 2,
        timestamp: "2026-01-01T00:00:00Z".to_owned(),
    };
    let body = scan.body(&[]);
    assert_eq!(body["session"]["jobIDs"], json!(["u1", "u2"]));
    assert_eq!(body["session"]["rootJobID"], "u1");
    assert_eq!(body["parentJobID"], "u1");
    assert_eq!(body["jobID"], "u2");
    assert!(body.get("credentials").is_none());
}

#[test]
fn a_report_counts_and_lists_errors() {
    let report = JobReport {
        account: "a1".to_owned(),
        reporter: "Websocket",
        target: "wlid://cluster-prod/".to_owned(),
        status: JobStatus::Failure,
        action: "scan".to_owned(),
        errors: vec!["no".to_owned()],
        number: 2,
        job: "u1".to_owned(),
        parent: "u0".to_owned(),
        details: String::new(),
        timestamp: "t".to_owned(),
    };
    let value = report.to_value();
    assert_eq!(value["errors"], json!(["Action: scan, Error: no"]));
    assert_eq!(
        (&value["actionID"], &value["numSeq"]),
        (&json!("2"), &json!(2))
    );
}
