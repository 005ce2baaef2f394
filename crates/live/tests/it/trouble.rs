//! Servers that refuse, fail, stall and forget.

use std::time::Instant;

use kubescape_collect::Code;
use kubescape_engine::Status;

use crate::fake::{Answer, Server, list, list_text};
use crate::scanning::{NO_POLICY, PRIVILEGED, bad_pod, names, scan, verdict};

const PODS: &str = "/api/v1/pods";

fn refused() -> Answer {
    Answer::Status(
        403,
        "networkpolicies.networking.k8s.io is forbidden: User \"jane\" cannot list resource",
        Vec::new(),
    )
}

#[test]
fn a_forbidden_kind_skips_what_joins_it_instead_of_failing_everything() {
    // Given workloads, and policies that nobody may read
    let server = Server::start();
    server.on(PODS, [list("Pod", &[bad_pod("a")], "")]);
    server.on("/apis/networking.k8s.io/v1/networkpolicies", [refused()]);
    // When the cluster is scanned
    let scan = scan(&server.connect(), &[PRIVILEGED, NO_POLICY]);
    // Then no workload is said to lack a policy
    let (status, info) = verdict(&scan, NO_POLICY);
    assert_eq!(status, Status::Skipped);
    assert!(
        info.contains("networkpolicies.networking.k8s.io: forbidden: "),
        "{info}"
    );
    assert!(info.contains("jane"), "{info}");
    // And the rest is as sure as ever
    assert_eq!(verdict(&scan, PRIVILEGED).0, Status::Failed);
    assert!(scan.is_partial());
    assert_eq!(scan.problems[0].code, Code::Forbidden);
    assert_eq!(scan.outcome.coverage().judged, 1);
    // It was asked once: a refusal does not pass.
    assert_eq!(server.asked("/apis/networking.k8s.io").len(), 1);
}

#[test]
fn no_control_passes_when_some_of_its_objects_were_not_read() {
    let server = Server::start();
    server.on("/apis/apps/v1/deployments", [refused()]);
    let mut good = bad_pod("good");
    good["spec"]["containers"][0]["securityContext"]["privileged"] = false.into();
    server.on(PODS, [list("Pod", &[good], "")]);
    let skipped = scan(&server.connect(), &[PRIVILEGED]);
    let (status, info) = verdict(&skipped, PRIVILEGED);
    assert_eq!(status, Status::Skipped);
    assert!(info.contains("deployments.apps: forbidden"), "{info}");
    // What failed for sure stays failed, and says that there may be more.
    server.on(PODS, [list("Pod", &[bad_pod("bad")], "")]);
    let failed = scan(&server.connect(), &[PRIVILEGED]);
    let (status, info) = verdict(&failed, PRIVILEGED);
    assert_eq!(status, Status::Failed);
    assert!(info.contains("deployments.apps: forbidden"), "{info}");
}

#[test]
fn forbidden_everywhere_is_a_report_of_skipped_controls() {
    let server = Server::start();
    for path in [
        PODS,
        "/apis/apps/v1/deployments",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ] {
        server.on(path, [refused()]);
    }
    let scan = scan(&server.connect(), &[PRIVILEGED, NO_POLICY]);
    for id in [PRIVILEGED, NO_POLICY] {
        assert_eq!(verdict(&scan, id).0, Status::Skipped);
    }
    assert_eq!(scan.outcome.coverage().judged, 0);
    assert!(scan.is_partial());
}

#[test]
fn a_list_that_expires_starts_again_and_nothing_counts_twice() {
    let server = Server::start();
    server.on(
        PODS,
        [
            list("Pod", &[bad_pod("a"), bad_pod("gone")], "token"),
            Answer::Status(
                410,
                "The provided continue parameter is too old",
                Vec::new(),
            ),
            list("Pod", &[bad_pod("a"), bad_pod("b")], "token2"),
            list("Pod", &[bad_pod("c")], ""),
        ],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b", "c"]);
    assert_eq!(scan.objects_seen, 3);
    assert!(!scan.is_partial());
}

#[test]
fn a_list_that_expires_again_and_again_is_read_in_one_page_and_then_given_up() {
    let server = Server::start();
    let expired = Answer::Status(410, "too old", Vec::new());
    server.on(PODS, [expired]);
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    let asked = server.asked(PODS);
    assert_eq!(asked.len(), 5);
    assert_eq!(
        (&*asked[0], &*asked[4]),
        ("/api/v1/pods?limit=500", "/api/v1/pods?")
    );
    let (status, info) = verdict(&scan, PRIVILEGED);
    assert_eq!(status, Status::Skipped);
    assert!(info.contains("410"), "{info}");
}

#[test]
fn busy_servers_are_asked_again_when_they_say_so() {
    let server = Server::start();
    let busy = |code| Answer::Status(code, "busy", vec![("retry-after", "0")]);
    server.on(
        PODS,
        [busy(429), busy(503), list("Pod", &[bad_pod("a")], "")],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a"]);
    assert!(!scan.is_partial());
}

#[test]
fn a_server_error_that_stays_is_a_gap_with_its_words() {
    let server = Server::start();
    server.on(
        PODS,
        [Answer::Status(500, "etcdserver: no leader", Vec::new())],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(server.asked(PODS).len(), 3);
    let (status, info) = verdict(&scan, PRIVILEGED);
    assert_eq!(status, Status::Skipped);
    assert!(
        info.contains("pods: the server answered 500: etcdserver: no leader"),
        "{info}"
    );
    assert_eq!(scan.problems[0].code, Code::Unavailable);
}

#[test]
fn a_first_page_that_is_cut_is_read_again_from_its_start() {
    let server = Server::start();
    let whole = list_text("Pod", &[bad_pod("a"), bad_pod("b"), bad_pod("c")], "");
    let half = whole[..whole.find("\"c\"").unwrap()].to_owned();
    server.on(
        PODS,
        [
            Answer::Cut(half.clone()),
            Answer::Stall(half),
            Answer::Json(whole),
        ],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b", "c"]);
    assert_eq!(scan.objects_seen, 3);
    assert!(!scan.is_partial());
}

#[test]
fn a_later_page_that_is_cut_goes_on_where_it_was() {
    let server = Server::start();
    let second = list_text("Pod", &[bad_pod("b"), bad_pod("c")], "");
    let half = second[..second.find("\"c\"").unwrap()].to_owned();
    server.on(
        PODS,
        [
            list("Pod", &[bad_pod("a")], "token"),
            Answer::Cut(half),
            Answer::Json(second),
        ],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b", "c"]);
    assert_eq!(server.asked(PODS).len(), 3);
}

#[test]
fn a_list_that_stays_cut_keeps_what_came_and_says_that_more_is_missing() {
    let server = Server::start();
    let whole = list_text("Pod", &[bad_pod("a"), bad_pod("b")], "");
    server.on(
        PODS,
        [Answer::Cut(
            whole[..whole.find("\"b\"").unwrap()].to_owned(),
        )],
    );
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a"]);
    assert_eq!(verdict(&scan, PRIVILEGED).0, Status::Failed);
    assert!(scan.is_partial());
}

#[test]
fn silence_has_an_end_and_is_not_waited_for_once_a_list() {
    let server = Server::start();
    for path in [
        PODS,
        "/apis/apps/v1/deployments",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ] {
        server.on(path, [Answer::Silence]);
    }
    let started = Instant::now();
    let scan = scan(&server.connect(), &[PRIVILEGED, NO_POLICY]);
    assert!(started.elapsed().as_secs() < 30);
    let (status, info) = verdict(&scan, PRIVILEGED);
    assert_eq!(status, Status::Skipped);
    assert!(info.contains("no answer within"), "{info}");
}

#[test]
fn answers_that_are_no_lists_are_gaps() {
    for nonsense in [
        "<html>login</html>",
        "[]",
        "{}",
        "",
        "{\"kind\":\"PodList\",\"items\":[1",
    ] {
        let server = Server::start();
        server.on(PODS, [Answer::Json(nonsense.to_owned())]);
        let scan = scan(&server.connect(), &[PRIVILEGED]);
        let (status, info) = verdict(&scan, PRIVILEGED);
        assert_eq!(status, Status::Skipped, "{nonsense}: {info}");
        assert!(scan.is_partial(), "{nonsense}");
    }
}

#[test]
fn an_item_that_is_no_object_is_missed_and_the_others_are_judged() {
    let server = Server::start();
    let pods = [bad_pod("a"), 7.into(), "x".into(), bad_pod("b")];
    server.on(PODS, [list("Pod", &pods, "")]);
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b"]);
    assert!(scan.is_partial());
}

#[test]
fn a_huge_object_is_one_problem() {
    let server = Server::start();
    let mut huge = bad_pod("huge");
    huge["metadata"]["annotations"] = serde_json::json!({"a": "x".repeat(17 << 20)});
    server.on(PODS, [list("Pod", &[bad_pod("a"), huge, bad_pod("b")], "")]);
    let scan = scan(&server.connect(), &[PRIVILEGED]);
    assert_eq!(names(&scan), ["a", "b"]);
    assert_eq!(scan.problems[0].code, Code::TooLarge);
    assert!(scan.outcome.has_gap(0));
}
