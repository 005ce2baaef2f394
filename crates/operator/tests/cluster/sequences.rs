//! The sequences that are documented, from end to end, with the controllers of Kubernetes
//! between: a schedule is created for the dashboard; its CronJob makes Jobs, whose pods
//! send the operator what to do.

use kubescape_trigger::{Flags, Pace};
use serde_json::{Value, json};

use crate::common::{Heard, until};
use crate::platform::Platform;
use crate::world::World;

/// A scan is under way until somebody asks.
fn scanner(heard: &Heard) -> (u16, Value) {
    let kind = if heard.line.starts_with("POST") {
        "busy"
    } else {
        "notBusy"
    };
    (
        200,
        json!({"id": "11111111-2222", "type": kind, "response": ""}),
    )
}

fn set(name: &str, schedule: &str, mut args: Value) -> Value {
    args["jobParams"] = json!({ "cronTabSchedule": schedule });
    json!({"commandName": name, "args": args})
}

fn registry(auth: &Value) -> Value {
    json!({"registryInfo-v1": {"registryName": "quay.io/acme", "authMethod": auth}})
}

/// Names of the objects of recurring scans: CronJobs, ConfigMaps, Secrets.
fn objects(world: &World) -> [Vec<String>; 3] {
    ["cronjobs", "configmaps", "secrets"].map(|kind| {
        let ours = |name: &String| {
            name.starts_with("ks-scheduled-scan-")
                || name.starts_with("kubevuln-schedule-")
                || name.starts_with("kubescape-registry-scan-")
        };
        let names = world.names(&[kind, "-n", "kubescape"]);
        names.into_iter().filter(ours).collect()
    })
}

/// Dashboard, gateway, operator, template, ConfigMap (and Secret), CronJob, report.
pub(crate) fn created(world: &World) {
    world.kubectl(&[
        "delete",
        "secret",
        "-n",
        "kubescape",
        "--ignore-not-found",
        "kubescape-registry-scan-1",
    ]);
    world.runtime.block_on(async {
        let mut platform = Platform::start(world, scanner).await;
        let password = json!({"type": "accesstoken", "username": "u", "password": "hunter2"});
        let frameworks = json!({"scanV1": {"targetType": "Framework", "targetNames": ["nsa"]}});
        let stories = [
            (
                "j1",
                set("setKubescapeCronJob", "0 3 * * *", frameworks.clone()),
                [1, 1, 0],
            ),
            (
                "j2",
                set("setVulnScanCronJob", "0 3 * * *", json!({})),
                [1, 1, 0],
            ),
            (
                "j3",
                set("setRegistryScanCronJob", "0 3 * * *", registry(&password)),
                [1, 1, 1],
            ),
            (
                "j4",
                set(
                    "setRegistryScanCronJob",
                    "0 3 * * *",
                    registry(&json!({"type": "public"})),
                ),
                [1, 1, 0],
            ),
        ];
        for (job, command, made) in stories {
            let before = objects(world).map(|names| names.len());
            let report = platform.tell(job, command).await;
            assert_eq!(report["status"], "done", "{report}");
            let after = objects(world).map(|names| names.len());
            assert_eq!([0, 1, 2].map(|at| after[at] - before[at]), made, "{job}");
            assert!(!report.to_string().contains("hunter2"));
        }
        // The CronJob tells the dashboard which job made it.
        let name = objects(world)[0]
            .iter()
            .find(|name| name.starts_with("ks-"))
            .unwrap()
            .clone();
        let cron = world.get(&["cronjob", &name, "-n", "kubescape"]);
        let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"];
        assert_eq!(
            (&pod["armo.jobid"], &pod["armo.framework"]),
            (&json!("j1"), &json!("nsa"))
        );
        // They are listed, and their schedules known.
        let (code, list) = platform.operator.call("GET", "/v1/schedules", "").await;
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(
            (code, list["schedules"].as_array().unwrap().len()),
            (200, 4),
            "{list}"
        );
        assert!(
            list["schedules"][0]["nextRun"]
                .as_str()
                .unwrap()
                .ends_with("T03:00:00Z")
        );
        // An update and a deletion are reported as well.
        let mut update = set("updateKubescapeCronJob", "0 4 * * *", json!({}));
        update["args"]["jobParams"]["name"] = json!(name);
        assert_eq!(platform.tell("j6", update.clone()).await["status"], "done");
        update["commandName"] = json!("deleteKubescapeCronJob");
        assert_eq!(platform.tell("j7", update).await["status"], "done");
        platform.stop().await;
    });
    world.kubectl(&["delete", "cronjobs", "--all", "-n", "kubescape"]);
    world
        .runtime
        .block_on(until(|| objects(world).iter().all(Vec::is_empty)));
}

/// Where there is no template, the job fails, and nothing is left.
pub(crate) fn without_template(world: &World) {
    world.runtime.block_on(async {
        let mut platform = Platform::start(world, scanner).await;
        let frameworks = json!({"scanV1": {"targetType": "Framework", "targetNames": ["nsa"]}});
        let before = objects(world);
        let template = world.get(&["configmap", "kubescape-cronjob-template", "-n", "kubescape"]);
        world.kubectl(&[
            "delete",
            "configmap",
            "kubescape-cronjob-template",
            "-n",
            "kubescape",
        ]);
        let report = platform
            .tell("j5", set("setKubescapeCronJob", "0 3 * * *", frameworks))
            .await;
        assert_eq!(report["status"], "failure", "{report}");
        assert!(
            report["errors"][0]
                .as_str()
                .unwrap()
                .contains("is missing: install"),
            "{report}"
        );
        assert_eq!(objects(world), before);
        let data = &template["data"];
        world.apply(
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": "kubescape-cronjob-template", "namespace": "kubescape"}}),
        );
        platform.stop().await;
    });
}

/// What the kubelet would do with the pod of a Job: run its container's arguments, with
/// its ConfigMap mounted. The operator's address is the test's.
async fn run_pod(world: &World, cron: &str, operator: &str) {
    let folder = tempfile::tempdir().unwrap();
    let job = || {
        let jobs = world.get(&["jobs", "-n", "kubescape"]);
        let jobs = jobs["items"].as_array().unwrap().clone();
        let ours = |job: &&Value| job["metadata"]["ownerReferences"][0]["name"] == cron;
        jobs.iter().find(ours).cloned()
    };
    let mut found = None;
    // Until the full minute.
    until(|| {
        found = found.take().or_else(job);
        let Some(job) = &found else { return false };
        let label = format!("job-name={}", job["metadata"]["name"].as_str().unwrap());
        !world
            .names(&["pods", "-n", "kubescape", "-l", &label])
            .is_empty()
    })
    .await;
    let job = found.unwrap();
    let label = format!("job-name={}", job["metadata"]["name"].as_str().unwrap());
    let pods = world.get(&["pods", "-n", "kubescape", "-l", &label]);
    let spec = &pods["items"][0]["spec"];
    assert_eq!(spec["volumes"][0]["configMap"]["name"], cron);
    let map = world.get(&["configmap", cron, "-n", "kubescape"]);
    let body = folder.path().join("request-body.json");
    std::fs::write(&body, map["data"]["request-body.json"].as_str().unwrap()).unwrap();
    let arguments = spec["containers"][0]["args"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1);
    let arguments: Vec<String> = arguments
        .map(|one| match one.as_str().unwrap() {
            "-host=operator:4002" => format!("-host={operator}"),
            "-path-body=/home/ks/request-body.json" => format!("-path-body={}", body.display()),
            other => other.to_owned(),
        })
        .collect();
    let flags = Flags::parse(&arguments).unwrap();
    let code = kubescape_trigger::send(&flags, Pace::default())
        .await
        .unwrap();
    assert_eq!(code, 200);
}

/// CronJob, Job, pod, request, operator, scanner: for each kind of recurring scan.
pub(crate) fn recurring(world: &World) {
    world.kubectl(&["create", "namespace", "mart"]);
    world.deploy("mart", "till", 2, &json!({}));
    world.runtime.block_on(async {
        let platform = Platform::start(world, scanner).await;
        let mut names = Vec::new();
        let frameworks = json!({"scanV1": {"targetType": "Framework", "targetNames": ["nsa"]}});
        let mut images = set("setVulnScanCronJob", "* * * * *", json!({}));
        images["wildWlid"] = json!("wlid://cluster-prod/namespace-mart");
        for command in [
            set("setKubescapeCronJob", "* * * * *", frameworks),
            images,
            set(
                "setRegistryScanCronJob",
                "* * * * *",
                registry(&json!({"type": "public"})),
            ),
        ] {
            let (status, message) = platform.operator.command(command).await;
            assert_eq!(status, "done", "{message}");
            names.push(message.strip_prefix("made ").unwrap().to_owned());
        }
        let host = platform
            .operator
            .role
            .started
            .url
            .strip_prefix("http://")
            .unwrap()
            .to_owned();
        let newest = || platform.operator.role.jobs.newest(1).remove(0);
        // Configurations: handed over, followed to the end, reported; with a backend
        // nothing is kept from it.
        run_pod(world, &names[0], &host).await;
        let job = newest();
        let heard = platform.scanner.next().await;
        assert_eq!(heard.line, "POST /v1/scan?keep=false");
        assert_eq!(
            heard.body,
            json!({"targetNames": ["nsa"], "targetType": "Framework"})
        );
        assert!(
            platform
                .scanner
                .next()
                .await
                .line
                .starts_with("GET /v1/status")
        );
        assert!(
            platform
                .scanner
                .next()
                .await
                .line
                .starts_with("HEAD /v1/results")
        );
        assert_eq!(platform.reported(&job.id).await["status"], "done");
        // Images: each workload once.
        run_pod(world, &names[1], &host).await;
        let heard = platform.scanner.next().await;
        assert_eq!(heard.line, "POST /v1/scanImage");
        assert_eq!(
            heard.body["wlid"],
            "wlid://cluster-prod/namespace-mart/deployment-till"
        );
        // Registries: taken, and the job says what is missing.
        run_pod(world, &names[2], &host).await;
        let jobs = platform.operator.role.jobs.clone();
        until(|| jobs.newest(1)[0].name == "scanRegistry" && jobs.newest(1)[0].state.is_over())
            .await;
        let message = jobs.newest(1).remove(0).message;
        assert!(message.contains("not part of this build"), "{message}");
        assert!(platform.scanner.is_silent());
        platform.stop().await;
    });
    world.kubectl(&["delete", "cronjobs", "--all", "-n", "kubescape"]);
    world.kubectl(&["delete", "namespace", "mart", "--wait=false"]);
    world
        .runtime
        .block_on(until(|| objects(world).iter().all(Vec::is_empty)));
}

/// A scan that the scanner fails, or does not take, is a failure for the backend, too.
pub(crate) fn failing(world: &World) {
    world.runtime.block_on(async {
        let mut platform = Platform::start(world, |heard: &Heard| {
            let object = &heard.body["scanObject"];
            if object.is_object() {
                return (400, json!({"id": "", "type": "error", "response": "scanObject: there is no Deployment shop/none"}));
            }
            let kind = if heard.line.starts_with("POST") { "busy" } else { "error" };
            (200, json!({"id": "11111111-2222", "type": kind, "response": "out of memory"}))
        })
        .await;
        let scan = |scan: Value| json!({"commandName": "kubescapeScan", "args": {"scanV1": scan}});
        let failed = platform.tell("f1", scan(json!({}))).await;
        assert_eq!(failed["status"], "failure");
        assert!(failed["errors"][0].as_str().unwrap().contains("out of memory"), "{failed}");
        let object = json!({"scanObject": {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "none", "namespace": "shop"}}});
        let refused = platform.tell("f2", scan(object)).await;
        assert_eq!(refused["status"], "failure");
        assert!(refused["errors"][0].as_str().unwrap().contains("there is no Deployment"), "{refused}");
        platform.stop().await;
    });
}
