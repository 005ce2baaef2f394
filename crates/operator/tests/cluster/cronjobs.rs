//! Recurring scans as CronJobs.

use serde_json::{Value, json};

use crate::common::{Operator, StandIn, golden, until};
use crate::world::World;

async fn operator(world: &World) -> Operator {
    let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
    Operator::start(world.config(&scanner)).await
}

/// The names that a set command made.
fn made(message: &str) -> Vec<String> {
    let names = message.strip_prefix("made ").expect(message);
    names.split(", ").map(str::to_owned).collect()
}

/// Without what differs from run to run.
fn plain(mut object: Value, name: &str) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    for key in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
    ] {
        metadata.remove(key);
    }
    let text = object.to_string().replace(name, "NAME");
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn lived(world: &World) {
    world.runtime.block_on(async {
        let operator = operator(world).await;
        let set = json!({"commandName": "setKubescapeCronJob", "args": {
            "jobParams": {"cronTabSchedule": "0 3 * * *"},
            "scanV1": {"targetType": "Framework", "targetNames": ["NSA", "mitre"]}}});
        let (status, message) = operator.command(set).await;
        assert_eq!(status, "done", "{message}");
        let names = made(&message);
        assert_eq!(names.len(), 2);
        let name = &names[0];
        let job = world.get(&["cronjob", name, "-n", "kubescape"]);
        golden("cronjob.json", &plain(job.clone(), name));
        let config_map = world.get(&["configmap", name, "-n", "kubescape"]);
        assert_eq!(config_map["metadata"]["ownerReferences"][0]["uid"], job["metadata"]["uid"]);
        golden("configmap.json", &plain(config_map, name));
        // Its pods are valid: a Job of it makes one.
        let from = format!("--from=cronjob/{name}");
        world.kubectl(&["create", "job", "now", &from, "-n", "kubescape"]);
        until(|| !world.names(&["pods", "-n", "kubescape", "-l", "job-name=now"]).is_empty()).await;
        // When it is changed, its schedule is another, and its pods tell of it.
        let update = json!({"commandName": "updateKubescapeCronJob",
            "args": {"jobParams": {"cronTabSchedule": "0 4 * * *", "name": name}}});
        let (status, message) = operator.command(update).await;
        assert_eq!(status, "done", "{message}");
        let job = world.get(&["cronjob", name, "-n", "kubescape"]);
        assert_eq!(job["spec"]["schedule"], "0 4 * * *");
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["metadata"];
        assert!(pod["annotations"]["armo.updatejobid"].is_string());
        // When it is removed, nothing is left, and removing it again is fine.
        for name in &names {
            let delete = json!({"commandName": "deleteKubescapeCronJob", "args": {"jobParams": {"name": name}}});
            assert_eq!(operator.command(delete.clone()).await.0, "done");
            assert_eq!(operator.command(delete).await.1, format!("{name} was not there"));
        }
        until(|| world.names(&["cronjobs", "-n", "kubescape"]).is_empty()).await;
        let left = world.names(&["configmaps", "-n", "kubescape"]);
        assert!(!left.contains(name), "{left:?}");
        operator.stop().await;
    });
}

pub(crate) fn others(world: &World) {
    world.runtime.block_on(async {
        let operator = operator(world).await;
        let args = [
            "create",
            "cronjob",
            "upgrader",
            "--image=x",
            "--schedule=0 1 * * *",
            "-n",
            "kubescape",
        ];
        world.kubectl(&args);
        for command in ["deleteKubescapeCronJob", "updateVulnScanCronJob"] {
            let command = json!({"commandName": command,
                "args": {"jobParams": {"name": "upgrader", "cronTabSchedule": "0 2 * * *"}}});
            let (status, message) = operator.command(command).await;
            assert_eq!(status, "failure");
            assert!(
                message.contains("is no recurring scan of this kind"),
                "{message}"
            );
        }
        let job = world.get(&["cronjob", "upgrader", "-n", "kubescape"]);
        assert_eq!(job["spec"]["schedule"], "0 1 * * *");
        world.kubectl(&["delete", "cronjob", "upgrader", "-n", "kubescape"]);
        operator.stop().await;
    });
}

pub(crate) fn halves(world: &World) {
    world.runtime.block_on(async {
        let operator = operator(world).await;
        let set = |schedule: &str| {
            json!({"commandName": "setVulnScanCronJob", "wildWlid": "wlid://cluster-prod/namespace-shop",
                "args": {"jobParams": {"cronTabSchedule": schedule}}})
        };
        let before = world.names(&["configmaps", "-n", "kubescape"]);
        // A schedule that is none.
        for schedule in ["", "0 0 * * 7"] {
            assert_eq!(operator.command(set(schedule)).await.0, "failure");
        }
        // A namespace that takes no more ConfigMaps: the CronJob is taken back.
        world.apply(&json!({"apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"name": "full", "namespace": "kubescape"},
            "spec": {"hard": {"count/configmaps": "1"}}}));
        until(|| {
            let quota = world.get(&["resourcequota", "full", "-n", "kubescape"]);
            quota["status"]["hard"]["count/configmaps"].is_string()
        })
        .await;
        let (status, message) = operator.command(set("0 3 * * *")).await;
        assert_eq!(status, "failure");
        assert!(message.starts_with("ConfigMap cannot be made"), "{message}");
        until(|| world.names(&["cronjobs", "-n", "kubescape"]).is_empty()).await;
        world.kubectl(&["delete", "resourcequota", "full", "-n", "kubescape"]);
        // A namespace that takes one CronJob more: of two, the second is refused, and the
        // first goes with its ConfigMap.
        world.apply(&json!({"apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"name": "full", "namespace": "kubescape"},
            "spec": {"hard": {"count/cronjobs.batch": "1"}}}));
        until(|| {
            let quota = world.get(&["resourcequota", "full", "-n", "kubescape"]);
            quota["status"]["used"]["count/cronjobs.batch"] == "0"
        })
        .await;
        let two = json!({"commandName": "setKubescapeCronJob", "args": {
            "jobParams": {"cronTabSchedule": "0 3 * * *"},
            "scanV1": {"targetType": "Framework", "targetNames": ["nsa", "mitre"]}}});
        let (status, message) = operator.command(two).await;
        assert_eq!(status, "failure");
        assert!(message.starts_with("CronJob cannot be made"), "{message}");
        until(|| world.names(&["cronjobs", "-n", "kubescape"]).is_empty()).await;
        until(|| world.names(&["configmaps", "-n", "kubescape"]) == before).await;
        world.kubectl(&["delete", "resourcequota", "full", "-n", "kubescape"]);
        // A template that is missing, and one that makes no CronJob.
        let template = world.get(&["configmap", "kubevuln-cronjob-template", "-n", "kubescape"]);
        world.kubectl(&["delete", "configmap", "kubevuln-cronjob-template", "-n", "kubescape"]);
        let (_, message) = operator.command(set("0 3 * * *")).await;
        assert!(message.contains("kubescape/kubevuln-cronjob-template is missing"), "{message}");
        let text = template["data"]["cronjobTemplate"].as_str().unwrap();
        let data = json!({"cronjobTemplate": text.replace("restartPolicy: Never", "restartPolicy: 5")});
        let meta = json!({"name": "kubevuln-cronjob-template", "namespace": "kubescape"});
        world.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}));
        let (_, message) = operator.command(set("0 3 * * *")).await;
        assert!(message.starts_with("the template makes no CronJob"), "{message}");
        let data = json!({ "cronjobTemplate": text });
        world.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}));
        assert_eq!(world.names(&["configmaps", "-n", "kubescape"]), before);
        operator.stop().await;
    });
}

pub(crate) fn registries(world: &World) {
    world.runtime.block_on(async {
        let operator = operator(world).await;
        let registry = |password: &str| {
            json!({"registryName": "quay.io/acme",
                "authMethod": {"type": "accesstoken", "username": "u", "password": password}})
        };
        let set = json!({"commandName": "setRegistryScanCronJob", "args": {
            "jobParams": {"cronTabSchedule": "0 3 * * *"}, "registryInfo-v1": registry("hunter2")}});
        let (status, message) = operator.command(set).await;
        assert_eq!(status, "done", "{message}");
        let name = made(&message).remove(0);
        let config_map = world.get(&["configmap", &name, "-n", "kubescape"]);
        assert!(!config_map.to_string().contains("hunter2"));
        let secret = || world.get(&["secret", &name, "-n", "kubescape"])["data"]["registriesAuth"].clone();
        let old = secret();
        assert!(old.is_string());
        let update = json!({"commandName": "updateRegistryScanCronJob", "args": {
            "jobParams": {"name": name}, "registryInfo-v1": registry("hunter3")}});
        assert_eq!(operator.command(update).await.0, "done");
        assert_ne!(secret(), old);
        let delete = json!({"commandName": "deleteRegistryScanCronJob", "args": {"jobParams": {"name": name}}});
        assert_eq!(operator.command(delete).await.0, "done");
        until(|| !world.names(&["secrets", "-n", "kubescape"]).contains(&name)).await;
        operator.stop().await;
    });
}
