//! Starting the three programs in order.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::process::Process;
use crate::{Binaries, Error};

/// How long one program may take to get ready, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Token of a user who may do everything.
const ADMIN: &str = "admin-token";

/// Token of the controller manager.
const CONTROLLERS: &str = "controllers-token";

/// A running control plane on the loopback interface. Dropping it stops it and
/// removes its data. There are no nodes and no scheduler: Pods stay pending.
pub struct Cluster {
    // Stopped in this order.
    _controllers: Process,
    apiserver: Process,
    etcd: Process,
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
        let etcd = start_etcd(&binaries, folder.path(), [etcd_port, peer_port], etcd_flags)?;
        let mut apiserver =
            start_apiserver(&binaries, folder.path(), &certificates, etcd_port, port)?;
        write_kubeconfig(folder.path(), &certificates, "admin", port, ADMIN)?;
        write_kubeconfig(
            folder.path(),
            &certificates,
            "controllers",
            port,
            CONTROLLERS,
        )?;
        wait_until_ready(&binaries, folder.path(), &mut apiserver)?;
        let controllers =
            start_controllers(&binaries, folder.path(), &certificates, controllers_port)?;
        Ok(Self {
            _controllers: controllers,
            apiserver,
            etcd,
            binaries,
            folder,
            port,
        })
    }

    /// Kubeconfig of a user who may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// The process ids of etcd and kube-apiserver, to measure them.
    pub fn store_processes(&self) -> [u32; 2] {
        [self.etcd.id(), self.apiserver.id()]
    }

    /// Where kube-apiserver listens.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Certificate of the authority that signs the front proxy's certificates:
    /// what an aggregated API server checks requests against.
    pub fn front_proxy_ca(&self) -> PathBuf {
        self.folder.path().join("front-ca.crt")
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

fn start_etcd(
    binaries: &Binaries,
    folder: &Path,
    [port, peer_port]: [u16; 2],
    flags: &[&str],
) -> Result<Process, Error> {
    let client = format!("http://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    let mut arguments = vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ];
    arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    Process::start("etcd", &binaries.path("etcd"), &arguments, folder)
}

fn start_apiserver(
    binaries: &Binaries,
    folder: &Path,
    certificates: &Certificates,
    etcd_port: u16,
    port: u16,
) -> Result<Process, Error> {
    let file = |flag: &str, name: &str| format!("--{flag}={}", certificates.path(name).display());
    let arguments = [
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.display()),
        format!("--token-auth-file={}", folder.join("tokens.csv").display()),
        file("tls-cert-file", "server.crt"),
        file("tls-private-key-file", "server.key"),
        file("client-ca-file", "ca.crt"),
        file("service-account-key-file", "accounts.pub"),
        file("service-account-signing-key-file", "accounts.key"),
        file("requestheader-client-ca-file", "front-ca.crt"),
        file("proxy-client-cert-file", "front-client.crt"),
        file("proxy-client-key-file", "front-client.key"),
    ];
    let fixed = [
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--authorization-mode=Node,RBAC",
        "--service-cluster-ip-range=127.0.1.0/24",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ];
    let arguments = [arguments.to_vec(), fixed.map(str::to_owned).to_vec()].concat();
    Process::start(
        "kube-apiserver",
        &binaries.path("kube-apiserver"),
        &arguments,
        folder,
    )
}

fn start_controllers(
    binaries: &Binaries,
    folder: &Path,
    certificates: &Certificates,
    port: u16,
) -> Result<Process, Error> {
    let kubeconfig = folder.join("controllers.kubeconfig");
    let config = |flag: &str| format!("--{flag}={}", kubeconfig.display());
    let file = |flag: &str, name: &str| format!("--{flag}={}", certificates.path(name).display());
    let arguments = [
        config("kubeconfig"),
        config("authentication-kubeconfig"),
        config("authorization-kubeconfig"),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.display()),
        file("service-account-private-key-file", "accounts.key"),
        file("root-ca-file", "ca.crt"),
        file("cluster-signing-cert-file", "ca.crt"),
        file("cluster-signing-key-file", "ca.key"),
        file("requestheader-client-ca-file", "front-ca.crt"),
        "--bind-address=127.0.0.1".to_owned(),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials=true".to_owned(),
        // Tests make nodes of their own that nobody keeps alive.
        "--controllers=*,-node-lifecycle-controller".to_owned(),
    ];
    Process::start(
        "kube-controller-manager",
        &binaries.path("kube-controller-manager"),
        &arguments,
        folder,
    )
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
