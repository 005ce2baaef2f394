//! Recurring scans without a cluster.

use jiff::Timestamp;
use kubescape_operator::{Config, Definition};
use serde_json::json;

use crate::common::{Operator, StandIn, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_scan_is_set_changed_and_removed() {
    let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(config(
        folder.path(),
        &json!({ "kubescapeURL": scanner.address }),
    ))
    .await;
    let params = |schedule: &str, name: &str| json!({"cronTabSchedule": schedule, "name": name});
    let wrong = json!({"commandName": "setKubescapeCronJob",
        "args": {"jobParams": params("0 0 * * 7", ""), "scanV1": {}}});
    let (status, message) = operator.command(wrong).await;
    assert_eq!(status, "failure");
    assert!(message.contains("the weekday"), "{message}");
    let set = json!({"commandName": "setKubescapeCronJob",
        "args": {"jobParams": params("0 3 * * *", ""), "scanV1": {"targetNames": ["nsa", "mitre"]}}});
    assert_eq!(operator.command(set).await.0, "done");
    let schedules = operator.role.schedules.clone().unwrap();
    let all = schedules.all();
    assert_eq!(all.len(), 2);
    let name = all[0].name.clone();
    let update = json!({"commandName": "updateKubescapeCronJob", "args": {"jobParams": params("0 4 * * *", &name)}});
    assert_eq!(operator.command(update).await.0, "done");
    assert_eq!(schedules.all()[0].schedule, "0 4 * * *");
    let delete =
        json!({"commandName": "deleteKubescapeCronJob", "args": {"jobParams": {"name": name}}});
    assert_eq!(operator.command(delete.clone()).await.0, "done");
    assert_eq!(operator.command(delete).await.0, "done");
    assert_eq!(schedules.all().len(), 1);
    assert!(scanner.is_silent());
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_nothing_ran_runs_once() {
    let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
    let folder = tempfile::tempdir().unwrap();
    let config: Config = config(folder.path(), &json!({ "kubescapeURL": scanner.address }));
    let operator = Operator::start(config).await;
    let schedules = operator.role.schedules.clone().unwrap();
    let body = json!({"commands": [{"commandName": "kubescapeScan", "args": {"scanV1": {"targetNames": ["nsa"]}}}]});
    let definition = Definition {
        since: Timestamp::UNIX_EPOCH,
        ..Definition::new("old".to_owned(), &"0 0 1 1 *".parse().unwrap(), body)
    };
    schedules.add(definition).unwrap();
    let heard = scanner.next().await;
    assert_eq!(heard.body["targetNames"], json!(["nsa"]));
    crate::common::until(|| schedules.all()[0].since > Timestamp::UNIX_EPOCH).await;
    operator.stop().await;
    assert!(scanner.is_silent());
}
