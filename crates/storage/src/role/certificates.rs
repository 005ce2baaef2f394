//! Certificates: what is shown, and whose are trusted.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use kubescape_runtime::serve::Peer;
use kubescape_runtime::tls::{ClientCertificate, ClientRoots, Identity, OwnCa, TlsError};
use kubescape_runtime::{Credentials, HealthCheck, Kubeconfig, Scope, Supervisor};

use super::RoleError;
use crate::auth::{Authentication, Caller, FrontProxy, MASTERS, Reviewer};
use crate::cluster::{KubeReviewer, Trust, follow_trust};
use crate::config::Config;

/// The authority of front proxies, among those of clients.
const FRONT_PROXY: &str = "front-proxy";
/// The authority of the cluster's clients.
const CLIENTS: &str = "clients";
/// An authority of clients that the configuration names, or our own.
const OWN_CLIENTS: &str = "own-clients";

fn ca_file(config: &Config) -> PathBuf {
    config.data_dir.join("ca.pem")
}

/// The certificate to show, and our own authority if it is of that.
pub(super) fn identity(config: &Config) -> Result<(Identity, Option<OwnCa>), TlsError> {
    if let Some((certificate, key)) = &config.tls {
        return Ok((Identity::from_files(certificate, key)?, None));
    }
    let now = SystemTime::now();
    let ca = OwnCa::open_or_create(&ca_file(config), now)?;
    let mut names = config.names.clone();
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let host = config.listen.rsplit_once(':').map(|(host, _)| host);
    let host = host.unwrap_or_default().trim_matches(['[', ']']);
    let unspecified = matches!(host, "" | "0.0.0.0" | "::");
    if !unspecified && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    let identity = Identity::from_own_ca(&ca, &names, now)?;
    Ok((identity, Some(ca)))
}

/// Who is let in: in a cluster whom it trusts, alone whom our authority signed.
pub(super) async fn authenticate(
    config: &Config,
    supervisor: &Supervisor,
    roots: &ClientRoots,
    ca: Option<&OwnCa>,
) -> Result<(Arc<Authentication>, Option<kube::Client>), RoleError> {
    if let Some(path) = &config.client_ca {
        roots.set_file(OWN_CLIENTS, path)?;
    }
    if config.standalone {
        if ca.is_some() && config.client_ca.is_none() {
            // The file and not its text: it changes when our authority does.
            roots.set_file(OWN_CLIENTS, &ca_file(config))?;
        }
        let alone = Authentication::new(FrontProxy::default(), None);
        return Ok((Arc::new(alone), None));
    }
    let client = client(config)
        .await
        .map_err(|error| RoleError::Cluster(error.to_string()))?;
    let reviewer: Arc<dyn Reviewer> = Arc::new(KubeReviewer::new(client.clone()));
    let authentication = Arc::new(Authentication::new(FrontProxy::default(), Some(reviewer)));
    let trusted = supervisor.health().register("front-proxy", Scope::Ready);
    let (shared, roots) = (Arc::clone(&authentication), roots.clone());
    let asked = client.clone();
    let shutdown = supervisor.shutdown();
    supervisor
        .tasks()
        .restarting("trust", Some(trusted.clone()), move || {
            let (shared, roots) = (Arc::clone(&shared), roots.clone());
            let (trusted, client) = (trusted.clone(), asked.clone());
            let shutdown = shutdown.clone();
            async move {
                let followed =
                    follow_trust(client, |trust| take_trust(trust, &shared, &roots, &trusted));
                tokio::select! {
                    () = followed => {}
                    () = shutdown.requested() => {}
                }
                Ok::<(), std::convert::Infallible>(())
            }
        });
    Ok((authentication, Some(client)))
}

async fn client(config: &Config) -> Result<kube::Client, Box<dyn std::error::Error + Send + Sync>> {
    let Some(path) = &config.kubeconfig else {
        return Ok(kube::Client::try_default().await?);
    };
    let kubeconfig = kube::config::Kubeconfig::read_from(path)?;
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    Ok(kube::Client::try_from(config)?)
}

fn take_trust(
    trust: Trust,
    authentication: &Authentication,
    roots: &ClientRoots,
    trusted: &HealthCheck,
) {
    let mut bad = Vec::new();
    for (name, pem) in [
        (FRONT_PROXY, &trust.front_proxy_ca),
        (CLIENTS, &trust.client_ca),
    ] {
        if pem.trim().is_empty() {
            roots.remove(name);
        } else if let Err(error) = roots.set(name, pem.as_bytes()) {
            bad.push(format!("{name}: {error}"));
        }
    }
    authentication.set_front_proxy(trust.front_proxy);
    if bad.is_empty() {
        trusted.ok();
    } else {
        trusted.failing(bad.join("; "));
    }
}

/// The address as clients of this machine reach it.
pub(super) fn reachable(address: std::net::SocketAddr) -> std::net::SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

pub(super) fn write_kubeconfig(
    config: &Config,
    ca: Option<&OwnCa>,
    url: &str,
) -> Result<Option<PathBuf>, RoleError> {
    let (Some(path), Some(ca)) = (&config.write_kubeconfig, ca) else {
        return Ok(None);
    };
    let now = SystemTime::now();
    let issued = ca.issue_client("kubescape-admin", Some(MASTERS), now)?;
    let kubeconfig = Kubeconfig {
        name: "kubescape".to_owned(),
        server: url.to_owned(),
        ca_pem: ca.bundle_pem(),
        credentials: Credentials::Certificate(issued),
        namespace: None,
    };
    kubeconfig.write(path)?;
    Ok(Some(path.clone()))
}

/// What the connection has proven.
pub(super) fn caller(peer: &Peer) -> Caller {
    match &peer.client {
        ClientCertificate::None => Caller::Nobody,
        ClientCertificate::Unverified(why) => Caller::Unverified(why.to_string()),
        ClientCertificate::Verified(client) => Caller::Certificate {
            name: client.common_name.clone(),
            groups: client.organizations.clone(),
            front_proxy: client.roots.iter().any(|root| **root == *FRONT_PROXY),
            client: client
                .roots
                .iter()
                .any(|root| **root == *CLIENTS || **root == *OWN_CLIENTS),
        },
    }
}
