//! Scopes reach what they say, and a slip of the pen never reaches more.

use kubescape_commands::{
    Command, CommandName, Expansion, expansion, parse_wild_wlid, parse_wlid, single,
};
use serde_json::json;

fn command(value: &serde_json::Value) -> Command {
    Command::from_value(value).unwrap()
}

#[test]
fn namespaces_and_selectors_are_gathered() {
    let given = command(&json!({"commandName": "scan",
        "designators": [
            {"attributes": {"namespace": "shop"}}, {"attributes": {"namespace": "bank"}},
            {"attributes": {"Namespace": "shop"}}],
        "args": {"labels": {"app": "web", "tier": "front"}, "fieldSelector": {"status.phase": "Running"}}}));
    assert_eq!(
        expansion(CommandName::Scan, &given),
        Ok(Some(Expansion {
            namespaces: vec![Some("bank".to_owned()), Some("shop".to_owned())],
            labels: "app=web,tier=front".to_owned(),
            fields: "status.phase=Running".to_owned(),
        }))
    );
    let all =
        command(&json!({"designators": [{"attributes": {}}, {"attributes": {"namespace": "a"}}]}));
    let found = expansion(CommandName::Scan, &all).unwrap().unwrap();
    assert_eq!(found.namespaces, [None]);
}

#[test]
fn commands_with_a_scope_of_their_own_are_not_expanded() {
    let scoped = command(&json!({"wildWlid": "wlid://cluster-a"}));
    for (_, name) in CommandName::ALL {
        let found = expansion(name, &scoped).unwrap();
        assert_eq!(found.is_some(), name == CommandName::Scan, "{name}");
    }
    let one = command(&json!({"wlid": "wlid://cluster-a/namespace-b/pod-c"}));
    assert_eq!(expansion(CommandName::Scan, &one), Ok(None));
}

#[test]
fn a_scope_that_cannot_be_read_is_not_the_cluster() {
    for (text, wanted) in [
        ("wlid://cluster-a", Some(None)),
        ("wlid://cluster-a/", Some(None)),
        ("wlid://cluster-a/namespace-", Some(None)),
        ("wlid://cluster-a/namespace-shop", Some(Some("shop"))),
        (
            "wlid://cluster-a/namespace-shop/deployment-x",
            Some(Some("shop")),
        ),
        ("wlid://cluster-a/shop", None),
        ("cluster-a", None),
        ("", None),
        ("wlid://cluster-a/namespace-a b", None),
    ] {
        let found = parse_wild_wlid(text).ok();
        assert_eq!(found, wanted.map(|it| it.map(str::to_owned)), "{text}");
    }
    let slip = command(&json!({"wildWlid": "wlid://cluster-a/ns-shop"}));
    assert!(expansion(CommandName::Scan, &slip).is_err());
    for designator in [
        json!({"wlid": "wlid://cluster-a/namespace-b/pod-c"}),
        json!({"attributes": {"namespace": "shop", "Kind": "Deployment", "name": "web"}}),
    ] {
        let narrow = command(&json!({ "designators": [designator] }));
        assert!(expansion(CommandName::Scan, &narrow).is_err());
    }
    let comma = command(
        &json!({"wildWlid": "wlid://cluster-a", "args": {"labels": {"app": "web,tier=x"}}}),
    );
    assert!(expansion(CommandName::Scan, &comma).is_err());
}

#[test]
fn the_command_for_one_workload_knows_its_parent_only() {
    let given = command(
        &json!({"commandName": "scan", "wildWlid": "wlid://cluster-a",
        "jobTracking": {"jobID": "outer", "numSeq": 4},
        "args": {"labels": {"app": "web"}, "other": 1}}),
    );
    let copy = single(&given, "wlid://cluster-a/namespace-b/deployment-c", "outer");
    assert_eq!(copy.id(), "wlid://cluster-a/namespace-b/deployment-c");
    assert_eq!(
        (
            copy.tracking.job_id.as_str(),
            copy.tracking.parent_action.as_str()
        ),
        ("", "outer")
    );
    assert_eq!(serde_json::Value::Object(copy.args), json!({"other": 1}));
}

#[test]
fn workload_ids_name_workloads() {
    let wlid = parse_wlid("wlid://cluster-a/namespace-shop/Deployment-web").unwrap();
    assert_eq!(wlid.workload().unwrap().kind, "deployment");
    for text in [
        "wlid://cluster-a",
        "wlid://cluster-a/namespace-b/pod-a b",
        "x",
    ] {
        assert!(parse_wlid(text).is_err(), "{text}");
    }
}
