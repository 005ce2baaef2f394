//! A scripted server that is followed.

use std::time::Duration;

use kubescape_collect::Event;
use kubescape_engine::KindMatch;
use kubescape_live::{Namespaces, Pace, Waits, What};
use serde_json::{Value, json};

use crate::fake::{Answer, Server, WATCH, discovery, hurried, list};
use crate::follower::{DEPLOYMENT, Follower, NAMESPACE, POD, SECRET, brisk, kinds};

const PODS: &str = "/api/v1/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn pod(name: &str, version: u32) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string()}})
}

/// A line of a watch.
fn line(event: &str, object: &Value) -> String {
    // The type comes first, as kube-apiserver writes it.
    format!("{{\"type\":\"{event}\",\"object\":{object}}}\n")
}

fn bookmark(version: u32) -> String {
    line(
        "BOOKMARK",
        &json!({"kind": "Pod", "metadata": {"resourceVersion": version.to_string()}}),
    )
}

fn watch(path: &str) -> String {
    format!("{WATCH}{path}")
}

fn follow(server: &Server, what: What) -> Follower {
    Follower::start(&server.access(), hurried(), what)
}

/// The watches of a path, by the versions that they go on from.
fn watched_from(server: &Server, path: &str) -> Vec<String> {
    let asked = server.asked(&format!("{path}?watch=true"));
    let version = |path: &String| {
        let (_, rest) = path.split_once("resourceVersion=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    asked.iter().map(version).collect()
}

#[test]
fn what_is_listed_is_watched_from_there() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1), pod("b", 2)], "")]);
    let news = [
        line("ADDED", &pod("c", 8)),
        line("MODIFIED", &pod("a", 9)),
        line("DELETED", &pod("b", 10)),
    ];
    server.on(&watch(PODS), [Answer::Stall(news.concat())]);
    let mut follower = follow(&server, kinds(&[POD, DEPLOYMENT]));
    follower.sync();
    follower.wait("b is gone", |here| {
        here.names("pods") == ["shop/a", "shop/c"]
    });
    // All is told once, with the identity of the kind
    assert_eq!((follower.view.puts, follower.view.listings), (4, 2));
    let pods = follower.of("pods").unwrap();
    assert_eq!(pods.objects["shop/a"]["metadata"]["resourceVersion"], "9");
    assert_eq!(pods.objects["shop/c"]["kind"], "Pod");
    // The watch asks for what it should
    let asked = server.asked(&format!("{PODS}?watch=true"));
    assert!(asked[0].contains("allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds="));
    let progress = follower.follow.progress();
    assert_eq!(
        (progress.kinds, progress.listed, progress.objects),
        (2, 2, 2)
    );
    assert!(
        progress.synced
            && follower
                .follow
                .kind_progress()
                .iter()
                .all(|kind| kind.lag.is_some())
    );
    assert_eq!(follower.follow.totals().events, 4 + 4 + 1 + 1);
}

#[test]
fn a_watch_that_breaks_goes_on_from_the_last_bookmark() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1)], "")]);
    server.on(
        &watch(PODS),
        [
            Answer::Cut(line("ADDED", &pod("b", 8)) + &bookmark(12) + r#"{"type":"ADD"#),
            // A server that tells what is known
            Answer::Json(line("ADDED", &pod("b", 8)) + &line("ADDED", &pod("c", 13))),
            Answer::Stall(line("DELETED", &pod("c", 14))),
        ],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("c was there", |here| here.view.puts == 3);
    follower.wait("c is gone", |here| {
        here.names("pods") == ["shop/a", "shop/b"]
    });
    assert_eq!(watched_from(&server, PODS), ["7", "12", "13"]);
    assert_eq!((follower.view.listings, follower.view.puts), (1, 3));
    assert_eq!(follower.follow.totals().watch_restarts, 2);
    assert_eq!(follower.gap("pods"), "");
}

#[test]
fn what_the_server_has_forgotten_is_listed_again_and_only_changes_are_told() {
    let too_old = json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"});
    for expired in [
        Answer::Json(line("ERROR", &too_old)),
        Answer::Status(410, "too old resource version", Vec::new()),
    ] {
        let server = Server::start();
        server.on(
            PODS,
            [
                list("Pod", &[pod("a", 1), pod("b", 2), pod("c", 3)], ""),
                list("Pod", &[pod("a", 1), pod("b", 5)], ""),
            ],
        );
        server.on(&watch(PODS), [expired, Answer::Stall(String::new())]);
        let mut follower = follow(&server, kinds(&[POD]));
        follower.wait("c is gone", |here| {
            here.view.listings == 2 && here.names("pods") == ["shop/a", "shop/b"]
        });
        assert_eq!((follower.view.puts, follower.view.sames), (4, 1));
        let b = &follower.of("pods").unwrap().objects["shop/b"];
        assert_eq!(b["metadata"]["resourceVersion"], "5");
        assert_eq!(follower.follow.totals().relists, 1);
        assert_eq!(follower.gap("pods"), "");
    }
}

#[test]
fn a_list_of_many_pages_that_breaks_or_expires_loses_and_repeats_nothing() {
    let server = Server::start();
    let second = list("Pod", &[pod("b", 2)], "");
    server.on(
        PODS,
        [
            list("Pod", &[pod("a", 1)], "two"),
            Answer::Cut(r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"b","namespace":"shop","resourceVersion":"2"}},"#.to_owned()),
            Answer::Status(410, "expired", Vec::new()),
            list("Pod", &[pod("a", 1)], "two"),
            second,
        ],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.sync();
    assert_eq!(follower.names("pods"), ["shop/a", "shop/b"]);
    assert_eq!(
        (
            follower.view.puts,
            follower.view.sames,
            follower.view.listings
        ),
        (2, 2, 2)
    );
}

#[test]
fn of_secrets_no_value_is_asked_for_or_told() {
    let server = Server::start();
    let secret = |version: u32| json!({"type": "Opaque", "data": {"key": "c2VjcmV0"}, "metadata": {"name": "a", "namespace": "shop", "resourceVersion": version.to_string(), "managedFields": [{}]}});
    server.on("/api/v1/secrets", [list("Secret", &[secret(1)], "")]);
    server.on(
        &watch("/api/v1/secrets"),
        [Answer::Stall(line("MODIFIED", &secret(8)))],
    );
    let mut follower = follow(&server, kinds(&[SECRET]));
    follower.wait("a change", |here| here.view.puts == 2);
    let told = follower.of("secrets").unwrap().objects["shop/a"].to_string();
    assert!(
        !told.contains("c2VjcmV0") && !told.contains("managedFields"),
        "{told}"
    );
    let accepted = server.accepted("/api/v1/secrets?watch");
    assert!(
        accepted[0].contains("as=PartialObjectMetadata;"),
        "{accepted:?}"
    );
}

#[test]
fn a_forbidden_kind_is_a_gap_that_holds_up_nothing_and_ends_when_it_is_allowed() {
    let server = Server::start();
    server.on(
        DEPLOYMENTS,
        [Answer::Status(403, "user may not", Vec::new())],
    );
    let mut follower = follow(&server, kinds(&[POD, DEPLOYMENT]));
    follower.sync();
    assert_eq!(
        follower.gap("deployments.apps"),
        "deployments.apps: forbidden: user may not"
    );
    assert_eq!(
        (follower.gap("pods"), follower.follow.progress().gaps),
        ("", 1)
    );
    // When it is allowed
    server.on(DEPLOYMENTS, [list("Deployment", &[pod("cart", 3)], "")]);
    follower.wait("deployments", |here| {
        here.names("deployments.apps") == ["shop/cart"]
    });
    follower.wait("no gap", |here| here.gap("deployments.apps").is_empty());
    // And when it is not any more, for long
    server.on(
        DEPLOYMENTS,
        [Answer::Status(403, "user may not", Vec::new())],
    );
    server.on(
        &watch(DEPLOYMENTS),
        [Answer::Status(403, "user may not watch", Vec::new())],
    );
    drop(follower);
    let mut follower = follow(&server, kinds(&[DEPLOYMENT]));
    follower.wait("a gap", |here| !here.gap("deployments.apps").is_empty());
}

#[test]
fn what_may_be_listed_and_not_watched_is_a_gap_without_flicker() {
    let server = Server::start();
    server.on(
        PODS,
        [
            list("Pod", &[pod("a", 1)], ""),
            list("Pod", &[pod("a", 2)], ""),
        ],
    );
    server.on(
        &watch(PODS),
        [Answer::Status(403, "may not watch", Vec::new())],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("a gap", |here| here.gap("pods").contains("may not watch"));
    let listings = follower.view.listings;
    // It is read now and then, and stays a gap
    while follower.view.listings < listings + 2 {
        let before = follower.view.listings;
        follower.wait("a list", |here| here.view.listings > before);
        assert!(follower.gap("pods").contains("may not watch"));
    }
    assert_eq!(
        follower.of("pods").unwrap().objects["shop/a"]["metadata"]["resourceVersion"],
        "2"
    );
}

#[test]
fn a_server_that_refuses_for_a_moment_leaves_no_gap() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1)], "")]);
    let no = || Answer::Status(403, "not yet", Vec::new());
    server.on(
        &watch(PODS),
        [no(), no(), no(), Answer::Stall(line("ADDED", &pod("b", 8)))],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("b", |here| here.names("pods") == ["shop/a", "shop/b"]);
    assert_eq!((follower.view.listings, follower.gap("pods")), (1, ""));
    assert_eq!(watched_from(&server, PODS), ["7", "7", "7", "7"]);
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start();
    let busy = || Answer::Status(429, "busy", vec![("retry-after", "0")]);
    server.on(PODS, [busy(), list("Pod", &[pod("a", 1)], "")]);
    server.on(
        &watch(PODS),
        [busy(), Answer::Stall(line("ADDED", &pod("b", 8)))],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("b", |here| here.names("pods") == ["shop/a", "shop/b"]);
    assert_eq!(follower.gap("pods"), "");
}

#[test]
fn nonsense_is_a_gap_while_it_lasts_and_never_an_end() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1)], "")]);
    server.on(
        &watch(PODS),
        [Answer::Json("<html>504</html>\n".to_owned())],
    );
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("a gap", |here| {
        here.gap("pods").contains("a line of the watch: not JSON")
    });
    server.on(&watch(PODS), [Answer::Stall(line("ADDED", &pod("b", 8)))]);
    follower.wait("b", |here| here.names("pods") == ["shop/a", "shop/b"]);
    assert_eq!((follower.view.listings, follower.gap("pods")), (1, ""));
}

#[test]
fn a_silent_kind_is_a_gap_and_others_go_on() {
    let server = Server::start();
    server.on(PODS, [Answer::Silence]);
    server.on(DEPLOYMENTS, [list("Deployment", &[pod("cart", 3)], "")]);
    let mut follower = follow(&server, kinds(&[POD, DEPLOYMENT]));
    follower.wait("deployments", |here| {
        here.names("deployments.apps") == ["shop/cart"]
    });
    follower.sync();
    assert!(
        follower.gap("pods").contains("no answer within"),
        "{}",
        follower.gap("pods")
    );
}

#[test]
fn a_dead_connection_is_noticed() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1)], "")]);
    server.on(
        &watch(PODS),
        [
            Answer::Stall(bookmark(9)),
            Answer::Stall(line("ADDED", &pod("b", 10))),
        ],
    );
    let pace = Pace {
        watch: (Duration::ZERO, Duration::ZERO),
        grace: Duration::from_millis(300),
        ..brisk()
    };
    let mut follower = follow(
        &server,
        What {
            pace,
            ..kinds(&[POD])
        },
    );
    follower.wait("b", |here| here.names("pods") == ["shop/a", "shop/b"]);
    assert_eq!(watched_from(&server, PODS)[..2], ["7", "9"]);
    assert_eq!(follower.view.listings, 1);
}

#[test]
fn an_object_that_is_too_large_is_named_and_not_known_any_more() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1), pod("b", 2)], "")]);
    let mut large = pod("a", 8);
    large["spec"] = json!("x".repeat(5000));
    let after = [line("MODIFIED", &large), line("ADDED", &pod("c", 9))];
    server.on(&watch(PODS), [Answer::Cut(after.concat()), Answer::Silence]);
    let pace = Pace {
        object_bytes: 2000,
        errors: Waits {
            first: Duration::from_millis(100),
            longest: Duration::from_millis(100),
        },
        ..brisk()
    };
    let mut follower = follow(
        &server,
        What {
            pace,
            ..kinds(&[POD])
        },
    );
    follower.wait("c", |here| here.names("pods") == ["shop/b", "shop/c"]);
    assert!(
        follower.gap("pods").starts_with("pods: shop/a has 5"),
        "{}",
        follower.gap("pods")
    );
    // When it is small again
    server.on(
        &watch(PODS),
        [Answer::Stall(line("MODIFIED", &pod("a", 10)))],
    );
    follower.wait("a", |here| {
        here.names("pods").len() == 3 && here.gap("pods").is_empty()
    });
    // In a list it is named by its neighbour
    server.on(PODS, [list("Pod", &[pod("0", 1), large], "")]);
    let mut follower = follow(
        &server,
        What {
            pace,
            ..kinds(&[POD])
        },
    );
    follower.sync();
    assert!(
        follower.gap("pods").contains("the object after shop/0"),
        "{}",
        follower.gap("pods")
    );
}

#[test]
fn kinds_come_and_go() {
    const WIDGET: KindMatch = KindMatch {
        group: "acme.io",
        kind: "Widget",
    };
    let server = Server::start();
    let widgets = "/apis/acme.io/v1/widgets";
    let pace = Pace {
        discovery: Duration::from_millis(50),
        ..brisk()
    };
    let mut follower = follow(
        &server,
        What {
            pace,
            ..kinds(&[POD, WIDGET])
        },
    );
    follower.sync();
    assert_eq!(
        follower.gap("Widget.acme.io"),
        "the cluster has no Widget.acme.io"
    );
    // When the kind is installed
    server.on(widgets, [list("Widget", &[pod("w", 1)], "")]);
    server.on(
        "/apis",
        [Answer::Json(discovery(&[(
            "acme.io",
            &[("Widget", "widgets", true)],
        )]))],
    );
    follower.wait("a widget", |here| {
        here.names("widgets.acme.io") == ["shop/w"]
    });
    assert_eq!(follower.gap("Widget.acme.io"), "");
    // And when it is removed
    server.on("/apis", [Answer::Json(discovery(&[]))]);
    follower.wait("no widget", |here| {
        here.names("widgets.acme.io").is_empty() && !here.gap("Widget.acme.io").is_empty()
    });
    assert_eq!(
        (follower.view.synced, follower.follow.progress().kinds),
        (1, 1)
    );
}

#[test]
fn a_kind_that_is_not_found_makes_one_look_what_there_is() {
    let server = Server::start();
    server.on(DEPLOYMENTS, [Answer::Status(404, "not found", Vec::new())]);
    let mut follower = follow(&server, kinds(&[DEPLOYMENT]));
    follower.sync();
    assert!(!follower.gap("deployments.apps").is_empty());
    server.on("/apis", [Answer::Json(discovery(&[]))]);
    follower.wait("an answer", |here| {
        here.gap("Deployment.apps") == "the cluster has no Deployment.apps"
    });
    assert_eq!(follower.follow.progress().kinds, 0);
}

#[test]
fn namespaces_are_followed_one_by_one_or_but_for_some() {
    let server = Server::start();
    for namespace in ["a", "b"] {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        server.on(&path, [list("Pod", &[pod(namespace, 1)], "")]);
    }
    server.on(
        "/api/v1/namespaces/b/pods",
        [Answer::Status(403, "no", Vec::new())],
    );
    let include = Namespaces {
        include: vec!["a".to_owned(), "b".to_owned()],
        exclude: Vec::new(),
    };
    let what = What {
        namespaces: include,
        ..kinds(&[POD, NAMESPACE])
    };
    let mut follower = follow(&server, what);
    follower.sync();
    assert_eq!(follower.names("pods in namespace a"), ["shop/a"]);
    assert!(follower.gap("pods in namespace b").contains("forbidden"));
    assert_eq!(follower.follow.progress().kinds, 4);
    let exclude = Namespaces {
        include: Vec::new(),
        exclude: vec!["x".to_owned()],
    };
    let what = What {
        namespaces: exclude,
        ..kinds(&[POD])
    };
    let mut follower = follow(&server, what);
    follower.sync();
    follower.wait("nothing more", |_| true);
    let asked = server.asked(PODS);
    assert!(
        asked
            .iter()
            .all(|path| path.contains("fieldSelector=metadata.namespace%21%3Dx")),
        "{asked:?}"
    );
}

#[test]
fn a_rules_file_narrows_and_is_read_again_when_it_changes() {
    let server = Server::start();
    server.on(PODS, [list("Pod", &[pod("a", 1)], "")]);
    server.on(
        "/api/v1/namespaces/shop/pods",
        [list("Pod", &[pod("s", 1)], "")],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matchingRules.json");
    let write = |resources: &str, namespaces: &str| {
        let text = format!(
            r#"{{"match":[{{"apiGroups":["","apps"],"apiVersions":["v1"],"resources":{resources}}}],"namespaces":{namespaces}}}"#
        );
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, &path).unwrap();
    };
    let what = What {
        rules: Some(path.clone()),
        ..kinds(&[POD, DEPLOYMENT])
    };
    // Given no file, all is followed
    let mut follower = follow(&server, what);
    follower.sync();
    assert_eq!(follower.names("pods"), ["shop/a"]);
    assert_eq!(follower.problems(&path), Vec::<&str>::new());
    // When one names Deployments and what nobody reads
    write(r#"["deployments","services"]"#, "[]");
    follower.wait("no pods", |here| {
        here.gap("pods") == "pods: the rules file leaves it out"
    });
    assert_eq!(follower.names("pods"), Vec::<&str>::new());
    let notes = follower.problems(&path);
    assert!(
        notes.contains(&"v1 services: no control reads it, so it is not followed"),
        "{notes:?}"
    );
    // When it breaks, nothing changes but what is said of it
    std::fs::write(&path, r#"{"match":7}"#).unwrap();
    follower.wait("a problem", |here| {
        here.problems(&path)
            .contains(&"match: a list is expected, not a number")
    });
    assert_eq!(follower.follow.progress().kinds, 1);
    // When it names Pods of a namespace
    write(r#"["pods"]"#, r#"["shop"]"#);
    follower.wait("pods of the shop", |here| {
        here.names("pods in namespace shop") == ["shop/s"]
    });
    // When it is gone
    std::fs::remove_file(&path).unwrap();
    follower.wait("all pods", |here| here.names("pods") == ["shop/a"]);
    assert_eq!(follower.view.synced, 1);
}

#[test]
fn credentials_are_read_again_when_they_are_not_accepted() {
    let server = Server::start();
    let who = || Answer::Status(401, "who?", Vec::new());
    let answers = (0..10).map(|_| who());
    server.on(PODS, answers.chain([list("Pod", &[pod("a", 1)], "")]));
    // Given a token that is replaced while it is used
    let mut follower = follow(&server, kinds(&[POD]));
    server.kubeconfig_of("another-token");
    // Then the other one is used before long
    follower.wait("pods", |here| here.names("pods") == ["shop/a"]);
    let askers = server.askers(PODS);
    assert_eq!(askers[0], "Bearer secret-token");
    assert_eq!(askers[10], "Bearer another-token");
}

#[test]
fn it_ends_when_it_is_asked_to_wherever_it_waits() {
    let server = Server::start();
    // Given a list that stalls, a watch that is quiet and a channel that is full
    server.on(
        PODS,
        [Answer::Stall(
            r#"{"kind":"PodList","items":[{"metadata":{"name":"a"}}"#.to_owned(),
        )],
    );
    let many: Vec<Value> = (0..100)
        .map(|number| pod(&number.to_string(), number))
        .collect();
    server.on(DEPLOYMENTS, [list("Deployment", &many, "")]);
    let patience = kubescape_live::Patience {
        idle: Duration::from_mins(10),
        ..hurried()
    };
    let mut follower = Follower::start(
        &server.access(),
        patience,
        kinds(&[POD, DEPLOYMENT, SECRET]),
    );
    follower.wait("something", |here| here.view.listings == 3);
    // When it is asked to end, it does, and nothing comes but what waited already
    let rest = follower.end();
    assert!(
        rest.len() < 20 && !rest.contains(&Event::Synced),
        "{}",
        rest.len()
    );
    // And when nobody listens any more
    let follower = follow(&server, kinds(&[DEPLOYMENT]));
    let Follower {
        runtime, follow, ..
    } = follower;
    runtime.block_on(follow.stop());
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let server = Server::start();
    server.on("/apis", [Answer::Status(503, "starting", Vec::new())]);
    let mut follower = follow(&server, kinds(&[POD]));
    follower.wait("a problem", |here| here.view.problems.contains_key("/apis"));
    assert_eq!(follower.view.synced, 0);
    server.on("/apis", [Answer::Json(discovery(&[]))]);
    follower.sync();
    assert!(follower.view.problems["/apis"].is_empty());
}
