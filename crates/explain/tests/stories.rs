//! Every verdict, from the facts that lead to it.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use kubescape_explain::{
    Controls, Delivery, Explanation, Facts, FailedControl, Judged, KindState, ObjectRef, Owner,
    Presence, SkippedControl, Stored, StoredResult, Verdict, explain,
};

fn cart() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: "cart".to_owned(),
    }
}

fn judged() -> Judged {
    Judged {
        input_digest: "sha256-128:aa".to_owned(),
        result_digest: Some("11".to_owned()),
        engine_version: "1.2.3".to_owned(),
        library_version: "7".to_owned(),
        gaps: Vec::new(),
        controls: Some(Controls {
            failed: vec![FailedControl {
                id: "C-0057".to_owned(),
                name: "Privileged container".to_owned(),
                severity: "High".to_owned(),
            }],
            passed: 40,
            skipped: vec![SkippedControl {
                id: "C-0260".to_owned(),
                reason: "nodes are not read".to_owned(),
            }],
        }),
    }
}

fn stored() -> StoredResult {
    StoredResult {
        namespace: "shop".to_owned(),
        name: "deployment-cart".to_owned(),
        since: "2026-11-24T10:00:00Z".to_owned(),
        input_digest: "sha256-128:aa".to_owned(),
        result_digest: "11".to_owned(),
        engine_version: "1.2.3".to_owned(),
        library_version: "7".to_owned(),
        gaps: String::new(),
        controls: None,
    }
}

/// All is well.
fn well() -> Facts {
    Facts {
        synced: true,
        to_write: 0,
        kind: KindState::Read,
        namespace_followed: true,
        presence: Presence::There,
        judged: Some(judged()),
        stored: Stored::Result(Box::new(stored())),
        delivery: Delivery::Done,
        unknown: Vec::new(),
    }
}

fn without(facts: Facts) -> Facts {
    Facts {
        judged: None,
        stored: Stored::Nothing,
        delivery: Delivery::Idle,
        ..facts
    }
}

fn said(facts: Facts) -> Explanation {
    explain(cart(), facts)
}

/// The verdict, with a word in the first reason and one in the remedy.
#[allow(
    clippy::needless_pass_by_value,
    reason = "verdicts are made where they are expected"
)]
#[track_caller]
fn assert_says(facts: Facts, verdict: Verdict, reason: &str, remedy: &str) -> Explanation {
    let said = said(facts);
    assert_eq!(said.verdict, verdict);
    assert!(said.reasons[0].contains(reason), "{:?}", said.reasons);
    if remedy.is_empty() {
        assert_eq!(said.remedy, "");
    } else {
        assert!(said.remedy.contains(remedy), "{}", said.remedy);
    }
    said
}

#[test]
fn a_result_of_the_object_as_it_is_is_current() {
    let said = assert_says(well(), Verdict::Current, "judged as it is now", "");
    assert_eq!(said.result.as_deref(), Some("shop/deployment-cart"));
    assert_eq!(said.since.as_deref(), Some("2026-11-24T10:00:00Z"));
    assert_eq!(said.controls.unwrap().failed[0].id, "C-0057");
}

#[test]
fn a_result_without_all_that_controls_read_is_partial() {
    let gap = "secrets: forbidden: User \"a\" cannot list this".to_owned();
    let judged = Some(Judged {
        gaps: vec![gap],
        ..judged()
    });
    let facts = Facts { judged, ..well() };
    assert_says(
        facts,
        Verdict::Partial,
        "secrets: forbidden",
        "`list` and `watch`",
    );
    // Also when only the stored result says so.
    let stored = StoredResult {
        gaps: "pods: no answer".to_owned(),
        ..stored()
    };
    let facts = Facts {
        stored: Stored::Result(Box::new(stored)),
        ..well()
    };
    assert_says(facts, Verdict::Partial, "pods: no answer", "`list`");
}

#[test]
fn a_stored_result_that_nothing_replaces_is_stale_and_says_of_what_it_is() {
    let of = |change: fn(&mut StoredResult)| {
        let mut stored = stored();
        stored.result_digest = "22".to_owned();
        change(&mut stored);
        Facts {
            stored: Stored::Result(Box::new(stored)),
            delivery: Delivery::Idle,
            ..well()
        }
    };
    let object = of(|stored| stored.input_digest = "sha256-128:bb".to_owned());
    let said = assert_says(object, Verdict::Stale, "the object has changed", "doctor");
    assert_eq!(said.input_digest.as_deref(), Some("sha256-128:bb"));
    assert_eq!(said.present_digest.as_deref(), Some("sha256-128:aa"));
    let engine = of(|stored| stored.engine_version = "1.0.0".to_owned());
    assert_says(engine, Verdict::Stale, "1.0.0 then, 1.2.3 now", "doctor");
    let library = of(|stored| stored.library_version.clear());
    assert_says(library, Verdict::Stale, "none then, 7 now", "doctor");
    let joined = of(|_| {});
    assert_says(
        joined,
        Verdict::Stale,
        "joined to has changed",
        "scan workload",
    );
}

#[test]
fn whoever_only_looks_at_the_object_compares_what_it_has() {
    let judged = Judged {
        result_digest: None,
        controls: None,
        ..judged()
    };
    let of = |stored: StoredResult| Facts {
        judged: Some(judged.clone()),
        stored: Stored::Result(Box::new(stored)),
        delivery: Delivery::Unknown,
        ..well()
    };
    let controls = Some(Controls {
        passed: 3,
        ..Controls::default()
    });
    let same = StoredResult {
        controls,
        ..stored()
    };
    let said = assert_says(of(same), Verdict::Current, "as it is now", "");
    assert_eq!(said.controls.unwrap().passed, 3);
    let changed = StoredResult {
        input_digest: "sha256-128:bb".to_owned(),
        ..stored()
    };
    assert_says(
        of(changed),
        Verdict::Stale,
        "the object has changed",
        "doctor",
    );
    let nothing = Facts {
        stored: Stored::Nothing,
        ..of(stored())
    };
    assert_says(
        nothing,
        Verdict::NotYet,
        "No result",
        "continuous scanning is on",
    );
}

#[test]
fn before_everything_was_read_there_is_no_result_yet() {
    let reading = |presence| Facts {
        synced: false,
        presence,
        ..without(well())
    };
    let there = reading(Presence::There);
    assert_says(
        there,
        Verdict::NotYet,
        "Not everything has been read",
        "/v1/progress",
    );
    let missing = reading(Presence::Missing);
    assert_says(
        missing,
        Verdict::NotYet,
        "not among it so far",
        "/v1/progress",
    );
    let begins = reading(Presence::Unknown("the cluster does not answer".to_owned()));
    assert_says(
        begins,
        Verdict::NotYet,
        "has not begun: the cluster",
        "/v1/progress",
    );
    let before = Facts {
        synced: false,
        ..well()
    };
    let said = assert_says(before, Verdict::NotYet, "Not everything", "wait");
    assert!(said.reasons[1].contains("earlier result of 2026-11-24"));
}

#[test]
fn nothing_stored_and_nothing_waiting_is_said_as_it_is() {
    let facts = Facts {
        stored: Stored::Nothing,
        delivery: Delivery::Idle,
        ..well()
    };
    assert_says(facts.clone(), Verdict::NotYet, "does not wait", "log");
    let lost = Facts {
        delivery: Delivery::Done,
        ..facts
    };
    assert_says(lost, Verdict::NotYet, "does not have it any more", "log");
}

#[test]
fn a_kind_that_nobody_has_or_no_control_reads_has_no_results() {
    let kind = |kind| Facts {
        kind,
        presence: Presence::Missing,
        ..without(well())
    };
    let absent = kind(KindState::Absent(
        "the cluster has no Widget.acme.io".to_owned(),
    ));
    assert_says(
        absent,
        Verdict::NoSuchKind,
        "The cluster has no Widget",
        "api-resources",
    );
    let unread = kind(KindState::NotJudged);
    assert_says(
        unread,
        Verdict::NotJudged,
        "reads objects of kind Deployment",
        "list controls",
    );
}

#[test]
fn an_object_that_only_others_are_joined_to_is_not_judged() {
    let facts = Facts {
        judged: None,
        ..without(well())
    };
    assert_says(
        facts,
        Verdict::NotJudged,
        "no control says anything",
        "list controls",
    );
}

#[test]
fn an_excluded_namespace_comes_before_what_is_wrong_with_the_kind() {
    for kind in [
        KindState::Read,
        KindState::Forbidden("pods: forbidden".to_owned()),
    ] {
        let facts = Facts {
            kind,
            namespace_followed: false,
            presence: Presence::Missing,
            ..without(well())
        };
        let excluded = Verdict::NamespaceExcluded;
        assert_says(facts, excluded, "namespace shop", "KS_EXCLUDE_NAMESPACES");
    }
}

#[test]
fn what_cannot_be_read_keeps_its_result_and_says_why() {
    let kind = |kind| Facts { kind, ..well() };
    let forbidden = kind(KindState::Forbidden(
        "deployments.apps: forbidden: no".to_owned(),
    ));
    let said = assert_says(
        forbidden,
        Verdict::Forbidden,
        "forbidden: no",
        "`list` and `watch`",
    );
    assert!(said.reasons[1].contains("what cannot be seen is not gone"));
    let unread = kind(KindState::Unread("deployments.apps: no answer".to_owned()));
    assert_says(unread, Verdict::Unreadable, "no answer", "get apiservices");
    let left_out = kind(KindState::LeftOut(
        "the rules file leaves it out".to_owned(),
    ));
    assert_says(
        left_out,
        Verdict::Unreadable,
        "leaves it out",
        "matchingRules.json",
    );
}

#[test]
fn whose_owner_is_judged_names_it() {
    let owner = Owner {
        api_version: "apps/v1".to_owned(),
        kind: "ReplicaSet".to_owned(),
        name: "cart-7c9".to_owned(),
    };
    let facts = Facts {
        presence: Presence::Owned(owner.clone()),
        ..without(well())
    };
    let verdict = Verdict::OwnedByParent { owner };
    assert_says(
        facts,
        verdict,
        "ReplicaSet cart-7c9",
        "explain replicaset/cart-7c9 -n shop",
    );
}

#[test]
fn what_is_not_there_is_gone_or_never_was() {
    let missing = Facts {
        presence: Presence::Missing,
        ..without(well())
    };
    assert_says(
        missing.clone(),
        Verdict::NoSuchObject,
        "no object",
        "kubectl get deployment -n shop",
    );
    let gone = Facts {
        stored: Stored::Result(Box::new(stored())),
        ..missing.clone()
    };
    assert_says(gone, Verdict::Gone, "not there any more", "");
    let unseen = Facts {
        stored: Stored::Unknown("no answer".to_owned()),
        ..missing
    };
    let said = assert_says(unseen, Verdict::NoSuchObject, "no object", "kubectl get");
    assert!(said.reasons[1].contains("no answer"));
}

#[test]
fn a_result_that_waits_says_for_what() {
    let waits = |delivery| Facts {
        stored: Stored::Nothing,
        delivery,
        ..well()
    };
    let queue = waits(Delivery::Waiting { pending: 12 });
    assert_says(queue, Verdict::Waiting, "among 12", "/v1/progress");
    let away = Delivery::Away {
        seconds: 90,
        why: "connection refused".to_owned(),
    };
    assert_says(
        waits(away),
        Verdict::Waiting,
        "90 s: connection refused",
        "doctor",
    );
    let not_ready = waits(Delivery::NotReady);
    assert_says(not_ready, Verdict::Waiting, "has not been read yet", "wait");
    let lap = Facts {
        to_write: 7,
        ..waits(Delivery::Idle)
    };
    assert_says(lap, Verdict::Waiting, "7 resources", "wait");
    // What is stored meanwhile is said, too.
    let older = StoredResult {
        input_digest: "sha256-128:bb".to_owned(),
        result_digest: "22".to_owned(),
        ..stored()
    };
    let older = Facts {
        stored: Stored::Result(Box::new(older)),
        ..waits(Delivery::Waiting { pending: 1 })
    };
    let said = assert_says(older, Verdict::Waiting, "among 1", "wait");
    assert!(said.reasons[1].contains("the object has changed"));
}

#[test]
fn what_the_storage_does_not_take_is_said_in_its_words() {
    let error = "507: over its budget".to_owned();
    let facts = Facts {
        stored: Stored::Nothing,
        delivery: Delivery::Refused(error.clone()),
        ..well()
    };
    assert_says(
        facts,
        Verdict::Refused { error },
        "507: over its budget.",
        "budget",
    );
}

#[test]
fn a_storage_that_cannot_be_asked_leaves_what_its_writer_knows() {
    let unseen = |delivery| Facts {
        stored: Stored::Unknown("no answer for 5 s".to_owned()),
        delivery,
        ..well()
    };
    let done = said(unseen(Delivery::Done));
    assert_eq!(done.verdict, Verdict::Current);
    assert!(done.reasons[1].contains("no answer for 5 s"));
    let waiting = said(unseen(Delivery::Waiting { pending: 2 }));
    assert_eq!(waiting.verdict, Verdict::Waiting);
    assert_says(
        unseen(Delivery::Unknown),
        Verdict::Unknown,
        "no answer",
        "doctor",
    );
}

#[test]
fn an_object_that_nobody_could_look_for_is_unknown() {
    let facts = Facts {
        presence: Presence::Unknown("forbidden: no".to_owned()),
        ..without(well())
    };
    assert_says(facts, Verdict::Unknown, "forbidden: no", "doctor");
}

#[test]
fn json_has_documented_names_and_is_read_back() {
    let mut said = said(well());
    said.unknown.push("whether it waits".to_owned());
    let json = serde_json::to_value(&said).unwrap();
    assert_eq!(json["verdict"], "current");
    assert_eq!(json["object"]["apiVersion"], "apps/v1");
    assert_eq!(json["controls"]["failed"][0]["controlID"], "C-0057");
    assert_eq!(json["engineVersion"], "1.2.3");
    assert!(json.get("remedy").is_none());
    assert_eq!(serde_json::from_value::<Explanation>(json).unwrap(), said);
    let refused = Facts {
        stored: Stored::Nothing,
        delivery: Delivery::Refused("no".to_owned()),
        ..well()
    };
    let json = serde_json::to_value(explain(cart(), refused)).unwrap();
    assert_eq!(
        (&json["verdict"], &json["error"]),
        (&"refused".into(), &"no".into())
    );
}

#[test]
fn people_read_what_why_and_what_to_do() {
    let judged = Some(Judged {
        gaps: vec!["nodes: forbidden".to_owned()],
        ..judged()
    });
    let text = said(Facts { judged, ..well() }).text();
    assert_eq!(
        text,
        "\
Deployment shop/cart (apps/v1)
Partial: something was missing when it was judged

Result     shop/deployment-cart
Since      2026-11-24T10:00:00Z
Judged by  kubescape 1.2.3, controls 7
Input      sha256-128:aa
Controls   1 failed · 40 passed · 1 skipped

Why
  Controls lacked what they read: nodes: forbidden.

What to do
  let the scanner read what is named above (rights `list` and `watch`, matchingRules.json, a server that answers); results follow by themselves

Failed controls
  High     C-0057  Privileged container

Skipped controls
  C-0260  nodes are not read
"
    );
}
