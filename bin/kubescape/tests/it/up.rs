//! Continuous scanning as processes: `kubescape up` on a folder and on a real
//! cluster, and the scanner and the storage behind a real API server.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kubescape_testcluster::Cluster;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A process that is killed when dropped; its log lines.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kubescape"))
            .args(arguments)
            .current_dir(folder)
            .env("CONFIG_DIR", folder.join("config"))
            .env("CONFIG", folder.join("config/clusterData.json"))
            .env("KS_LOGGER_NAME", "zap")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, lines) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                // The test may have what it wants.
                let _ = told.send(line);
            }
        });
        Self { child, lines }
    }

    /// Reads its log up to a line with this text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut seen = String::new();
        while let Ok(line) = self.lines.recv() {
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        panic!("it ended without {text:?}:\n{seen}");
    }

    /// Asks it to end as Ctrl-C does, which it has to do well.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-INT", &id]).status();
        assert!(kill.unwrap().success());
        let status = self.child.wait().unwrap();
        let log: Vec<String> = self.lines.iter().collect();
        assert!(status.success(), "{status}\n{}", log.join("\n"));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads summaries of results, through whatever server a kubeconfig leads to.
struct Reader {
    runtime: Runtime,
    client: kube::Client,
}

impl Reader {
    fn new(kubeconfig: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(async {
            let file = Kubeconfig::read_from(kubeconfig).unwrap();
            let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                .await
                .unwrap();
            kube::Client::try_from(config).unwrap()
        });
        Self { runtime, client }
    }

    fn summaries(&self, namespace: &str) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: "spdx.softwarecomposition.kubescape.io".to_owned(),
            version: "v1beta1".to_owned(),
            api_version: "spdx.softwarecomposition.kubescape.io/v1beta1".to_owned(),
            kind: "WorkloadConfigurationScanSummary".to_owned(),
            plural: "workloadconfigurationscansummaries".to_owned(),
        };
        Api::namespaced_with(self.client.clone(), namespace, &resource)
    }

    /// Waits until a control says so of an object, and gives the result's version.
    fn wait(&self, name: &str, control: &str, status: &str) -> String {
        let says = |object: Option<&DynamicObject>| {
            let status_of = |object: &DynamicObject| {
                object.data["spec"]["controls"][control]["status"]["status"].as_str()
                    == Some(status)
            };
            object.is_some_and(status_of)
        };
        let found = self
            .runtime
            .block_on(await_condition(self.summaries("shop"), name, says))
            .unwrap();
        found.unwrap().metadata.resource_version.unwrap()
    }

    fn wait_gone(&self, name: &str) {
        self.runtime.block_on(async {
            let summaries = self.summaries("shop");
            if let Some(object) = summaries.get_opt(name).await.unwrap() {
                let gone = conditions::is_deleted(object.metadata.uid.as_deref().unwrap());
                await_condition(summaries, name, gone).await.unwrap();
            }
        });
    }

    fn version(&self, name: &str) -> String {
        let object = self
            .runtime
            .block_on(self.summaries("shop").get(name))
            .unwrap();
        object.metadata.resource_version.unwrap()
    }
}

const PRIVILEGED: &str = "C-0057";
const EXPOSED: &str = "C-0256";

fn deployment(privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, namespace: shop, labels: {{app: cart}}}}
spec:
  selector: {{matchLabels: {{app: cart}}}}
  template:
    metadata: {{labels: {{app: cart}}}}
    spec:
      containers:
        - {{name: main, image: registry.example.com/cart:1, securityContext: {{privileged: {privileged}}}}}
"
    )
}

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}
";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path("manifests")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn up(&self) -> (Process, Reader) {
        let arguments = [
            "up",
            "--manifests",
            "manifests",
            "--data-dir",
            "data",
            "--listen",
            "127.0.0.1:0",
        ];
        let process = Process::start(&arguments, self.0.path());
        process.wait_for("\"msg\":\"up\"");
        let reader = Reader::new(&self.path("data/kubeconfig"));
        (process, reader)
    }
}

#[test]
fn a_folder_is_scanned_as_its_files_change() {
    let folder = Folder::new();
    folder.write("manifests/cart.yaml", &deployment(true));
    let (process, reader) = folder.up();
    reader.wait("deployment-cart", PRIVILEGED, "failed");
    reader.wait("deployment-cart", EXPOSED, "passed");

    folder.write("manifests/cart.yaml", &deployment(false));
    reader.wait("deployment-cart", PRIVILEGED, "passed");

    folder.write("manifests/service.yaml", SERVICE);
    reader.wait("deployment-cart", EXPOSED, "failed");

    folder.write("manifests/cart.yaml", "spec: [");
    process.wait_for("manifests/cart.yaml");
    std::fs::remove_file(folder.path("manifests/cart.yaml")).unwrap();
    reader.wait_gone("deployment-cart");
    process.stop();
}

#[test]
fn a_second_start_writes_nothing_that_has_not_changed() {
    let folder = Folder::new();
    folder.write("manifests/cart.yaml", &deployment(true));
    folder.write(
        "manifests/gone.yaml",
        &deployment(true).replace("cart", "gone"),
    );
    let (process, reader) = folder.up();
    let before = reader.wait("deployment-cart", PRIVILEGED, "failed");
    reader.wait("deployment-gone", PRIVILEGED, "failed");
    process.stop();

    std::fs::remove_file(folder.path("manifests/gone.yaml")).unwrap();
    let (process, reader) = folder.up();
    reader.wait_gone("deployment-gone");
    process.wait_for("all results are stored");
    assert_eq!(reader.version("deployment-cart"), before);
}

#[test]
fn what_there_is_to_look_at_has_to_be_there() {
    let folder = Folder::new();
    let output = Command::new(env!("CARGO_BIN_EXE_kubescape"))
        .args(["up", "--manifests", "missing", "--listen", "127.0.0.1:0"])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot read missing"), "{said}");
}

/// A real control plane, where there is one.
pub(crate) fn control_plane() -> Option<Cluster> {
    let wanted = ["KUBESCAPE_TEST_CLUSTER", "KUBESCAPE_TEST_BINARIES"];
    if wanted.iter().all(|name| std::env::var_os(name).is_none()) {
        return None;
    }
    Some(Cluster::start().unwrap())
}

fn apply(plane: &Cluster, folder: &Folder, text: &str) {
    folder.write("object.yaml", text);
    let path = folder.path("object.yaml");
    plane
        .kubectl(&["apply", "-f", path.to_str().unwrap()])
        .unwrap();
}

/// What every way of running shows of a cluster.
fn a_cluster_is_followed(plane: &Cluster, folder: &Folder, reader: &Reader) {
    apply(plane, folder, &deployment(true));
    reader.wait("deployment-cart", PRIVILEGED, "failed");
    apply(plane, folder, &deployment(false));
    reader.wait("deployment-cart", PRIVILEGED, "passed");
    apply(plane, folder, SERVICE);
    reader.wait("deployment-cart", EXPOSED, "failed");
    plane
        .kubectl(&["delete", "service", "cart", "-n", "shop"])
        .unwrap();
    reader.wait("deployment-cart", EXPOSED, "passed");
    plane
        .kubectl(&["delete", "deployment", "cart", "-n", "shop"])
        .unwrap();
    reader.wait_gone("deployment-cart");
}

#[test]
fn a_real_cluster_is_scanned_as_it_changes() {
    let Some(plane) = control_plane() else { return };
    plane.kubectl(&["create", "namespace", "shop"]).unwrap();

    let folder = Folder::new();
    let kubeconfig = plane.kubeconfig();
    let arguments = [
        "up",
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
        "--data-dir",
        "data",
        "--listen",
        "127.0.0.1:0",
    ];
    let process = Process::start(&arguments, folder.0.path());
    process.wait_for("\"msg\":\"up\"");
    let reader = Reader::new(&folder.path("data/kubeconfig"));
    a_cluster_is_followed(&plane, &folder, &reader);
    process.stop();

    behind_its_api_server(&plane);
}

/// As the chart runs it: storage behind the aggregator, the scanner with continuous
/// scanning on, kubectl against the cluster.
fn behind_its_api_server(plane: &Cluster) {
    let folder = Folder::new();
    let kubeconfig = plane.kubeconfig();
    let kubeconfig = kubeconfig.to_str().unwrap();
    std::fs::create_dir(folder.path("config")).unwrap();
    folder.write(
        "config/clusterData.json",
        r#"{"namespace":"kubescape","clusterName":"prod","continuousPostureScan":true}"#,
    );
    let storage = Process::start(
        &[
            "storage",
            "--kubeconfig",
            kubeconfig,
            "--data-dir",
            "data",
            "--listen",
            "127.0.0.1:0",
        ],
        folder.0.path(),
    );
    let line = storage.wait_for("the storage serves");
    let port = line
        .split("127.0.0.1:")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    apply(
        plane,
        &folder,
        &format!(
            "apiVersion: v1
kind: Namespace
metadata: {{name: kubescape}}
---
apiVersion: v1
kind: Service
metadata: {{name: storage, namespace: kubescape}}
spec: {{type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1beta1.spdx.softwarecomposition.kubescape.io}}
spec:
  group: spdx.softwarecomposition.kubescape.io
  version: v1beta1
  groupPriorityMinimum: 1000
  versionPriority: 15
  insecureSkipTLSVerify: true
  service: {{name: storage, namespace: kubescape, port: {port}}}
"
        ),
    );
    plane
        .kubectl(&[
            "wait",
            "apiservice",
            "v1beta1.spdx.softwarecomposition.kubescape.io",
            "--for=condition=Available",
            "--timeout=60s",
        ])
        .unwrap();
    let scanner = Process::start(
        &[
            "scanner",
            "--kubeconfig",
            kubeconfig,
            "--data-dir",
            "data",
            "--listen",
            "127.0.0.1:0",
        ],
        folder.0.path(),
    );
    scanner.wait_for("the scanner serves");
    let reader = Reader::new(&plane.kubeconfig());
    a_cluster_is_followed(plane, &folder, &reader);
    let shown = plane
        .kubectl(&["get", "workloadconfigurationscansummaries", "-A"])
        .unwrap();
    assert!(shown.contains("namespace-shop"), "{shown}");
    scanner.stop();
}
