//! A control plane with what the chart installs, and workloads with pods that run, as
//! far as anybody can see.

use std::path::{Path, PathBuf};

use kubescape_operator::Config;
use kubescape_testcluster::Cluster;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::{StandIn, config, until};

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) runtime: Runtime,
    folder: TempDir,
}

const TEMPLATE: &str = r#"
apiVersion: batch/v1
kind: CronJob
metadata:
  name: scheduler
  labels: {tier: ks-control-plane}
spec:
  schedule: "0 8 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {armo.tier: TIER}
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          containers:
          - name: http-request
            image: kubescape
            args: [http-request, -method=post, -host=operator:4002, -path=v1/triggerAction, -path-body=/home/ks/request-body.json]
            volumeMounts:
            - {name: request-body-volume, mountPath: /home/ks/request-body.json, subPath: request-body.json, readOnly: true}
          nodeSelector:
          affinity:
          tolerations:
          volumes:
          - name: request-body-volume
            configMap: {name: scheduler}
"#;

impl World {
    pub(crate) fn start() -> Self {
        let world = Self {
            cluster: Cluster::start().unwrap(),
            runtime: Runtime::new().unwrap(),
            folder: TempDir::new().unwrap(),
        };
        world.apply(
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kubescape"}}),
        );
        // The operator may do what is documented, and no more.
        let rbac = Path::new(env!("CARGO_MANIFEST_DIR")).join("rbac.yaml");
        world.kubectl(&["apply", "-f", rbac.to_str().unwrap()]);
        for (name, tier) in [
            ("kubescape-cronjob-template", "kubescape-scan"),
            ("kubevuln-cronjob-template", "vuln-scan"),
            ("registry-scan-cronjob-template", "registry-scan"),
        ] {
            world.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": "kubescape"},
                "data": {"cronjobTemplate": TEMPLATE.replace("TIER", tier)}}));
        }
        world
    }

    pub(crate) fn apply(&self, object: &Value) {
        let path = self.file(object);
        self.kubectl(&["apply", "-f", path.to_str().unwrap()]);
    }

    pub(crate) fn file(&self, object: &Value) -> PathBuf {
        let path = self.folder.path().join("object.json");
        std::fs::write(&path, object.to_string()).unwrap();
        path
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.cluster.kubectl(arguments).unwrap()
    }

    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "-o", "json"], arguments].concat());
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn names(&self, arguments: &[&str]) -> Vec<String> {
        let list = self.get(arguments);
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The configuration of an operator of this cluster.
    pub(crate) fn config(&self, scanner: &StandIn) -> Config {
        let cluster = json!({"clusterName": "prod", "kubescapeURL": scanner.address,
            "kubevulnURL": scanner.address});
        Config {
            standalone: false,
            alone: false,
            scheduler: kubescape_operator::Scheduler::CronJobs,
            kubeconfig: Some(
                self.cluster
                    .account_kubeconfig("kubescape", "operator")
                    .unwrap(),
            ),
            new_image_scan: false,
            ..config(self.folder.path(), &cluster)
        }
    }

    /// Runs what blocks beside an operator that the same runtime drives.
    pub(crate) fn aside<T: Send>(&self, act: impl FnOnce(&Self) -> T + Send) -> T {
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| scope.spawn(|| act(self)).join().unwrap())
        })
    }

    /// A Deployment with pods that run: `web` of an image, and what its pods' names are.
    pub(crate) fn deploy(
        &self,
        namespace: &str,
        name: &str,
        replicas: usize,
        extra: &Value,
    ) -> Vec<String> {
        let mut spec =
            json!({"containers": [{"name": "web", "image": format!("reg.example/{name}:1")}]});
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        self.apply(&json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}}));
        let selector = format!("app={name}");
        let mut pods = Vec::new();
        self.runtime.block_on(until(|| {
            pods = self.names(&["pods", "-n", namespace, "-l", &selector]);
            pods.len() == replicas
        }));
        for pod in &pods {
            self.run(namespace, pod, &format!("reg.example/{name}@sha256:{name}"));
        }
        pods
    }

    /// What a kubelet would say.
    pub(crate) fn run(&self, namespace: &str, pod: &str, image: &str) {
        let status = json!({"status": {"phase": "Running", "containerStatuses": [{
            "name": "web", "image": "x", "imageID": format!("docker-pullable://{image}"), "ready": true,
            "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}});
        self.kubectl(&[
            "patch",
            "pod",
            pod,
            "-n",
            namespace,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status.to_string(),
        ]);
    }
}
