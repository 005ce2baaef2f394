use kubescape_engine::exceptions::{Exceptions, Fate};
use kubescape_engine::{Arena, Object, Outcome, World, from_json_str};

use super::*;

/// Both rules of C-0002 fail it.
const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop",
    "labels":{"team":"blue","tier":"front"},"annotations":{"owner":"jane"}},
    "spec":{"hostNetwork":true,"containers":[
        {"name":"app","securityContext":{"privileged":true}},
        {"name":"proxy","securityContext":{"privileged":true}}]}}"#;
const NAMESPACE: &str = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#;
const ROLE: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
    "metadata":{"name":"reader","namespace":"shop","labels":{"team":"blue"}},"rules":[{}]}"#;
const BINDING: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
    "metadata":{"name":"readers","namespace":"shop"},"roleRef":{"kind":"Role","name":"reader"},
    "subjects":[{"kind":"User","name":"jane"}]}"#;

const ALL: [&str; 3] = ["All", "One", "Two"];

fn given(text: &str) -> Outcome {
    let documents = [POD, NAMESPACE, ROLE, BINDING].map(|text| ("shop/all.yaml:1", text));
    scan(plan(&ALL, exceptions(text)), &documents)
}

/// An exception for objects with these attributes.
fn of(attributes: &str, posture: &str) -> String {
    format!(
        r#"[{{"name":"it","resources":[{{"attributes":{attributes}}}],"posturePolicies":[{posture}]}}]"#
    )
}

fn audited(outcome: &Outcome) -> (Fate, u32, String) {
    let audit = outcome.audit();
    assert_eq!(audit.len(), 1);
    (audit[0].fate, audit[0].findings, audit[0].notes.join("; "))
}

#[test]
fn given_an_exception_then_what_failed_has_passed_with_it_and_says_so() {
    let outcome = given(
        r#"[{"name":"edge","reason":"it is the edge","actions":["alertOnly"],"expirationDate":"2027-01-01",
            "resources":[{"designatorType":"Attributes","attributes":{"kind":"Pod","namespace":"shop","name":"we.*"}}],
            "posturePolicies":[{"controlID":"c-0001"}]}]"#,
    );
    assert_eq!(verdict(&outcome, "web", "C-0001"), EXCEPTED);
    assert_eq!(verdict(&outcome, "web", "C-0002"), FAILED);
    let control = &outcome.controls[number(&outcome, "C-0001")];
    assert_eq!((control.status, control.sub_status), EXCEPTED);
    assert_eq!((control.counts.passed, control.counts.excepted), (1, 1));
    assert!((control.compliance - 100.0).abs() < 0.01);
    let web = record(&outcome, "web");
    let rules = outcome.rules_of(web, number(&outcome, "C-0001"));
    assert_eq!((rules[0].1.status, rules[0].1.sub_status), EXCEPTED);
    let excuse = outcome.excuse_of(web, number(&outcome, "C-0001"), rules[0].0);
    assert_eq!(excuse.names().collect::<Vec<_>>(), ["edge"]);
    assert_eq!(excuse.policies[0].reason, "it is the edge");
    assert_eq!(audited(&outcome), (Fate::Used, 1, String::new()));
    assert_eq!(outcome.audit()[0].expiry, "2027-01-01T00:00:00Z");
}

#[test]
fn given_entries_with_a_rule_and_with_a_control_then_they_are_not_mixed() {
    let both = r#"{"controlID":"C-0002","ruleName":"privileged"},{"controlID":"C-0001"}"#;
    let outcome = given(&of(r#"{"name":"web"}"#, both));
    assert_eq!(verdict(&outcome, "web", "C-0001"), EXCEPTED);
    // The other rule of C-0002 still fails it.
    assert_eq!(verdict(&outcome, "web", "C-0002"), FAILED);
    let number = number(&outcome, "C-0002");
    let web = record(&outcome, "web");
    let excepted: Vec<bool> = outcome
        .rules_of(web, number)
        .iter()
        .map(|(rule, _)| outcome.is_excepted(web, number, *rule))
        .collect();
    assert_eq!(excepted, [false, true]);
}

#[test]
fn given_a_framework_then_it_holds_in_that_framework_only() {
    let outcome = given(&of(r#"{"name":"web"}"#, r#"{"frameworkName":"one"}"#));
    let places = |name: &str| {
        let mut frameworks = outcome.plan.frameworks.iter();
        frameworks
            .position(|(framework, _)| framework.name == name)
            .unwrap()
    };
    let in_framework = |name: &str, id: &str| {
        outcome
            .control_in(places(name), number(&outcome, id))
            .status
    };
    assert_eq!(in_framework("One", "C-0001"), Status::Passed);
    assert_eq!(in_framework("One", "C-0002"), Status::Passed);
    assert_eq!(in_framework("All", "C-0001"), Status::Failed);
    assert_eq!(in_framework("Two", "C-0002"), Status::Failed);
    assert_eq!(outcome.frameworks[places("One")].status, Status::Passed);
    assert!((outcome.frameworks[places("One")].compliance - 100.0).abs() < 0.01);
    assert_eq!(outcome.frameworks[places("One")].counts.excepted, 1);
    assert_eq!(outcome.frameworks[places("Two")].status, Status::Failed);
    // Another framework still wants it, so the scan as a whole fails it.
    assert_eq!(verdict(&outcome, "web", "C-0001"), FAILED);
    assert_eq!(audited(&outcome).0, Fate::Used);
    // By that framework alone it passes.
    let text = of(r#"{"name":"web"}"#, r#"{"frameworkName":"one"}"#);
    let alone = scan(plan(&["One"], exceptions(&text)), &[("", POD)]);
    assert_eq!(verdict(&alone, "web", "C-0001"), EXCEPTED);
    // And a scan by controls has no framework.
    let controls = scan(plan(&[], exceptions(&text)), &[("", POD)]);
    assert_eq!(verdict(&controls, "web", "C-0001"), FAILED);
    let (fate, _, note) = audited(&controls);
    assert_eq!(fate, Fate::Unused);
    assert!(
        note.contains("posturePolicies[0].frameworkName \"one\": nothing of this scan matches"),
        "{note}"
    );
}

#[test]
fn given_every_key_of_a_designator_then_all_have_to_match() {
    for (attributes, matches) in [
        (r#"{"kind":"Pod"}"#, true),
        (r#"{"kind":"pod"}"#, false),
        (r#"{"kind":"Po"}"#, false),
        (r#"{"kind":"Pod","namespace":"s.*","name":"web|api"}"#, true),
        (r#"{"kind":"Pod","namespace":"other"}"#, false),
        (r#"{"kind":"Pod","cluster":"prod"}"#, true),
        (r#"{"kind":"Pod","cluster":"test"}"#, false),
        (r#"{"kind":"Pod","name":""}"#, true),
        (r#"{"path":"shop/.*","kind":"Pod"}"#, true),
        (r#"{"path":"shop/all.yaml","kind":"Pod"}"#, true),
        (r#"{"path":"shop/all.yaml:1","kind":"Pod"}"#, true),
        (r#"{"path":"shop"}"#, false),
        (r#"{"resourceID":"/v1/shop/Pod/web"}"#, true),
        (r#"{"resourceID":"/v1/shop/Pod"}"#, false),
        (r#"{"team":"blue","tier":"fr.*"}"#, true),
        (r#"{"team":"green"}"#, false),
        (r#"{"owner":"jane"}"#, true),
        // All are labels, or all are annotations.
        (r#"{"team":"blue","owner":"jane"}"#, false),
        (r#"{"kind":"Pod","nobody":""}"#, false),
    ] {
        let outcome = given(&of(attributes, r#"{"controlID":"C-0001"}"#));
        let expected = if matches { EXCEPTED } else { FAILED };
        assert_eq!(verdict(&outcome, "web", "C-0001"), expected, "{attributes}");
    }
}

#[test]
fn given_a_label_selector_then_it_selects_as_in_kubernetes() {
    for (selector, matches) in [
        (r#"{"matchLabels":{"team":"blue"}}"#, true),
        (r#"{"matchLabels":{"team":"blu.*"}}"#, false),
        (
            r#"{"matchExpressions":[{"key":"team","operator":"In","values":["red","blue"]}]}"#,
            true,
        ),
        (
            r#"{"matchExpressions":[{"key":"team","operator":"NotIn","values":["blue"]}]}"#,
            false,
        ),
        (
            r#"{"matchExpressions":[{"key":"gone","operator":"NotIn","values":["blue"]}]}"#,
            true,
        ),
        (
            r#"{"matchExpressions":[{"key":"team","operator":"Exists"}]}"#,
            true,
        ),
        (
            r#"{"matchExpressions":[{"key":"team","operator":"DoesNotExist"}]}"#,
            false,
        ),
    ] {
        let text = format!(
            r#"[{{"resources":[{{"labelSelector":{selector}}}],"posturePolicies":[{{"controlID":"C-0001"}}]}}]"#
        );
        let expected = if matches { EXCEPTED } else { FAILED };
        assert_eq!(
            verdict(&given(&text), "web", "C-0001"),
            expected,
            "{selector}"
        );
    }
}

#[test]
fn given_a_container_then_the_others_still_fail() {
    let one = of(
        r#"{"kind":"Pod","containerName":"app"}"#,
        r#"{"ruleName":"privileged"}"#,
    );
    let outcome = given(&one);
    assert_eq!(verdict(&outcome, "web", "C-0002"), FAILED);
    let number = number(&outcome, "C-0002");
    let web = record(&outcome, "web");
    let rules = outcome.rules_of(web, number);
    assert_eq!(rules[1].1.status, Status::Failed);
    assert_eq!(audited(&outcome).0, Fate::Unused);
    // Two exceptions, a container each, cover both.
    let both = of(
        r#"{"kind":"Pod","containerName":"app"}"#,
        r#"{"ruleName":"privileged"}"#,
    )
    .replace(
        "]}]",
        r#"]},{"resources":[{"attributes":{"containerName":"pro.*"}}]}]"#,
    );
    let outcome = given(&both);
    let rules = outcome.rules_of(record(&outcome, "web"), number);
    assert_eq!((rules[1].1.status, rules[1].1.sub_status), EXCEPTED);
    // The pod's own network is no container's.
    assert_eq!(rules[0].1.status, Status::Failed);
}

#[test]
fn given_a_namespace_then_its_object_goes_with_it() {
    let outcome = given(&of(r#"{"namespace":"shop"}"#, ""));
    for (name, id) in [("shop", "C-0003"), ("web", "C-0001"), ("jane", "C-0004")] {
        assert_eq!(verdict(&outcome, name, id), EXCEPTED, "{name}");
    }
}

#[test]
fn given_binding_role_or_subject_then_the_subject_is_excepted() {
    for attributes in [
        r#"{"kind":"RoleBinding","name":"readers"}"#,
        r#"{"kind":"Role","team":"blue"}"#,
        r#"{"kind":"User","name":"jane"}"#,
    ] {
        let outcome = given(&of(attributes, ""));
        assert_eq!(
            verdict(&outcome, "jane", "C-0004"),
            EXCEPTED,
            "{attributes}"
        );
    }
    // Keys have to match one of them, not some here and some there.
    let outcome = given(&of(r#"{"kind":"Role","name":"readers"}"#, ""));
    assert_eq!(verdict(&outcome, "jane", "C-0004"), FAILED);
}

#[test]
fn given_exceptions_that_do_not_bind_then_the_audit_says_why() {
    let web = r#""resources":[{"attributes":{"name":"web"}}]"#;
    for (text, expected, note) in [
        (
            format!(r#"{{{web},"expirationDate":"2026-01-02T03:04:05Z"}}"#),
            Fate::Expired,
            "expired at 2026-01-02T03:04:05Z",
        ),
        (
            format!(r#"{{{web},"expirationDate":"next year"}}"#),
            Fate::Expired,
            "its end is no time: next year",
        ),
        (
            r#"{"resources":[]}"#.to_owned(),
            Fate::NeverMatches,
            "resources: is empty",
        ),
        (
            r#"{"resources":[{"attributes":{"name":""}}]}"#.to_owned(),
            Fate::NeverMatches,
            "resources[0].attributes: all are empty",
        ),
        (
            r#"{"resources":[{"attributes":{"name":"("}}]}"#.to_owned(),
            Fate::NeverMatches,
            "resources[0].attributes.name: \"(\" is no regular expression",
        ),
        (
            format!(r#"{{{web},"posturePolicies":[{{"controlID":"C-("}}]}}"#),
            Fate::NeverMatches,
            "posturePolicies[0].controlID: \"C-(\" is no regular",
        ),
        (
            format!(r#"{{{web},"posturePolicies":[{{"controlID":"C-9999"}}]}}"#),
            Fate::Unused,
            "posturePolicies[0].controlID \"C-9999\": nothing of this scan matches",
        ),
        (
            format!(r#"{{{web},"posturePolicies":[{{"controlName":"Nothing"}}]}}"#),
            Fate::Unused,
            "controlName: no control of this scan is called \"Nothing\"",
        ),
        (
            r#"{"resources":[{"attributes":{"cluster":"test"}}]}"#.to_owned(),
            Fate::Unused,
            "means another cluster; this one is prod",
        ),
        (
            r#"{"resources":[{"attributes":{"name":"api"}}]}"#.to_owned(),
            Fate::Unused,
            "no object of this scan is meant",
        ),
        (
            format!(r#"{{{web},"posturePolicies":[{{"controlID":"C-0003"}}]}}"#),
            Fate::Unused,
            "what it is for passes without it",
        ),
    ] {
        let outcome = given(&format!("[{text}]"));
        let (fate, findings, notes) = audited(&outcome);
        assert_eq!((fate, findings), (expected, 0), "{text}: {notes}");
        assert!(notes.contains(note), "{text}: {notes}");
        assert_eq!(outcome.total.counts.excepted, 0, "{text}");
    }
}

#[test]
fn given_a_control_by_name_alone_then_just_that_control_is_meant() {
    let outcome = given(&of(
        r#"{"name":"web"}"#,
        r#"{"controlName":"host network"}"#,
    ));
    assert_eq!(verdict(&outcome, "web", "C-0001"), EXCEPTED);
    assert_eq!(verdict(&outcome, "web", "C-0002"), FAILED);
}

#[test]
fn given_one_broken_part_then_the_others_hold() {
    let outcome = given(
        r#"[{"resources":[{"attributes":{"name":"("}},{"attributes":{"name":"web"}}],
             "posturePolicies":[{"controlID":"("},{"controlID":"C-0001"}]}]"#,
    );
    assert_eq!(verdict(&outcome, "web", "C-0001"), EXCEPTED);
    let audit = outcome.audit();
    assert_eq!((audit[0].fate, audit[0].notes.len()), (Fate::Used, 2));
    assert!(audit[0].wants_attention());
}

#[test]
fn given_annotations_then_they_count_where_they_are_wanted() {
    let annotated = |more: &str| {
        POD.replace(
            r#""owner":"jane""#,
            &format!(r#""kubescape.io/skip-controls":"c-0001, C-9999","kubescape.io/skip-reason":"edge"{more}"#),
        )
    };
    let now = NOW.parse().unwrap();
    let wanted = || Exceptions::default().with_annotations(now);
    let outcome = scan(plan(&ALL, wanted()), &[("a.yaml:0", &annotated(""))]);
    assert_eq!(verdict(&outcome, "web", "C-0001"), EXCEPTED);
    assert_eq!(verdict(&outcome, "web", "C-0002"), FAILED);
    let audit = outcome.audit();
    assert_eq!((audit[0].fate, audit[0].findings), (Fate::Used, 1));
    assert_eq!(
        (&*audit[0].reason, &*audit[0].source),
        ("edge", "/v1/shop/Pod/web")
    );
    assert_eq!(
        audit[0].notes,
        ["C-9999: no control of this scan has this ID"]
    );
    let expired = annotated(r#","kubescape.io/skip-expiry":"2025-12-31""#);
    let outcome = scan(plan(&ALL, wanted()), &[("a.yaml:0", &expired)]);
    assert_eq!(verdict(&outcome, "web", "C-0001"), FAILED);
    assert_eq!(outcome.audit()[0].fate, Fate::Expired);
    // In a cluster an object does not excuse itself.
    let outcome = scan(plan(&ALL, Exceptions::default()), &[("", &annotated(""))]);
    assert_eq!(verdict(&outcome, "web", "C-0001"), FAILED);
    assert!(outcome.audit().is_empty());
}

#[test]
fn given_a_world_then_a_changed_label_changes_what_is_excepted() {
    let text = of(r#"{"team":"blue"}"#, "");
    let mut world = World::new(plan(&ALL, exceptions(&text)));
    let mut put = |text: &str| {
        let arena = Arena::new();
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        world.put(object, &arena);
        world.settle();
        let outcome = world.outcome();
        let excepted = outcome.total.counts.excepted;
        (excepted, outcome.total.counts.failed)
    };
    assert_eq!(put(POD), (1, 0));
    assert_eq!(put(&POD.replace("blue", "green")), (0, 1));
    put(ROLE);
    assert_eq!(put(BINDING), (1, 1));
    // The role's label is no part of what joins read, and yet its subject's exception.
    assert_eq!(put(&ROLE.replace("blue", "green")), (0, 2));
}
