//! How soon the service answers over HTTP: metrics of all controls, and scans of
//! single objects while the whole cluster is scanned. `cargo bench -p
//! kubescape-scanner`; prints numbers and bars, and asserts nothing about time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark talks to people and ends when it cannot go on"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope};
use kubescape_live::Access;
use kubescape_report::{ClusterFacts, Facts};
use kubescape_runtime::config::{ConfigFile, Env};
use kubescape_runtime::serve::{Bound, Peer, ServeOptions};
use kubescape_runtime::{Drain, Shutdown, Supervisor};
use kubescape_scan::{Cancel, Options, scan};
use kubescape_scanner::{
    Config, Files, Finished, Flags, LiveWork, Role, ScanObject, ScanRequest, Server, Work,
    WorkError,
};
use kubescape_testcluster::Cluster;
use tokio::net::TcpStream;

/// Objects of the cluster, and rounds of each measurement.
const OBJECTS: usize = 15_000;
const ROUNDS: usize = 300;

/// At the 99th percentile: the metrics page, and the scan of one object.
const METRICS: Duration = Duration::from_millis(5);
const OBJECT: Duration = Duration::from_millis(20);

/// A cluster in files.
struct Dump {
    all: PathBuf,
    one: PathBuf,
    running: AtomicBool,
    full_scans: AtomicUsize,
}

fn judge(
    path: &Path,
    threads: usize,
    cancel: &Cancel,
    request: &ScanRequest,
) -> Result<Finished, WorkError> {
    let selection = request.targets.selection();
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs()).unwrap();
    let options = Options {
        threads,
        keep_objects: true,
        cancel: cancel.clone(),
        ..Options::new(plan)
    };
    let scan = scan(find(&[path]).sources, options, &mut |_| {});
    Ok(Finished {
        scan: scan.map_err(|_| WorkError::Cancelled)?,
        facts: Facts {
            cluster: Some(ClusterFacts::default()),
            ..Facts::default()
        },
    })
}

impl Work for Dump {
    fn full(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        _: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        self.running.store(true, Ordering::Relaxed);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let done = judge(&self.all, cores, cancel, request);
        self.full_scans.fetch_add(1, Ordering::Relaxed);
        done
    }

    fn object(
        &self,
        request: &ScanRequest,
        _: &ScanObject,
        _: bool,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError> {
        judge(&self.one, 1, cancel, request)
    }
}

struct Client(SendRequest<Full<Bytes>>);

impl Client {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> (Duration, usize) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "bench")
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let started = Instant::now();
        self.0.ready().await.unwrap();
        let answer = self.0.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        // Not kept: memory is to be that of the service.
        let mut body = answer.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.unwrap().data_ref().map_or(0, Bytes::len);
        }
        (started.elapsed(), bytes)
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn line(what: &str, times: &mut [Duration], bar: Duration) {
    let (half, most) = (percentile(times, 50), percentile(times, 99));
    let share = most.as_secs_f64() / bar.as_secs_f64();
    println!(
        "{what:<44} p50 {half:>10.2?}   p99 {most:>10.2?}   bar {bar:>7.0?}   {share:>5.2} of bar"
    );
}

async fn serve(server: Server) -> String {
    let bound = Bound::bind("127.0.0.1:0", ServeOptions::default())
        .await
        .unwrap();
    let address = bound.local_addr().to_string();
    let handler = move |request, _: Peer| {
        let server = server.clone();
        async move { server.answer(request).await }
    };
    tokio::spawn(bound.serve(handler, Shutdown::never()));
    address
}

fn config(folder: &Path) -> Config {
    let files = Files {
        cluster: ConfigFile::empty("clusterData.json"),
        capabilities: ConfigFile::empty("capabilities.json"),
        credentials: folder.join("none"),
    };
    let flags = Flags {
        data_dir: Some(folder.to_owned()),
        ..Flags::default()
    };
    Config::from_files(flags, &Env::default(), files).unwrap()
}

/// Names the folder that gets the objects.
const GENERATE: &str = "KUBESCAPE_BENCH_GENERATE";

fn generate(folder: &Path) {
    let objects = kubescape_samples::generate(OBJECTS, 1);
    let write = |name: &str, objects: &[serde_json::Value]| {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let mut file = std::io::BufWriter::new(file);
        kubescape_samples::write_json(objects, &mut file).unwrap();
        file.flush().unwrap();
    };
    let one = objects.iter().find(|object| object["kind"] == "Deployment");
    write("one.json", &[one.unwrap().clone()]);
    write("all.json", &objects);
}

#[tokio::main]
async fn main() {
    if let Some(folder) = std::env::var_os(GENERATE) {
        return generate(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    // By another process, so that memory is that of the service.
    let generated = std::process::Command::new(std::env::current_exe().unwrap())
        .env(GENERATE, folder.path())
        .status();
    assert!(generated.unwrap().success());
    let work = Arc::new(Dump {
        all: folder.path().join("all.json"),
        one: folder.path().join("one.json"),
        running: AtomicBool::new(false),
        full_scans: AtomicUsize::new(0),
    });
    let supervisor = Supervisor::new(Drain::default());
    let config = config(folder.path());
    let shared: Arc<dyn Work> = work.clone();
    let role = Role::assemble(&config, shared, Vec::new(), None, &supervisor).unwrap();
    let address = serve(role.server.clone()).await;
    let mut client = Client::connect(&address).await;

    let (took, bytes) = client.ask("POST", "/v1/scan?wait=true", "{}").await;
    println!(
        "full scan of {OBJECTS} objects by all controls: {took:.2?}, {} MB of report",
        bytes / 1_000_000
    );
    println!("memory after it: {}", memory());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(client.ask("GET", "/v1/metrics", "").await.0);
    }
    line("/v1/metrics, all controls", &mut times, METRICS);

    let body = r#"{"scanObject":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"b"}}}"#;
    let mut alone = Vec::new();
    for _ in 0..ROUNDS {
        alone.push(client.ask("POST", "/v1/scan?wait=true", body).await.0);
    }
    line("object scan, nothing else", &mut alone, OBJECT);

    let before = work.full_scans.load(Ordering::Relaxed);
    let mut beside = Vec::new();
    let mut metrics = Vec::new();
    let mut asked = before;
    while beside.len() < ROUNDS {
        // Always one that runs.
        if work.full_scans.load(Ordering::Relaxed) >= asked {
            client.ask("POST", "/v1/scan", "{}").await;
            asked += 1;
        }
        beside.push(client.ask("POST", "/v1/scan?wait=true", body).await.0);
        metrics.push(client.ask("GET", "/v1/metrics", "").await.0);
    }
    line(
        "object scan while the cluster is scanned",
        &mut beside,
        OBJECT,
    );
    line(
        "/v1/metrics while the cluster is scanned",
        &mut metrics,
        METRICS,
    );
    let ratio =
        percentile(&mut beside, 50).as_secs_f64() / percentile(&mut alone, 50).as_secs_f64();
    println!(
        "a full scan makes object scans {ratio:.1} times slower ({} cores)",
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    assert!(work.running.load(Ordering::Relaxed));
    println!("memory: {}", memory());
    real().await;
}

/// Peak and present memory of this process; the client keeps no answer.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status
        .lines()
        .filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    let lines: Vec<_> = lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.join(", ")
}

/// Object scans of a real cluster, where there are programs for one.
async fn real() {
    if std::env::var_os("KUBESCAPE_TEST_BINARIES").is_none() {
        println!("KUBESCAPE_TEST_BINARIES is not set: no real cluster was scanned");
        return;
    }
    let plane = tokio::task::spawn_blocking(|| {
        let plane = Cluster::start().unwrap();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
        let apply = || plane.kubectl(&["apply", "--server-side", "-f", shop.to_str().unwrap()]);
        // The namespace comes after what is in it.
        let _ = apply();
        apply().unwrap();
        plane
    });
    let plane = plane.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::new(Drain::default());
    let access = Access {
        kubeconfig: Some(plane.kubeconfig()),
        context: None,
    };
    let work: Arc<dyn Work> = Arc::new(LiveWork::new(access, None));
    let role = Role::assemble(&config(folder.path()), work, Vec::new(), None, &supervisor).unwrap();
    let address = serve(role.server.clone()).await;
    let mut client = Client::connect(&address).await;
    let (took, bytes) = client.ask("POST", "/v1/scan?wait=true", "{}").await;
    println!(
        "real cluster, full scan: {took:.2?}, {} kB of report",
        bytes / 1000
    );
    let body = r#"{"scanObject":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"payments","namespace":"shop"}}}"#;
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let (took, length) = client.ask("POST", "/v1/scan?wait=true", body).await;
        times.push(took);
        bytes = length;
    }
    line("real cluster, object scan", &mut times, OBJECT);
    println!("{} kB of report for an object", bytes / 1000);
}
