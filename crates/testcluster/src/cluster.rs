//! Starting the three programs in order.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::{Certificates, Pair};
use crate::launch::{self, Launch};
use crate::process::Process;
use crate::{Binaries, Error};

/// How long one program may take to get ready, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Token of a user who may do everything.
const ADMIN: &str = "admin-token";

/// Token of the controller manager.
const CONTROLLERS: &str = "controllers-token";

/// A program of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What keeps the objects.
    Etcd,
    /// The API.
    ApiServer,
    /// What acts on objects.
    Controllers,
}

/// A running control plane on the loopback interface. Dropping it stops it and
/// removes its data. There are no nodes and no scheduler: Pods stay pending.
pub struct Cluster {
    // Stopped in this order.
    controllers: Mutex<Option<Process>>,
    apiserver: Mutex<Option<Process>>,
    etcd: Mutex<Option<Process>>,
    launches: [Launch; 3],
    certificates: Certificates,
    binaries: Binaries,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Starts a control plane; takes about five seconds once the programs are
    /// built.
    ///
    /// # Errors
    ///
    /// The programs cannot be built or do not get ready; with the end of the
    /// log of the one at fault.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&["--unsafe-no-fsync"])
    }

    /// The same with an etcd that syncs each write to disk, as a real one does:
    /// for benchmarks.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn start_durable() -> Result<Self, Error> {
        // Some hundred thousand objects and their history pass the usual 2 GiB.
        Self::start_with(&["--quota-backend-bytes=8589934592"])
    }

    fn start_with(etcd_flags: &[&str]) -> Result<Self, Error> {
        let binaries = Binaries::find_or_build()?;
        let folder = tempfile::tempdir().map_err(Error::of("a folder"))?;
        let certificates = Certificates::create(folder.path())?;
        let [etcd_port, peer_port, port, controllers_port] = free_ports()?;
        write_tokens(folder.path())?;
        let at = folder.path();
        for (name, token) in [("admin", ADMIN), ("controllers", CONTROLLERS)] {
            write_kubeconfig(at, &certificates, name, port, token)?;
        }
        let launches = [
            launch::etcd(&binaries, at, [etcd_port, peer_port], etcd_flags),
            launch::apiserver(&binaries, at, &certificates, etcd_port, port),
            launch::controllers(&binaries, at, &certificates, controllers_port),
        ];
        let cluster = Self {
            controllers: Mutex::new(None),
            apiserver: Mutex::new(None),
            etcd: Mutex::new(None),
            launches,
            certificates,
            binaries,
            folder,
            port,
        };
        for part in [Part::Etcd, Part::ApiServer, Part::Controllers] {
            cluster.restart(part)?;
        }
        Ok(cluster)
    }

    /// Stops a part as a power cut would.
    pub fn stop(&self, part: Part) {
        let mut process = self.process(part);
        // Dropped here, which waits for its end.
        *process = None;
    }

    /// Stops a part if it runs, and starts it; its data stay. Returns when
    /// kube-apiserver is ready again.
    ///
    /// # Errors
    ///
    /// It does not get ready; with the end of its log.
    pub fn restart(&self, part: Part) -> Result<(), Error> {
        self.stop(part);
        let mut process = self.process(part);
        let started = process.insert(self.launches[part as usize].start(self.folder.path())?);
        if part == Part::ApiServer {
            wait_until_ready(&self.binaries, self.folder.path(), started)?;
        }
        Ok(())
    }

    fn process(&self, part: Part) -> MutexGuard<'_, Option<Process>> {
        let process = match part {
            Part::Etcd => &self.etcd,
            Part::ApiServer => &self.apiserver,
            Part::Controllers => &self.controllers,
        };
        process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process ids of etcd and kube-apiserver, to measure them.
    pub fn store_processes(&self) -> Vec<u32> {
        [Part::Etcd, Part::ApiServer]
            .into_iter()
            .filter_map(|part| self.process(part).as_ref().map(Process::id))
            .collect()
    }

    /// The last lines that a part said; empty when it does not run.
    pub fn log_end(&self, part: Part) -> String {
        let process = self.process(part);
        process.as_ref().map(Process::log_end).unwrap_or_default()
    }

    /// Kubeconfig of a user who may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// Where kube-apiserver listens.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Certificate of the authority that signs the front proxy's certificates:
    /// what an aggregated API server checks requests against.
    pub fn front_proxy_ca(&self) -> PathBuf {
        self.certificates.path("front-ca.crt")
    }

    /// What kube-apiserver shows to aggregated API servers.
    pub fn front_proxy_client(&self) -> Pair {
        self.certificates.pair("front-client")
    }

    /// A new authority for front proxies and a certificate that it signed;
    /// kube-apiserver knows neither yet.
    ///
    /// # Errors
    ///
    /// The files cannot be written.
    pub fn new_front_proxy(&self, file: &str) -> Result<(PathBuf, Pair), Error> {
        self.certificates.front_proxy(file)
    }

    /// Makes these the authorities for front proxies: kube-apiserver reads the
    /// file anew by itself, within a minute, and tells the cluster.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn trust_front_proxies(&self, authorities: &[PathBuf]) -> Result<(), Error> {
        let mut bundle = String::new();
        for path in authorities {
            bundle += &fs::read_to_string(path).map_err(Error::of("an authority"))?;
        }
        fs::write(self.front_proxy_ca(), bundle).map_err(Error::of("front-ca.crt"))
    }

    /// Makes this what kube-apiserver shows, from its next start at the latest.
    ///
    /// # Errors
    ///
    /// The files cannot be written.
    pub fn use_front_proxy(&self, pair: &Pair) -> Result<(), Error> {
        let used = self.front_proxy_client();
        for (from, to) in [(&pair.certificate, used.certificate), (&pair.key, used.key)] {
            fs::copy(from, to).map_err(Error::of("front-client"))?;
        }
        Ok(())
    }

    /// A certificate of a user that kube-apiserver knows.
    ///
    /// # Errors
    ///
    /// The files cannot be written.
    pub fn client_certificate(&self, user: &str, groups: &[&str]) -> Result<Pair, Error> {
        self.certificates.client(user, groups)
    }

    /// A token of a service account, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// kube-apiserver refuses.
    pub fn token(&self, namespace: &str, account: &str) -> Result<String, Error> {
        let there = ["-n", namespace, "get", "serviceaccount", account];
        if self.kubectl(&there).is_err() {
            self.kubectl(&["-n", namespace, "create", "serviceaccount", account])?;
        }
        let token = self.kubectl(&["-n", namespace, "create", "token", account])?;
        Ok(token.trim().to_owned())
    }

    /// Kubeconfig of a service account, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// kube-apiserver refuses, or the file cannot be written.
    pub fn account_kubeconfig(&self, namespace: &str, account: &str) -> Result<PathBuf, Error> {
        let name = format!("account-{namespace}-{account}");
        let token = self.token(namespace, account)?;
        let folder = self.folder.path();
        write_kubeconfig(folder, &self.certificates, &name, self.port, &token)?;
        Ok(folder.join(format!("{name}.kubeconfig")))
    }

    /// The path of one of the programs, such as `kubectl`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.binaries.path(name)
    }

    /// Runs kubectl as that user and gives what it prints.
    ///
    /// # Errors
    ///
    /// It does not succeed; with what it says.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, Error> {
        kubectl(&self.binaries, &self.kubeconfig(), arguments)
    }
}

fn kubectl(binaries: &Binaries, kubeconfig: &Path, arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new(binaries.path("kubectl"))
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(arguments)
        .output()
        .map_err(Error::of("kubectl"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!(
        "kubectl {}: {said}",
        arguments.join(" ")
    )))
}

/// Ports that nobody listened on a moment ago.
fn free_ports<const N: usize>() -> Result<[u16; N], Error> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::of("a free port"))?;
        *port = listener
            .local_addr()
            .map_err(Error::of("a free port"))?
            .port();
        listeners.push(listener);
    }
    Ok(ports)
}

fn write_tokens(folder: &Path) -> Result<(), Error> {
    let text = format!(
        "{ADMIN},admin,admin,\"system:masters\"\n{CONTROLLERS},system:kube-controller-manager,controllers\n"
    );
    fs::write(folder.join("tokens.csv"), text).map_err(Error::of("tokens.csv"))
}

fn write_kubeconfig(
    folder: &Path,
    certificates: &Certificates,
    name: &str,
    port: u16,
    token: &str,
) -> Result<(), Error> {
    let ca = certificates.path("ca.crt");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters:\n- name: test\n  cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: '{}'}}\n\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\n\
         users:\n- name: test\n  user: {{token: {token}}}\n",
        ca.display()
    );
    fs::write(folder.join(format!("{name}.kubeconfig")), text).map_err(Error::of(name))
}

/// Asks until the answer is yes. kubectl takes long enough not to spin.
fn wait_until_ready(
    binaries: &Binaries,
    folder: &Path,
    apiserver: &mut Process,
) -> Result<(), Error> {
    let start = Instant::now();
    let kubeconfig = folder.join("admin.kubeconfig");
    loop {
        apiserver.must_run()?;
        match kubectl(binaries, &kubeconfig, &["get", "--raw", "/readyz"]) {
            Ok(_) => return Ok(()),
            Err(error) if start.elapsed() > PATIENCE => {
                return Err(Error::new(format!(
                    "kube-apiserver is not ready: {error}\n{}",
                    apiserver.log_end()
                )));
            }
            Err(_) => {}
        }
    }
}
