//! `bench continuous`: a real cluster that changes, with storage behind its API server
//! and the scanner following: how long until a change is a result that kubectl reads.

#![allow(clippy::print_stdout)]

mod scans;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{
    Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kubescape_testcluster::{Cluster, storage_at};
use serde_json::{Value as Json, json};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A change to a result that can be read.
const BARS: [(&str, usize, Duration); 2] = [
    ("p50", 50, Duration::from_millis(100)),
    ("p99", 99, Duration::from_millis(250)),
];
/// The first lap with every result written.
const LAP: Duration = Duration::from_secs(30);
/// Deployments that are changed in turn.
const CHANGED: usize = 100;
/// Fails when pods share the host's processes.
const CONTROL: &str = "C-0038";
const GROUP: &str = "spdx.softwarecomposition.kubescape.io";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many objects the cluster has.
    #[arg(long, default_value_t = 5_000)]
    objects: usize,
    /// Changes a second.
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// For so long.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// The program.
    #[arg(long, default_value = "target/release/kubescape")]
    program: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cluster = Cluster::start()?;
    let folder = tempfile::tempdir()?;
    runtime.block_on(measure(arguments, &cluster, folder.path()))
}

async fn measure(arguments: &Arguments, cluster: &Cluster, folder: &Path) -> Result<(), Fault> {
    let file = Kubeconfig::read_from(cluster.kubeconfig())?;
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    let client = kube::Client::try_from(config)?;
    let objects = kubescape_samples::generate(arguments.objects, 1);
    fill(&client, &objects).await?;
    let storage = storage(arguments, cluster, folder)?;
    let begun = Instant::now();
    let scanner = scanner(arguments, cluster, folder)?;
    let line = scanner.wait_for("the scanner serves")?;
    let told: Json = serde_json::from_str(&line)?;
    let url = told["url"].as_str().unwrap_or_default().to_owned();
    scanner.wait_for("results of what is gone were removed")?;
    let lap = begun.elapsed();
    println!(
        "first lap of {} objects: {lap:.1?} ({:.2} of {LAP:?} for 15,000)",
        arguments.objects,
        lap.as_secs_f64() / LAP.as_secs_f64() * 15_000.0 / arguments.objects as f64
    );
    let before = [storage.cpu()?, scanner.cpu()?];
    let mut latencies = change(arguments, &client, &objects).await?;
    let after = [storage.cpu()?, scanner.cpu()?];
    latencies.sort_unstable();
    let wanted = (arguments.rate * arguments.seconds) as usize;
    println!(
        "{} of {wanted} changes, {} a second, became results",
        latencies.len(),
        arguments.rate
    );
    for (name, share, bar) in BARS {
        let Some(latency) = percentile(&latencies, share) else {
            continue;
        };
        println!(
            "{name}: {latency:.1?} ({:.2} of {bar:?})",
            latency.as_secs_f64() / bar.as_secs_f64()
        );
    }
    let seconds = f64::from(arguments.seconds);
    for (place, process) in [&storage, &scanner].into_iter().enumerate() {
        println!(
            "{}: {:.2} cores meanwhile, {} MiB resident, at most {}",
            process.name,
            (after[place] - before[place]) / seconds,
            process.memory("VmRSS")? >> 10,
            process.memory("VmHWM")? >> 10
        );
    }
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment");
    if let Some(deployment) = deployment.cloned() {
        tokio::task::spawn_blocking(move || scans::measure(&url, &deployment)).await??;
    }
    // What a change leads to is over by then.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let rest = Duration::from_secs(30);
    let before = [storage.cpu()?, scanner.cpu()?];
    tokio::time::sleep(rest).await;
    for (place, process) in [&storage, &scanner].into_iter().enumerate() {
        println!(
            "{}: {:.4} cores idle (bar: 0.005)",
            process.name,
            (process.cpu()? - before[place]) / rest.as_secs_f64()
        );
    }
    Ok(())
}

/// Of times in order.
fn percentile(times: &[Duration], share: usize) -> Option<Duration> {
    let last = times.len().checked_sub(1)?;
    times.get((times.len() * share / 100).min(last)).copied()
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    let plural = match kind.to_lowercase() {
        kind if kind.ends_with("policy") => kind.replace("policy", "policies"),
        kind if kind.ends_with("summary") => kind.replace("summary", "summaries"),
        kind if kind.ends_with('s') => format!("{kind}es"),
        kind => format!("{kind}s"),
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: if group.is_empty() {
            version.to_owned()
        } else {
            format!("{group}/{version}")
        },
        kind: kind.to_owned(),
        plural,
    }
}

fn api(client: &kube::Client, object: &Json) -> Api<DynamicObject> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let version = text(&object["apiVersion"]);
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let resource = resource(group, version, &text(&object["kind"]));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

async fn create(client: &kube::Client, mut object: Json) -> Result<(), Fault> {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in [
            "resourceVersion",
            "uid",
            "creationTimestamp",
            "managedFields",
            "ownerReferences",
        ] {
            metadata.remove(key);
        }
    }
    let api = api(client, &object);
    match api
        .create(&PostParams::default(), &serde_json::from_value(object)?)
        .await
    {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn fill(client: &kube::Client, objects: &[Json]) -> Result<(), Fault> {
    let namespaces: std::collections::BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object["metadata"]["namespace"].as_str())
        .collect();
    for name in namespaces {
        create(
            client,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        )
        .await?;
    }
    let all = objects
        .iter()
        .filter(|object| object["kind"] != "Namespace")
        .map(|object| create(client, object.clone()));
    let refused = stream::iter(all)
        .buffer_unordered(16)
        .filter(|done| std::future::ready(done.is_err()))
        .count()
        .await;
    println!(
        "{} objects, {refused} refused by the API server",
        objects.len()
    );
    Ok(())
}

struct Process {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
    ) -> Result<Self, Fault> {
        let mut child = Command::new(fs::canonicalize(program)?)
            .arg(name)
            .args(arguments)
            .current_dir(folder)
            .env("CONFIG_DIR", folder)
            .env("CONFIG", folder.join("clusterData.json"))
            .env("KS_SCAN_AT_START", "false")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let (told, lines) = channel();
        if let Some(err) = child.stderr.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(err).lines().map_while(Result::ok) {
                    // Nobody may be reading any more.
                    let _ = told.send(line);
                }
            });
        }
        Ok(Self { name, child, lines })
    }

    fn wait_for(&self, text: &str) -> Result<String, Fault> {
        loop {
            let line = self.lines.recv_timeout(Duration::from_mins(5))?;
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// Seconds of processor time so far.
    fn cpu(&self) -> Result<f64, Fault> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |place: usize| {
            fields
                .get(place)
                .and_then(|ticks| ticks.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        Ok((ticks(11) + ticks(12)) / 100.0)
    }

    /// KiB.
    fn memory(&self, key: &str) -> Result<u64, Fault> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default();
        Ok(line
            .split_whitespace()
            .nth(1)
            .and_then(|number| number.parse().ok())
            .unwrap_or(0))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn storage(arguments: &Arguments, cluster: &Cluster, folder: &Path) -> Result<Process, Fault> {
    fs::write(
        folder.join("clusterData.json"),
        r#"{"namespace":"kubescape","clusterName":"bench","continuousPostureScan":true}"#,
    )?;
    let kubeconfig = cluster.kubeconfig().display().to_string();
    let flags = [
        "--kubeconfig",
        &kubeconfig,
        "--data-dir",
        "data",
        "--listen",
        "127.0.0.1:0",
    ];
    let storage = Process::start("storage", &arguments.program, &flags, folder)?;
    let line = storage.wait_for("the storage serves")?;
    let port = line
        .split("127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: kubescape}\n")?;
    cluster.apply(&storage_at(port, None))?;
    cluster.wait_for_storage("Available")?;
    Ok(storage)
}

fn scanner(arguments: &Arguments, cluster: &Cluster, folder: &Path) -> Result<Process, Fault> {
    let kubeconfig = cluster.kubeconfig().display().to_string();
    let flags = [
        "--kubeconfig",
        &kubeconfig,
        "--data-dir",
        "data",
        "--listen",
        "127.0.0.1:0",
    ];
    Process::start("scanner", &arguments.program, &flags, folder)
}

/// When each Deployment was changed, and to what its control should come.
type Waiting = Arc<Mutex<HashMap<String, (Instant, &'static str)>>>;

/// How long changes took to become results.
async fn change(
    arguments: &Arguments,
    client: &kube::Client,
    objects: &[Json],
) -> Result<Vec<Duration>, Fault> {
    let deployments: Vec<&Json> = objects
        .iter()
        .filter(|object| object["kind"] == "Deployment")
        .take(CHANGED)
        .collect();
    let waiting: Waiting = Arc::default();
    let results: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let summaries = Api::<DynamicObject>::all_with(
        client.clone(),
        &resource(GROUP, "v1beta1", "WorkloadConfigurationScanSummary"),
    );
    let from = summaries
        .list_metadata(&kube::api::ListParams::default().limit(1))
        .await?;
    let version = from.metadata.resource_version.unwrap_or_default();
    let reader = tokio::spawn(read(
        summaries,
        version,
        Arc::clone(&waiting),
        Arc::clone(&results),
    ));
    let mut beat = tokio::time::interval(Duration::from_secs(1) / arguments.rate);
    for number in 0..arguments.rate * arguments.seconds {
        beat.tick().await;
        let place = number as usize;
        let object = deployments[place % deployments.len()];
        let shared = (place / deployments.len()).is_multiple_of(2);
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let patch = json!({"spec": {"template": {"spec": {"hostPID": shared}}}});
        api(client, object)
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        let wanted = if shared { "failed" } else { "passed" };
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(format!("deployment-{name}"), (Instant::now(), wanted));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    reader.abort();
    let results = results.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(results.clone())
}

async fn read(
    summaries: Api<DynamicObject>,
    version: String,
    waiting: Waiting,
    results: Arc<Mutex<Vec<Duration>>>,
) -> Result<(), kube::Error> {
    let mut events = std::pin::pin!(summaries.watch(&WatchParams::default(), &version).await?);
    while let Some(event) = events.try_next().await? {
        let (WatchEvent::Added(object) | WatchEvent::Modified(object)) = event else {
            continue;
        };
        let now = Instant::now();
        let name = object.metadata.name.clone().unwrap_or_default();
        let status = object.data["spec"]["controls"][CONTROL]["status"]["status"]
            .as_str()
            .unwrap_or_default();
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, wanted)) = waiting.get(&name)
            && *wanted == status
        {
            results
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(now - *since);
            waiting.remove(&name);
        }
    }
    Ok(())
}
