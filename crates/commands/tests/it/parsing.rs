//! Bodies of all senders are read, and nothing else.

use kubescape_commands::{Command, CommandError, CommandName, OperatorCommand, Order, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

fn one(text: &str) -> Command {
    let mut commands = parse(text.as_bytes()).unwrap().commands;
    assert_eq!(commands.len(), 1);
    commands.remove(0)
}

#[test]
fn the_bodies_that_the_chart_ships_are_read() {
    let kubescape = one(r#"{"commands":[{"CommandName":"kubescapeScan","args":{"scanV1": {}}}]}"#);
    assert_eq!(kubescape.name, "kubescapeScan");
    assert_eq!(kubescape.id(), "");
    let images = one(
        r#"{"commands":[{"commandName":"scan","designators":[{"designatorType":"Attributes","attributes":{}}]}]}"#,
    );
    assert_eq!(images.id(), "designators");
    assert_eq!(images.designators[0].attribute("namespace"), None);
}

#[test]
fn case_does_not_count_in_keys_and_null_is_nothing() {
    let command = one(
        r#"{"COMMANDS":[{"commandname":"scan","WildWlid":"wlid://cluster-a","wlid":null,"JobTracking":{"JOBID":"j","numseq":3}}]}"#,
    );
    assert_eq!(command.id(), "wlid://cluster-a");
    assert_eq!(
        (command.tracking.job_id.as_str(), command.tracking.num_seq),
        ("j", 3)
    );
}

#[test]
fn the_id_is_the_first_that_is_there() {
    let mut command = Command {
        sid: "sid".to_owned(),
        ..Command::default()
    };
    assert_eq!(command.id(), "sid");
    command.wlid = "wlid".to_owned();
    assert_eq!(command.id(), "wlid");
    command.wild_sid = "wild sid".to_owned();
    assert_eq!(command.id(), "wild sid");
    command.wild_wlid = "wild wlid".to_owned();
    assert_eq!(command.id(), "wild wlid");
    command
        .designators
        .push(kubescape_commands::Designator::default());
    assert_eq!(command.id(), "designators");
}

#[test]
fn a_schedule_is_found_in_four_places_in_order() {
    let mut args = json!({
        "jobParams": {"cronTabSchedule": "1 * * * *", "name": "one"},
        "kubescapeJobParams": {"cronTabSchedule": "2 * * * *", "name": "two"},
        "cronTabSchedule": "3 * * * *",
    });
    let designators = json!([{"attributes": {"cronTabSchedule": "4 * * * *"}}]);
    for (gone, schedule, name) in [
        ("", "1 * * * *", "one"),
        ("jobParams", "2 * * * *", "two"),
        ("kubescapeJobParams", "3 * * * *", ""),
        ("cronTabSchedule", "4 * * * *", ""),
    ] {
        args.as_object_mut().unwrap().remove(gone);
        let value = json!({"commandName": "x", "args": args, "designators": designators});
        let params = Command::from_value(&value).unwrap().job_params();
        assert_eq!(
            (params.schedule.as_str(), params.name.as_str()),
            (schedule, name),
            "{gone}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_without_any_value() {
    let text = r#"{"commands":[{"commandName":"scan"},{"commandName":"scan","wlid":{"password":"hunter2"}}]}"#;
    let error = parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "command 1: wlid is not a text");
    assert_eq!(parse(b"[]"), Err(CommandError::NoList));
    assert!(matches!(
        parse(b"{\"commands\":"),
        Err(CommandError::Json { .. })
    ));
    let unpacked = parse(br#"{"commands":[{"wlid":"x"},{"commandName":"scan"}]}"#).unwrap();
    assert_eq!((unpacked.commands.len(), unpacked.nameless), (1, 1));
}

#[test]
fn every_name_is_known_and_others_are_not() {
    for (name, command) in CommandName::ALL {
        assert_eq!(CommandName::parse(name), Some(command));
        assert!(!command.as_str().is_empty());
    }
    for name in [
        "",
        "SCAN",
        "execPostureScan",
        "validateRules",
        "calculateSBOM",
    ] {
        assert_eq!(CommandName::parse(name), None, "{name}");
    }
}

#[test]
fn objects_are_carried_out_once_and_while_they_are_young() {
    let now = "2026-01-01T12:00:00Z".parse().unwrap();
    // {"commandName":"scan","wlid":"w"}
    let young = OperatorCommand {
        kind: "OperatorAPI".to_owned(),
        body: "eyJjb21tYW5kTmFtZSI6InNjYW4iLCJ3bGlkIjoidyJ9".to_owned(),
        created: Some("2026-01-01T11:45:00Z".parse().unwrap()),
        ..OperatorCommand::default()
    };
    let Order::Run(command) = young.order(now) else {
        panic!("it runs");
    };
    assert_eq!(command.wlid, "w");
    let old = OperatorCommand {
        created: Some("2026-01-01T11:00:00Z".parse().unwrap()),
        ..young.clone()
    };
    assert_eq!(old.order(now), Order::Skip);
    let done = OperatorCommand {
        completed: true,
        ..young.clone()
    };
    assert_eq!(done.order(now), Order::Skip);
    // One that somebody began has an end, however old it is.
    let begun = OperatorCommand {
        started: true,
        ..old
    };
    assert_eq!(begun.order(now), Order::Begun);
    let of_nodes = OperatorCommand {
        kind: "RuntimeUpdateRules".to_owned(),
        ..begun
    };
    assert_eq!(of_nodes.order(now), Order::Skip);
    let other = OperatorCommand {
        kind: "CreateRegistry".to_owned(),
        ..young.clone()
    };
    assert!(matches!(other.order(now), Order::Refuse(text) if text.contains("CreateRegistry")));
    let broken = OperatorCommand {
        body: "%".to_owned(),
        ..young
    };
    assert_eq!(
        broken.order(now),
        Order::Refuse("spec.body is not base64".to_owned())
    );
}

fn words() -> impl Strategy<Value = String> {
    "[a-z:/-]{0,12}"
}

fn commands() -> impl Strategy<Value = Command> {
    (
        words(),
        words(),
        words(),
        words(),
        words(),
        any::<i64>(),
        proptest::collection::btree_map("[a-z]{1,6}", words(), 0..3),
    )
        .prop_map(
            |(name, wlid, wild_wlid, job_id, parent_action, num_seq, args)| Command {
                name,
                wlid,
                wild_wlid,
                tracking: kubescape_commands::JobTracking {
                    job_id,
                    parent_action,
                    num_seq,
                    timestamp: "0001-01-01T00:00:00Z".to_owned(),
                },
                args: args
                    .into_iter()
                    .map(|(key, text)| (key, text.into()))
                    .collect(),
                ..Command::default()
            },
        )
}

/// The same with keys in upper case.
fn shout(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            // Names of arguments are data.
            .map(|(key, value)| match key.as_str() {
                "args" => (key.to_uppercase(), value),
                _ => (key.to_uppercase(), shout(value)),
            })
            .collect(),
        other => other,
    }
}

proptest! {
    #[test]
    fn a_command_is_read_back_in_any_case(command in commands()) {
        let value = command.to_value();
        prop_assert_eq!(&Command::from_value(&value).unwrap(), &command);
        prop_assert_eq!(&Command::from_value(&shout(value)).unwrap(), &command);
    }

    #[test]
    fn no_text_panics(text in ".{0,100}") {
        let _ = parse(text.as_bytes());
        let _ = parse(format!("{{\"commands\":[{text}]}}").as_bytes());
    }
}
