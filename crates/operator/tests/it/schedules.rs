//! Recurring scans without a cluster.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use kubescape_operator::{Clock, Config, Definition, Embedded};
use serde_json::{Value, json};

use crate::common::{Operator, StandIn, config, until};

async fn scanner() -> StandIn {
    StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await
}

fn params(schedule: &str, name: &str) -> Value {
    json!({"cronTabSchedule": schedule, "name": name})
}

fn command(name: &str, args: &Value) -> Value {
    json!({"commandName": name, "args": args})
}

/// What the operator answers at a path.
async fn get(operator: &Operator, path: &str) -> Value {
    let (code, text) = operator.call("GET", path, "").await;
    assert_eq!(code, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_scan_is_set_changed_and_removed() {
    let scanner = scanner().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubescapeURL": scanner.address, "kubevulnURL": scanner.address});
    let config = config(folder.path(), &cluster);
    let operator = Operator::start(config.clone()).await;
    let set =
        json!({"jobParams": params("0 3 * * *", ""), "scanV1": {"targetNames": ["nsa", "mitre"]}});
    assert_eq!(
        operator
            .command(command("setKubescapeCronJob", &set))
            .await
            .0,
        "done"
    );
    let set = json!({"commandName": "setVulnScanCronJob", "wildWlid": "wlid://cluster-a/namespace-shop",
        "args": {"jobParams": params("@daily", "")}});
    assert_eq!(operator.command(set).await.0, "done");
    // All are listed, with their kinds and next times.
    let list = get(&operator, "/v1/schedules").await;
    let kinds = |list: &Value| {
        let all = list["schedules"].as_array().unwrap().iter();
        all.map(|one| one["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&list), ["configurations", "configurations", "images"]);
    assert_eq!(list["keptBy"], "internal");
    let one = &list["schedules"][0];
    let name = one["name"].as_str().unwrap().to_owned();
    let next: Timestamp = one["nextRun"].as_str().unwrap().parse().unwrap();
    assert!(next > Timestamp::now() && next.to_string().ends_with("T03:00:00Z"));
    assert_eq!(get(&operator, &format!("/v1/schedules/{name}")).await, *one);
    assert_eq!(operator.call("GET", "/v1/schedules/none", "").await.0, 404);
    // One is changed, and outlives the process so.
    let update = json!({"jobParams": params("0 4 * * *", &name)});
    assert_eq!(
        operator
            .command(command("updateKubescapeCronJob", &update))
            .await
            .0,
        "done"
    );
    operator.stop().await;
    let operator = Operator::start(config).await;
    let one = get(&operator, &format!("/v1/schedules/{name}")).await;
    assert_eq!(
        (&one["schedule"], &one["lastRun"]),
        (&json!("0 4 * * *"), &Value::Null)
    );
    // And removed, once and for all.
    let delete = command(
        "deleteKubescapeCronJob",
        &json!({"jobParams": {"name": name}}),
    );
    assert_eq!(operator.command(delete.clone()).await.0, "done");
    assert_eq!(
        operator.command(delete).await.1,
        format!("{name} was not there")
    );
    assert_eq!(
        kinds(&get(&operator, "/v1/schedules").await),
        ["configurations", "images"]
    );
    assert!(scanner.is_silent());
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubescapeURL": "127.0.0.1:9", "kubevulnURL": "127.0.0.1:9"});
    let operator = Operator::start(config(folder.path(), &cluster)).await;
    let long = "a".repeat(53);
    let scan = |schedule: &str| json!({"jobParams": params(schedule, ""), "scanV1": {}});
    let named = |name: &str| json!({"jobParams": params("0 3 * * *", name)});
    let registry = |auth: Value| {
        json!({"jobParams": params("0 3 * * *", ""),
            "registryInfo-v1": {"registryName": "quay.io/acme", "authMethod": auth}})
    };
    for (name, args, wanted) in [
        ("setKubescapeCronJob", scan("0 0 * * 7"), "the weekday"),
        ("setKubescapeCronJob", scan("soon"), "give five fields"),
        (
            "setKubescapeCronJob",
            scan("TZ=Asia/Tokyo 0 0 * * *"),
            "give five fields",
        ),
        (
            "setKubescapeCronJob",
            scan(""),
            "give args.jobParams.cronTabSchedule",
        ),
        (
            "setVulnScanCronJob",
            json!({}),
            "give args.jobParams.cronTabSchedule",
        ),
        (
            "setKubescapeCronJob",
            json!({"jobParams": params("@daily", ""), "scanV1": 5}),
            "args.scanV1: is not an object",
        ),
        (
            "updateKubescapeCronJob",
            json!({}),
            "args.jobParams.name is missing",
        ),
        (
            "updateKubescapeCronJob",
            named("none"),
            "there is no recurring scan none",
        ),
        ("deleteKubescapeCronJob", named(&long), "has 53 characters"),
        (
            "deleteVulnScanCronJob",
            named("../secrets/x"),
            "is no name of a recurring scan",
        ),
        (
            "setRegistryScanCronJob",
            json!({"jobParams": params("@daily", "")}),
            "args.registryInfo-v1: is missing",
        ),
        (
            "setRegistryScanCronJob",
            registry(json!({"type": "ips"})),
            "credentials of clouds",
        ),
        (
            "setRegistryScanCronJob",
            registry(json!({"type": "identity_token"})),
            "is not supported",
        ),
        (
            "setRegistryScanCronJob",
            registry(json!({"type": "magic"})),
            "its type is not known",
        ),
        (
            "setRegistryScanCronJob",
            registry(json!({"password": "hunter2"})),
            "belong together",
        ),
    ] {
        let (status, message) = operator.command(command(name, &args)).await;
        assert_eq!(status, "failure", "{name} {args}");
        assert!(message.contains(wanted), "{name}: {message}");
        assert!(!message.contains("hunter2"));
    }
    assert_eq!(
        get(&operator, "/v1/schedules").await["schedules"],
        json!([])
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_their_own_kind_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubescapeURL": "127.0.0.1:9", "kubevulnURL": "127.0.0.1:9"});
    let operator = Operator::start(config(folder.path(), &cluster)).await;
    let set = json!({"jobParams": params("0 3 * * *", ""), "scanV1": {}});
    let (_, message) = operator.command(command("setKubescapeCronJob", &set)).await;
    let name = message.strip_prefix("made ").unwrap();
    for other in ["updateVulnScanCronJob", "deleteRegistryScanCronJob"] {
        let args = json!({"jobParams": params("0 4 * * *", name)});
        let (status, message) = operator.command(command(other, &args)).await;
        assert_eq!(status, "failure");
        assert!(
            message.contains("is no recurring scan of this kind"),
            "{message}"
        );
    }
    assert_eq!(
        operator.role.schedules.clone().unwrap().all()[0].schedule,
        "0 3 * * *"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_registries_are_kept_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubevulnURL": "127.0.0.1:9"});
    let operator = Operator::start(config(folder.path(), &cluster)).await;
    let registry = |password: &str| {
        json!({"registryName": "quay.io/acme",
            "authMethod": {"type": "accesstoken", "username": "u", "password": password}})
    };
    let set = json!({"jobParams": params("0 3 * * *", ""), "registryInfo-v1": registry("hunter2")});
    let (status, message) = operator
        .command(command("setRegistryScanCronJob", &set))
        .await;
    assert_eq!(status, "done", "{message}");
    let list = get(&operator, "/v1/schedules").await;
    let one = &list["schedules"][0];
    assert_eq!(
        (&one["kind"], &one["hasCredentials"]),
        (&json!("registry"), &json!(true))
    );
    let jobs = get(&operator, "/v1/jobs").await;
    assert!(!format!("{list}{jobs}").contains("hunter2"));
    let kept = || std::fs::read_to_string(folder.path().join("schedules.json")).unwrap();
    assert!(kept().contains("hunter2"));
    // Another password takes its place; a change of time alone leaves it.
    let name = one["name"].as_str().unwrap();
    let update = json!({"jobParams": {"name": name}, "registryInfo-v1": registry("hunter3")});
    assert_eq!(
        operator
            .command(command("updateRegistryScanCronJob", &update))
            .await
            .0,
        "done"
    );
    assert!(kept().contains("hunter3") && !kept().contains("hunter2"));
    let update = json!({"jobParams": params("0 5 * * *", name)});
    assert_eq!(
        operator
            .command(command("updateRegistryScanCronJob", &update))
            .await
            .0,
        "done"
    );
    assert!(kept().contains("hunter3") && kept().contains("0 5 * * *"));
    // With the scan it goes.
    let delete = json!({"jobParams": {"name": name}});
    assert_eq!(
        operator
            .command(command("deleteRegistryScanCronJob", &delete))
            .await
            .0,
        "done"
    );
    assert!(!kept().contains("hunter3"));
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_nothing_ran_runs_once() {
    let scanner = scanner().await;
    let folder = tempfile::tempdir().unwrap();
    let config: Config = config(folder.path(), &json!({ "kubescapeURL": scanner.address }));
    let operator = Operator::start(config).await;
    let schedules = operator.role.schedules.clone().unwrap();
    let body = json!({"commands": [{"commandName": "kubescapeScan", "args": {"scanV1": {"targetNames": ["nsa"]}}}]});
    let yearly = "0 0 1 1 *".parse().unwrap();
    let definition = Definition::new("old".to_owned(), &yearly, body, Timestamp::UNIX_EPOCH);
    schedules.add(vec![definition]).unwrap();
    let heard = scanner.next().await;
    assert_eq!(heard.body["targetNames"], json!(["nsa"]));
    until(|| schedules.all()[0].ran.is_some()).await;
    operator.stop().await;
    assert!(scanner.is_silent());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_clock_may_be_another() {
    // Given a clock that stands at a minute before three.
    let scanner = scanner().await;
    let folder = tempfile::tempdir().unwrap();
    let time: &'static Mutex<Timestamp> = Box::leak(Box::new(Mutex::new(
        "2026-01-02T02:59:00Z".parse().unwrap(),
    )));
    let embedded = Embedded {
        clock: Clock::new(move || *time.lock().unwrap()),
        ..Embedded::default()
    };
    let config = config(folder.path(), &json!({ "kubescapeURL": scanner.address }));
    let operator = Operator::embedded(config, embedded).await;
    let set = |schedule: &str| {
        let args = json!({"jobParams": params(schedule, ""), "scanV1": {}});
        command("setKubescapeCronJob", &args)
    };
    assert_eq!(operator.command(set("0 3 * * *")).await.0, "done");
    assert!(scanner.is_silent());
    // When it is three, and any change wakes the scheduler, it runs.
    let later = *time.lock().unwrap() + SignedDuration::from_mins(2);
    *time.lock().unwrap() = later;
    assert_eq!(operator.command(set("0 4 * * *")).await.0, "done");
    assert_eq!(scanner.next().await.line, "POST /v1/scan?keep=false");
    operator.stop().await;
    assert!(scanner.is_silent());
}
