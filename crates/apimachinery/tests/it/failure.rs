//! Every failure as the Status that a real server sends.

use kubescape_apimachinery::Failure;
use kubescape_apimachinery::failure::{Cause, success};
use serde_json::json;

const GROUP: &str = "spdx.softwarecomposition.kubescape.io";

fn cause(field: &str, message: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid".into(),
        message: message.into(),
        field: field.into(),
    }
}

#[test]
fn a_missing_object_is_a_whole_status() {
    let failure = Failure::not_found(GROUP, "sbomsyfts", "a");
    assert_eq!(
        failure.to_status(),
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure",
            "message": "sbomsyfts.spdx.softwarecomposition.kubescape.io \"a\" not found",
            "reason": "NotFound",
            "details": {"name": "a", "group": GROUP, "kind": "sbomsyfts"},
            "code": 404,
        })
    );
}

#[test]
fn codes_reasons_and_words_are_those_of_kubernetes() {
    let table = [
        (
            Failure::already_exists("", "pods", "a"),
            409,
            "AlreadyExists",
            "pods \"a\" already exists",
        ),
        (
            Failure::stale("g", "rs", "a"),
            409,
            "Conflict",
            "Operation cannot be fulfilled on rs.g \"a\": the object has been modified; please apply your changes to the latest version and try again",
        ),
        (Failure::bad_request("no"), 400, "BadRequest", "no"),
        (Failure::expired("too old"), 410, "Expired", "too old"),
        (Failure::gone("gone"), 410, "Gone", "gone"),
        (
            Failure::too_many_requests("slow", 3),
            429,
            "TooManyRequests",
            "slow",
        ),
        (
            Failure::too_large(7),
            413,
            "RequestEntityTooLarge",
            "Request entity too large: limit is 7",
        ),
        (
            Failure::method_not_supported("g", "rs", "create"),
            405,
            "MethodNotAllowed",
            "create is not supported on resources of kind \"rs.g\"",
        ),
        (
            Failure::not_acceptable(&["a/b", "c/d"]),
            406,
            "NotAcceptable",
            "only the following media types are accepted: a/b, c/d",
        ),
        (
            Failure::unsupported_media_type("x", &["a/b"]),
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: a/b",
        ),
        (Failure::unauthorized(), 401, "Unauthorized", "Unauthorized"),
        (Failure::timeout("late", 1), 504, "Timeout", "Timeout: late"),
        (
            Failure::server_timeout("g", "rs", "list", 1),
            500,
            "ServerTimeout",
            "The list operation against rs.g could not be completed at this time, please try again.",
        ),
        (
            Failure::internal("disk"),
            500,
            "InternalError",
            "Internal error occurred: disk",
        ),
        (
            Failure::service_unavailable("starting", 1),
            503,
            "ServiceUnavailable",
            "starting",
        ),
        (
            Failure::unknown_path(),
            404,
            "NotFound",
            "the server could not find the requested resource",
        ),
        (
            Failure::forbidden("jo", "list", "g", "rs", "shop", "", ""),
            403,
            "Forbidden",
            "rs.g is forbidden: User \"jo\" cannot list resource \"rs\" in API group \"g\" in the namespace \"shop\"",
        ),
        (
            Failure::forbidden("jo", "get", "", "pods/log", "", "a", "no rule"),
            403,
            "Forbidden",
            "pods \"a\" is forbidden: User \"jo\" cannot get resource \"pods/log\" in API group \"\" at the cluster scope: no rule",
        ),
        (
            Failure::forbidden_path("<b>", "get", "/metrics", ""),
            403,
            "Forbidden",
            "forbidden: User \"&lt;b&gt;\" cannot get path \"/metrics\"",
        ),
    ];
    for (failure, code, reason, message) in table {
        assert_eq!(failure.code, code);
        assert_eq!(failure.reason.as_str(), reason);
        assert_eq!(failure.to_string(), message);
    }
}

#[test]
fn one_cause_stands_alone_and_several_in_brackets_once_each() {
    let one = Failure::invalid("g", "Kind", "a", vec![cause("spec.x", "Invalid value: 1")]);
    assert_eq!(
        one.message,
        "Kind.g \"a\" is invalid: spec.x: Invalid value: 1"
    );
    assert_eq!(one.code, 422);
    let causes = vec![cause("a", "m"), cause("b", "m"), cause("a", "m")];
    let many = Failure::invalid("g", "Kind", "a", causes);
    assert_eq!(many.message, "Kind.g \"a\" is invalid: [a: m, b: m]");
    let status = many.to_status();
    assert_eq!(status["details"]["causes"].as_array().unwrap().len(), 3);
    let first = json!({"reason": "FieldValueInvalid", "message": "m", "field": "a"});
    assert_eq!(status["details"]["causes"][0], first);
}

#[test]
fn conflicts_of_an_apply_are_told_by_manager() {
    let conflict = |field: &str, manager: &str| Cause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with \"{manager}\" using v1"),
        field: field.into(),
    };
    let one = Failure::apply_conflict(vec![conflict(".spec.x", "kubectl")]);
    assert_eq!(
        one.message,
        "Apply failed with 1 conflict: conflict with \"kubectl\" using v1: .spec.x"
    );
    let causes = vec![
        conflict(".b", "z"),
        conflict(".a", "y"),
        conflict(".c", "z"),
    ];
    let many = Failure::apply_conflict(causes);
    assert_eq!(
        many.message,
        "Apply failed with 3 conflicts: conflicts with \"y\" using v1:\n- .a\nconflicts with \"z\" using v1:\n- .b\n- .c"
    );
    assert_eq!(
        many.to_status()["details"]["causes"][0]["reason"],
        "FieldManagerConflict"
    );
}

#[test]
fn waiting_times_are_in_details_and_for_the_header() {
    let failure = Failure::too_many_requests("slow", 3);
    assert_eq!(failure.retry_after(), Some(3));
    assert_eq!(
        failure.to_status()["details"],
        json!({"retryAfterSeconds": 3})
    );
    assert_eq!(Failure::bad_request("no").to_status().get("details"), None);
}

#[test]
fn a_deletion_is_told_with_the_uid() {
    let status = success("g", "rs", "a", "u-1");
    assert_eq!(status["status"], "Success");
    let details = json!({"name": "a", "group": "g", "kind": "rs", "uid": "u-1"});
    assert_eq!(status["details"], details);
}
