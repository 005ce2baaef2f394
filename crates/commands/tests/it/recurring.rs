//! What recurring scans are made of.

use kubescape_commands::{
    Command, RegistryInfo, Schedule, Template, UpdateMarks, bodies, job_name, make, random_part,
    registry_objects,
};
use proptest::prelude::*;
use serde_json::json;

const TEMPLATE: &str = r#"
apiVersion: batch/v1
kind: CronJob
metadata:
  name: kubescape-scheduler
  labels: {tier: ks-control-plane}
spec:
  schedule: "0 8 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {armo.tier: kubescape-scan}
        spec:
          containers:
          - name: kubescape-scheduler
            image: kubescape
            volumeMounts:
            - {name: request-body-volume, mountPath: /home/ks/request-body.json, subPath: request-body.json}
          nodeSelector:
          tolerations:
          volumes:
          - name: request-body-volume
            configMap: {name: kubescape-scheduler}
"#;

fn command(value: &serde_json::Value) -> Command {
    Command::from_value(value).unwrap()
}

#[test]
fn each_framework_has_its_own_job_and_body() {
    let set = command(&json!({"commandName": "setKubescapeCronJob",
        "args": {"scanV1": {"targetType": "Framework", "TargetNames": ["NSA", "mitre", "NSA"], "hostScanner": true}}}));
    let made = bodies(Schedule::Kubescape, &set, "job").unwrap();
    assert_eq!(made.len(), 2);
    assert_eq!(
        made[0].body,
        json!({"commands": [{"commandName": "kubescapeScan", "args": {"scanV1":
            {"targetType": "Framework", "targetNames": ["NSA"], "hostScanner": true}}}]})
    );
    let template = Template::parse(TEMPLATE).unwrap();
    let name = job_name(Schedule::Kubescape, &made[0].target, "0123456789");
    assert_eq!(name, "ks-scheduled-scan-nsa-0123456789");
    let (config_map, job) = make(
        &template,
        Schedule::Kubescape,
        &name,
        "kubescape",
        "1 2 * * *",
        &made[0],
    )
    .unwrap();
    assert_eq!(config_map["metadata"]["labels"], json!({"app": name}));
    assert_eq!(
        job["metadata"]["labels"],
        json!({"app": name, "tier": "ks-control-plane"})
    );
    assert_eq!(job["spec"]["schedule"], "1 2 * * *");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"];
    assert_eq!(
        pod["metadata"],
        json!({"labels": {"armo.tier": "kubescape-scan"}, "annotations":
            {"armo.jobid": "job", "armo.framework": "NSA", "armo.host-scanner": "true"}})
    );
    assert_eq!(
        pod["spec"]["volumes"],
        json!([{"name": "request-body-volume", "configMap": {"name": name}}])
    );
    assert!(pod["spec"].get("tolerations").is_none());
}

#[test]
fn images_are_scanned_by_the_same_scope_without_the_old_job() {
    let set = command(
        &json!({"commandName": "setVulnScanCronJob", "wildWlid": "wlid://cluster-a/namespace-shop",
        "jobTracking": {"jobID": "old"}, "args": {"jobParams": {"cronTabSchedule": "1 2 * * *"}}}),
    );
    let made = bodies(Schedule::Vulnerability, &set, "job").unwrap();
    assert_eq!(
        made[0].body,
        json!({"commands": [{"commandName": "scan", "wildWlid": "wlid://cluster-a/namespace-shop",
            "jobTracking": {"timestamp": "0001-01-01T00:00:00Z"}}]})
    );
    assert!(
        made[0]
            .annotations
            .contains(&("armo.namespace".to_owned(), "shop".to_owned()))
    );
    let whole = bodies(Schedule::Vulnerability, &Command::default(), "job").unwrap();
    assert_eq!(
        whole[0].body["commands"][0]["designators"][0]["attributes"],
        json!({})
    );
}

#[test]
fn a_registrys_password_is_in_its_secret_alone() {
    let set = command(
        &json!({"args": {"registryInfo-v1": {"registryName": "quay.io/acme", "depth": 3,
        "authMethod": {"type": "accesstoken", "username": "user1", "password": "hunter2"}}}}),
    );
    let info = RegistryInfo::of(&set).unwrap();
    let (secret, made) = registry_objects(&info, "kubescape-registry-scan-x", "kubescape");
    let entry = secret.unwrap()["stringData"]["registriesAuth"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(entry.contains("hunter2") && entry.contains("\"http\":false"));
    let body = made.body.to_string();
    assert!(!body.contains("hunter2") && !body.contains("user1"));
    assert!(body.contains("\"secretName\":\"kubescape-registry-scan-x\""));
    let both = command(
        &json!({"args": {"registryInfo-v1": {"registryName": "a", "include": ["b"], "exclude": ["c"]}}}),
    );
    assert!(RegistryInfo::of(&both).is_err());
    assert!(RegistryInfo::of(&Command::default()).is_err());
}

#[test]
fn an_update_marks_the_pods() {
    let marks = UpdateMarks { job: "j", cron: "" };
    let annotations = json!({"armo.updatejobid": "j", "app.kubescape/update-job-id": "j"});
    let spec =
        json!({"jobTemplate": {"spec": {"template": {"metadata": {"annotations": annotations}}}}});
    assert_eq!(marks.patch(), json!({ "spec": spec }));
    let timed = UpdateMarks {
        job: "j",
        cron: "1 2 * * *",
    };
    assert_eq!(timed.patch()["spec"]["schedule"], "1 2 * * *");
}

#[test]
fn a_broken_template_says_what_it_lacks() {
    for (text, wanted) in [
        ("{", "not YAML"),
        ("kind: Job", "no CronJob"),
        ("kind: CronJob", "no volume request-body-volume"),
    ] {
        let error = Template::parse(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

proptest! {
    #[test]
    fn names_are_valid_and_keep_the_random_part(target in ".{0,80}", random in any::<u128>()) {
        let random = random_part(random);
        prop_assert_eq!(random.len(), 10);
        for schedule in [Schedule::Kubescape, Schedule::Vulnerability, Schedule::Registry] {
            let name = job_name(schedule, &target, &random);
            prop_assert!(name.len() <= 52);
            prop_assert!(name.ends_with(&random));
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            prop_assert!(name.chars().all(valid) && !name.contains("--"));
        }
    }
}
