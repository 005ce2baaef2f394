//! Processes of the program, their logs, and who asks them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

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
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        panic!("it ended, or said nothing for long, without {text:?}:\n{seen}");
    }

    /// What it logs in that time.
    pub(crate) fn lines_within(&self, time: Duration) -> Vec<String> {
        let end = Instant::now() + time;
        let mut lines = Vec::new();
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            lines.push(line);
        }
        lines
    }

    /// Seconds of processor time so far.
    pub(crate) fn processor(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks = fields
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<f64>().unwrap());
        ticks.sum::<f64>() / 100.0
    }

    /// MiB, of a field of the process' status: `VmRSS` is now, `VmHWM` at most.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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
pub(crate) struct Reader {
    runtime: Runtime,
    client: kube::Client,
}

impl Reader {
    pub(crate) fn new(kubeconfig: &Path) -> Self {
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

    pub(crate) fn summaries(&self, namespace: &str) -> Api<DynamicObject> {
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
    pub(crate) fn wait(&self, name: &str, control: &str, status: &str) -> String {
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

    pub(crate) fn wait_gone(&self, name: &str) {
        self.runtime.block_on(async {
            let summaries = self.summaries("shop");
            if let Some(object) = summaries.get_opt(name).await.unwrap() {
                let gone = conditions::is_deleted(object.metadata.uid.as_deref().unwrap());
                await_condition(summaries, name, gone).await.unwrap();
            }
        });
    }

    pub(crate) fn version(&self, name: &str) -> String {
        let object = self
            .runtime
            .block_on(self.summaries("shop").get(name))
            .unwrap();
        object.metadata.resource_version.unwrap()
    }
}

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path("manifests")).unwrap();
        folder
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// `up` on its manifests.
    pub(crate) fn start(&self) -> Process {
        self.start_over(["--manifests", "manifests"])
    }

    /// `up` over what these arguments name.
    pub(crate) fn start_over(&self, source: [&str; 2]) -> Process {
        let mut arguments = vec!["up", "--data-dir", "data"];
        arguments.extend(source);
        for listen in ["--listen", "--scanner-listen", "--operator-listen"] {
            arguments.extend([listen, "127.0.0.1:0"]);
        }
        Process::start(&arguments, self.root())
    }

    /// The same, and who reads its results.
    pub(crate) fn up(&self) -> (Process, Reader) {
        let process = self.start();
        process.wait_for("\"msg\":\"up\"");
        let reader = Reader::new(&self.path("data/kubeconfig"));
        (process, reader)
    }
}

/// Asks over HTTP; the answer with its head.
pub(crate) fn ask(url: &str, method: &str, path: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
