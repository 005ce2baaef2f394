//! How each program is started.

use std::path::{Path, PathBuf};

use crate::certificates::Certificates;
use crate::process::Process;
use crate::{Binaries, Error};

/// A program and its arguments, to be started any number of times.
pub(crate) struct Launch {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Launch {
    fn new(
        name: &'static str,
        binaries: &Binaries,
        arguments: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            name,
            program: binaries.path(name),
            arguments: arguments.into_iter().collect(),
        }
    }

    /// Starts it; its log is in the folder.
    pub(crate) fn start(&self, folder: &Path) -> Result<Process, Error> {
        Process::start(self.name, &self.program, &self.arguments, folder)
    }
}

pub(crate) fn etcd(
    binaries: &Binaries,
    folder: &Path,
    [port, peer_port]: [u16; 2],
    flags: &[&str],
) -> Launch {
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
    Launch::new("etcd", binaries, arguments)
}

pub(crate) fn apiserver(
    binaries: &Binaries,
    folder: &Path,
    certificates: &Certificates,
    etcd_port: u16,
    port: u16,
) -> Launch {
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
    let arguments = arguments.into_iter().chain(fixed.map(str::to_owned));
    Launch::new("kube-apiserver", binaries, arguments)
}

pub(crate) fn controllers(
    binaries: &Binaries,
    folder: &Path,
    certificates: &Certificates,
    port: u16,
) -> Launch {
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
    Launch::new("kube-controller-manager", binaries, arguments)
}
