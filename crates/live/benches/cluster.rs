//! A full scan of 15,000 objects in a real kube-apiserver, against only listing
//! the same kinds with the same client: `cargo bench -p kubescape-live`, with
//! `KUBESCAPE_TEST_BINARIES=DIR` or `KUBESCAPE_TEST_CLUSTER=1`. Each run is a
//! process of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark talks to people and fails loudly"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kubescape_controls::LIBRARY;
use kubescape_engine::{Inputs, Plan, Selection};
use kubescape_live::{Access, Cluster, Namespaces, Patience};
use kubescape_scan::{Filter, Options, scan_feed};
use kubescape_testcluster::Cluster as ControlPlane;
use serde_json::{Value, json};

const OBJECTS: usize = 15_000;
const ROUNDS: usize = 5;

/// How many kubectls fill the cluster side by side: each has a limit of its own.
const WRITERS: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "list", kubeconfig] => child(|| list(Path::new(kubeconfig))),
        [_, "scan", kubeconfig] => child(|| scan(Path::new(kubeconfig))),
        _ => parent(),
    }
}

fn parent() {
    let asked = |name| std::env::var_os(name).is_some();
    if !asked("KUBESCAPE_TEST_CLUSTER") && !asked("KUBESCAPE_TEST_BINARIES") {
        println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
        return;
    }
    let plane = ControlPlane::start().unwrap();
    fill(&plane);
    let mut best = [f64::INFINITY; 2];
    let mut peak = [0.0_f64; 2];
    for _ in 0..ROUNDS {
        // Turn by turn, so that what else runs burdens both.
        for (number, what) in ["list", "scan"].into_iter().enumerate() {
            let output = Command::new(std::env::current_exe().unwrap())
                .arg(what)
                .arg(plane.kubeconfig())
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            print!("{what}: {text}");
            let mut words = text.split_whitespace();
            let mut next = || -> f64 { words.next().unwrap().parse().unwrap() };
            best[number] = best[number].min(next());
            peak[number] = peak[number].max(next());
        }
    }
    println!(
        "best of {ROUNDS}: list {:.2} s, scan {:.2} s, ratio {:.2}",
        best[0],
        best[1],
        best[1] / best[0]
    );
    println!(
        "peak memory: list {:.0} MiB, scan {:.0} MiB",
        peak[0], peak[1]
    );
}

/// Runs and prints seconds, MiB and what there was.
fn child(run: impl FnOnce() -> String) {
    let started = Instant::now();
    let what = run();
    let seconds = started.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kibibytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{seconds:.3} {:.1} {what}", kibibytes / 1024.0);
}

fn fill(plane: &ControlPlane) {
    let started = Instant::now();
    // The cluster is to stay as it is written.
    for controller in [
        "deployment",
        "statefulset",
        "daemon-set",
        "cronjob",
        "endpoint",
        "endpointslice",
    ] {
        let name = format!("system:controller:{controller}-controller");
        plane
            .kubectl(&["delete", "clusterrolebinding", &name])
            .unwrap();
    }
    let mut objects = kubescape_samples::acceptable(kubescape_samples::generate(OBJECTS, 1));
    for service in objects
        .iter_mut()
        .filter(|object| object["kind"] == "Service")
    {
        // The control plane has addresses for a few hundred only.
        service["spec"]["type"] = json!("ClusterIP");
        service["spec"]["clusterIP"] = json!("None");
    }
    let early =
        |object: &Value| object["kind"] == "Namespace" || object["kind"] == "ServiceAccount";
    let (early, late): (Vec<_>, Vec<_>) = objects.into_iter().partition(early);
    let (namespaces, accounts): (Vec<_>, Vec<_>) = early
        .into_iter()
        .partition(|object| object["kind"] == "Namespace");
    let count = namespaces.len() + accounts.len() + late.len();
    for group in [namespaces, accounts, late] {
        create(plane, &group);
    }
    println!(
        "{count} objects written in {:.0} s",
        started.elapsed().as_secs_f64()
    );
}

fn create(plane: &ControlPlane, objects: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (number, part) in objects.chunks(objects.len().div_ceil(WRITERS)).enumerate() {
            let path: PathBuf = folder.path().join(format!("{number}.json"));
            let list = json!({"apiVersion": "v1", "kind": "List", "items": part});
            fs::write(&path, list.to_string()).unwrap();
            scope.spawn(move || {
                let path = path.to_str().unwrap();
                plane
                    .kubectl(&["create", "--validate=false", "-o", "name", "-f", path])
                    .unwrap();
            });
        }
    });
}

fn plan(cluster: &Cluster) -> Plan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    Plan::new(
        &LIBRARY,
        &selection,
        Some(cluster.scope()),
        Inputs::default(),
    )
    .unwrap()
}

fn connect(kubeconfig: &Path) -> Cluster {
    let access = Access {
        kubeconfig: Some(kubeconfig.to_owned()),
        context: None,
    };
    Cluster::connect(&access, Patience::default()).unwrap()
}

fn scan(kubeconfig: &Path) -> String {
    let cluster = connect(kubeconfig);
    let plan = plan(&cluster);
    let survey = cluster.survey(&plan, &Namespaces::default(), None).unwrap();
    let options = Options {
        filter: Filter {
            skip_owned: true,
            ..Filter::default()
        },
        threads: 2,
        ..Options::new(plan)
    };
    let scan = scan_feed(&survey, survey.sources(), options, &mut |_| {}).unwrap();
    let failed = scan.outcome.failed_resources;
    let text = format!(
        "objects {} partial {} {failed:?}",
        scan.objects_seen,
        scan.is_partial()
    );
    std::mem::forget(scan);
    text
}

/// The same requests with the same client, four lists at once, the answers read
/// and thrown away.
fn list(kubeconfig: &Path) -> String {
    let cluster = connect(kubeconfig);
    let plan = plan(&cluster);
    let survey = cluster.survey(&plan, &Namespaces::default(), None).unwrap();
    let requests: Vec<_> = survey.requests().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let client = runtime.block_on(async {
        let config = Kubeconfig::read_from(kubeconfig).unwrap();
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(config, &options)
            .await
            .unwrap();
        kube::Client::try_from(config).unwrap()
    });
    let (next, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (client, runtime, next, bytes, requests) =
                (client.clone(), runtime.handle(), &next, &bytes, &requests);
            scope.spawn(move || {
                while let Some((path, accept)) = requests.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    runtime.block_on(pages(&client, path, accept, bytes));
                }
            });
        }
    });
    format!(
        "lists {} bytes {}",
        requests.len(),
        bytes.load(Ordering::Relaxed)
    )
}

async fn pages(client: &kube::Client, path: &str, accept: &str, bytes: &AtomicU64) {
    let mut token = String::new();
    loop {
        let uri = form_urlencoded::Serializer::new(format!("{path}?"))
            .append_pair("limit", "500")
            .append_pair("continue", &token)
            .finish();
        let request = http::Request::get(uri)
            .header("accept", accept)
            .body(Body::empty())
            .unwrap();
        let mut body = client.send(request).await.unwrap().into_body();
        let mut head = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap_or_default();
            bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
            if head.len() < 4096 {
                head.extend_from_slice(&data[..data.len().min(4096)]);
            }
        }
        // Built-in kinds say it before their items.
        let head = String::from_utf8_lossy(&head);
        let after = head
            .split_once(r#""continue":""#)
            .map_or("", |(_, after)| after);
        after
            .split('"')
            .next()
            .unwrap_or_default()
            .clone_into(&mut token);
        if token.is_empty() {
            return;
        }
    }
}
