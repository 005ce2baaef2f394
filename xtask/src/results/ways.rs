//! The ways into the storage.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kubescape_runtime::config::Env;
use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::{Health, Shutdown};
use kubescape_sink::{ResultStore, kube_store, local_store};
use kubescape_storage::{Authentication, Caller, Config, Flags, FrontProxy, Server, Settings};
use kubescape_store::{SqliteOptions, SqliteStore};
use kubescape_testcluster::{Cluster, storage_at};
use tempfile::TempDir;

use super::Fault;

const GROUP: &str = "spdx.softwarecomposition.kubescape.io";

/// A way that is open, and all that it needs.
pub(super) struct Open {
    store: Arc<dyn ResultStore>,
    _server: Option<Process>,
    _cluster: Option<Cluster>,
    _folder: TempDir,
}

impl Open {
    pub(super) fn store(&self) -> Arc<dyn ResultStore> {
        Arc::clone(&self.store)
    }
}

pub(super) async fn open(way: &str) -> Result<Open, Fault> {
    let folder = tempfile::tempdir()?;
    match way {
        "aggregator" => aggregator(folder).await,
        "direct" => direct(folder).await,
        "local" => local(folder),
        other => Err(format!("no such way: {other}").into()),
    }
}

async fn aggregator(folder: TempDir) -> Result<Open, Fault> {
    let cluster = Cluster::start()?;
    cluster.kubectl(&["create", "namespace", "kubescape"])?;
    let account = cluster.account_kubeconfig("kubescape", "storage")?;
    cluster.apply(RIGHTS)?;
    let server = Process::start(folder.path(), Some(&account))?;
    register(&cluster, &server, folder.path())?;
    let client = client(&cluster.kubeconfig()).await?;
    let path = format!("/apis/{GROUP}/v1beta1/knownservers");
    let begun = std::time::Instant::now();
    loop {
        let request = http::Request::get(&path).body(Vec::new())?;
        match client.request_text(request).await {
            Ok(_) => break,
            Err(error) if begun.elapsed() > Duration::from_mins(1) => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    Ok(Open {
        store: Arc::new(kube_store(client)),
        _server: Some(server),
        _cluster: Some(cluster),
        _folder: folder,
    })
}

fn register(cluster: &Cluster, server: &Process, folder: &Path) -> Result<(), Fault> {
    let path = folder.join("data/ca.pem");
    let ca = kubescape_runtime::tls::OwnCa::open_or_create(&path, SystemTime::now())?;
    let bundle = base64::engine::general_purpose::STANDARD.encode(ca.bundle_pem());
    let port = server.port;
    cluster.apply(&storage_at(port, Some(&bundle)))?;
    Ok(())
}

/// What the chart gives to the service account of the storage.
const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: 'storage:system:auth-delegator'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:auth-delegator'}
subjects: [{kind: ServiceAccount, name: storage, namespace: kubescape}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: storage-auth-reader, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: storage, namespace: kubescape}]
";

async fn direct(folder: TempDir) -> Result<Open, Fault> {
    let server = Process::start(folder.path(), None)?;
    let client = client(&folder.path().join("kubeconfig")).await?;
    Ok(Open {
        store: Arc::new(kube_store(client)),
        _server: Some(server),
        _cluster: None,
        _folder: folder,
    })
}

async fn client(kubeconfig: &Path) -> Result<kube::Client, Fault> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config, &options).await?;
    Ok(kube::Client::try_from(config)?)
}

fn local(folder: TempDir) -> Result<Open, Fault> {
    let options = SqliteOptions::new(folder.path().join("store.db"));
    let store = Arc::new(SqliteStore::open(options)?);
    let shutdown = Shutdown::never();
    let server = Server::new(Health::new(shutdown.clone()), Settings::default());
    let authentication = Arc::new(Authentication::new(FrontProxy::default(), None));
    server.open(store, authentication, &Metrics::new(), shutdown);
    let caller = Caller::Certificate {
        name: "kubescape".to_owned(),
        groups: vec!["system:masters".to_owned()],
        front_proxy: false,
        client: true,
    };
    let store = local_store(move |request| {
        let (server, caller) = (server.clone(), caller.clone());
        async move { server.answer(request, &caller).await }
    });
    Ok(Open {
        store: Arc::new(store),
        _server: None,
        _cluster: None,
        _folder: folder,
    })
}

const FOLDER: &str = "KUBESCAPE_BENCH_FOLDER";
const LISTEN: &str = "KUBESCAPE_BENCH_LISTEN";
const CLUSTER: &str = "KUBESCAPE_BENCH_KUBECONFIG";

/// The storage as a process; killed when dropped.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(folder: &Path, kubeconfig: Option<&Path>) -> Result<Self, Fault> {
        let free = TcpListener::bind("127.0.0.1:0")?;
        let port = free.local_addr()?.port();
        drop(free);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("serve-storage")
            .env(FOLDER, folder)
            .env(LISTEN, format!("127.0.0.1:{port}"))
            .env("NAMESPACE", "kubescape")
            .env("CONFIG_DIR", folder)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("log"))?);
        if let Some(kubeconfig) = kubeconfig {
            command.env(CLUSTER, kubeconfig);
        }
        let mut child = command.spawn()?;
        let said = child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        if !line.starts_with("https://") {
            let log = std::fs::read_to_string(folder.join("log"))?;
            return Err(format!("the storage did not start: {log}").into());
        }
        Ok(Self { child, port })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever ended it, it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(clippy::print_stderr)]
pub(super) fn serve() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Fault> {
    let folder = PathBuf::from(std::env::var(FOLDER)?);
    let kubeconfig = std::env::var(CLUSTER).ok().map(PathBuf::from);
    let flags = Flags {
        standalone: kubeconfig.is_none(),
        write_kubeconfig: kubeconfig.is_none().then(|| folder.join("kubeconfig")),
        listen: std::env::var(LISTEN).ok(),
        kubeconfig,
        data_dir: Some(folder.join("data")),
    };
    let config = Config::read(flags, &Env::from_process()).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(kubescape_storage::run(config, |started| {
        println!("{}", started.url);
    }));
    runtime.shutdown_background();
    Ok(ended?)
}
