//! Our server as a process of its own, so that it can be killed: this test
//! program started again with other orders.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kubescape_runtime::config::Env;
use kubescape_runtime::logging;
use kubescape_storage::{Config, Flags};
use tempfile::TempDir;

/// Set for the process that serves: its data folder.
pub(crate) const SERVE: &str = "KUBESCAPE_TEST_SERVE";
const LISTEN: &str = "KUBESCAPE_TEST_LISTEN";
const CLUSTER: &str = "KUBESCAPE_TEST_KUBECONFIG";

/// What the serving process does: the role, as the program runs it.
pub(crate) fn serve() -> ExitCode {
    let text = |name: &str| std::env::var(name).ok();
    let data = PathBuf::from(text(SERVE).unwrap());
    let kubeconfig = text(CLUSTER).map(PathBuf::from);
    let flags = Flags {
        standalone: kubeconfig.is_none(),
        write_kubeconfig: kubeconfig.is_none().then(|| data.join("kubeconfig")),
        listen: text(LISTEN),
        kubeconfig,
        data_dir: Some(data),
    };
    let config = Config::read(flags, &Env::from_process()).unwrap();
    let traces = logging::start(config.log, &config.traces).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(kubescape_storage::run(config, |started| {
        println!("{}", started.url);
    }));
    runtime.shutdown_background();
    traces.finish();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln_of(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "goes into the log of the test")]
fn eprintln_of(error: &dyn std::error::Error) {
    eprintln!("{error}");
}

/// Our server: may be stopped and started any number of times over the same
/// data, at the same address.
pub(crate) struct Server {
    address: SocketAddr,
    kubeconfig: Option<PathBuf>,
    folder: TempDir,
    child: Mutex<Option<Child>>,
}

impl Server {
    /// Starts it; in the cluster of that kubeconfig, or alone.
    pub(crate) fn start(kubeconfig: Option<PathBuf>) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let server = Self {
            address,
            kubeconfig,
            folder: tempfile::tempdir().unwrap(),
            child: Mutex::new(None),
        };
        server.up();
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The authority of its certificate, PEM.
    pub(crate) fn authority(&self) -> String {
        let path = self.data().join("ca.pem");
        let ca = kubescape_runtime::tls::OwnCa::open_or_create(&path, std::time::SystemTime::now());
        ca.unwrap().bundle_pem()
    }

    /// Starts it, and returns when it listens and has its store.
    pub(crate) fn up(&self) {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.data().join("log"))
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(SERVE, self.data())
            .env(LISTEN, self.address.to_string())
            .env("NAMESPACE", "kubescape")
            .env("CONFIG_DIR", self.data())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env(CLUSTER, kubeconfig);
        }
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut url).unwrap();
        assert!(url.starts_with("https://"), "{}", self.log());
        *self.child() = Some(child);
    }

    /// Kills it: no word to anybody.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            // Has it ended already, then so be it.
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Lets it end in order, as a cluster does.
    pub(crate) fn stop(&self) {
        if let Some(mut child) = self.child().take() {
            let id = child.id().to_string();
            let told = Command::new("kill").args(["-TERM", &id]).status();
            assert!(told.unwrap().success());
            let begun = Instant::now();
            let status = child.wait().unwrap();
            assert!(status.success(), "{status}\n{}", self.log());
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(15), "took {took:?}");
        }
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("log")).unwrap_or_default()
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Some(folder) = std::env::var_os("KUBESCAPE_TEST_LOGS") {
            let name = format!("storage-{}.log", self.address.port());
            let _ = std::fs::copy(self.data().join("log"), Path::new(&folder).join(name));
        }
    }
}
