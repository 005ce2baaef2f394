//! The role's life: from a configuration to a server that listens, and to its
//! orderly end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::serve::{Bound, Limits, Peer, ServeError, ServeOptions, TlsOptions};
use kubescape_runtime::tls::{ClientCertificate, ClientRoots, Identity, OwnCa, TlsError};
use kubescape_runtime::{
    Credentials, Drain, HealthCheck, Kubeconfig, KubeconfigError, RunError, Scope, Supervisor,
};
use kubescape_store::{SqliteOptions, SqliteStore, Store};

use crate::auth::{Authentication, Caller, FrontProxy, Reviewer};
use crate::cluster::{KubeReviewer, follow_trust};
use crate::config::Config;
use crate::operations::DATABASE;
use crate::server::Server;

/// The authority of front proxies, among those of clients.
const FRONT_PROXY: &str = "front-proxy";
/// The authority of the cluster's clients.
const CLIENTS: &str = "clients";
/// An authority of clients that the configuration names, or our own.
const OWN_CLIENTS: &str = "own-clients";

/// Between looks at certificates in files.
const REFRESH: Duration = Duration::from_secs(10);

/// Why the role does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] kubescape_store::Error),
    /// Certificates cannot be made or read.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error("{0}")]
    Serve(#[from] ServeError),
    /// The kubeconfig cannot be written.
    #[error("{0}")]
    Kubeconfig(#[from] KubeconfigError),
    /// There is no way to the cluster.
    #[error("cannot reach the cluster: {0}: run in a pod, give --kubeconfig, or --standalone")]
    Cluster(String),
    /// The folder of the data cannot be made.
    #[error("cannot use {folder} for data: {source}: give another --data-dir")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A task failed, or the end took too long.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// What a started role tells.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where it listens, as a URL.
    pub url: String,
    /// The kubeconfig that was written.
    pub kubeconfig: Option<std::path::PathBuf>,
}

/// Runs the role until it is told to end. `started` hears when it listens.
///
/// # Errors
///
/// See [`RoleError`]; data are kept.
pub async fn run(config: Config, started: impl FnOnce(Started)) -> Result<(), RoleError> {
    let supervisor = Supervisor::new(Drain::default());
    let store = start(&config, &supervisor, started).await?;
    let ended = supervisor.run().await;
    // The log goes into the file; blocks for as long as that takes.
    let _ = tokio::task::spawn_blocking(move || store.close()).await;
    Ok(ended?)
}

async fn start(
    config: &Config,
    supervisor: &Supervisor,
    started: impl FnOnce(Started),
) -> Result<Arc<SqliteStore>, RoleError> {
    make_folder(&config.data_dir)?;
    let (identity, ca) = identity(config)?;
    let roots = ClientRoots::new();
    let authentication = authenticate(config, supervisor, &roots, ca.as_ref()).await?;
    let server = Server::new(supervisor.health(), config.settings.clone());
    let tls = TlsOptions {
        identity: identity.clone(),
        client_roots: Some(roots.clone()),
    };
    let options = ServeOptions {
        tls: Some(tls),
        limits: Limits::default(),
    };
    let bound = Bound::bind(&config.listen, options).await?;
    let address = bound.local_addr();
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    let handler = {
        let server = server.clone();
        move |request, peer: Peer| {
            let server = server.clone();
            async move { server.answer(request, &caller(&peer)).await }
        }
    };
    tasks.essential("https", bound.serve(handler, shutdown.clone()));
    tasks.job("certificate", {
        let shutdown = shutdown.clone();
        async move {
            identity.keep_fresh(REFRESH, shutdown).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
    tasks.job("client-roots", {
        let shutdown = shutdown.clone();
        async move {
            roots.keep_fresh(REFRESH, shutdown).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
    let ready = supervisor.health().register("store", Scope::Ready);
    let store = open(config, &ready).await?;
    let shared: Arc<dyn Store> = store.clone();
    server.open(shared, authentication, &Metrics::new(), shutdown);
    let url = format!("https://{}", reachable(address));
    let kubeconfig = write_kubeconfig(config, ca.as_ref(), &url)?;
    started(Started { url, kubeconfig });
    Ok(store)
}

fn make_folder(folder: &Path) -> Result<(), RoleError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| RoleError::Folder {
            folder: folder.display().to_string(),
            source,
        })
}

/// The certificate to show, and our own authority if it is of that.
fn identity(config: &Config) -> Result<(Identity, Option<OwnCa>), TlsError> {
    if let Some((certificate, key)) = &config.tls {
        return Ok((Identity::from_files(certificate, key)?, None));
    }
    let now = SystemTime::now();
    let ca = OwnCa::open_or_create(&config.data_dir.join("ca.pem"), now)?;
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
async fn authenticate(
    config: &Config,
    supervisor: &Supervisor,
    roots: &ClientRoots,
    ca: Option<&OwnCa>,
) -> Result<Arc<Authentication>, RoleError> {
    if let Some(path) = &config.client_ca {
        roots.set_file(OWN_CLIENTS, path)?;
    }
    if config.standalone {
        if let (Some(ca), None) = (ca, &config.client_ca) {
            roots.set(OWN_CLIENTS, ca.bundle_pem().as_bytes())?;
        }
        return Ok(Arc::new(Authentication::new(FrontProxy::default(), None)));
    }
    let client = client(config)
        .await
        .map_err(|error| RoleError::Cluster(error.to_string()))?;
    let reviewer: Arc<dyn Reviewer> = Arc::new(KubeReviewer::new(client.clone()));
    let authentication = Arc::new(Authentication::new(FrontProxy::default(), Some(reviewer)));
    let trusted = supervisor.health().register("front-proxy", Scope::Ready);
    let (shared, roots) = (Arc::clone(&authentication), roots.clone());
    supervisor
        .tasks()
        .restarting("trust", Some(trusted.clone()), move || {
            let (shared, roots) = (Arc::clone(&shared), roots.clone());
            let (trusted, client) = (trusted.clone(), client.clone());
            async move {
                follow_trust(client, |trust| take_trust(trust, &shared, &roots, &trusted)).await;
                Ok::<(), std::convert::Infallible>(())
            }
        });
    Ok(authentication)
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
    trust: crate::cluster::Trust,
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

/// Opens the store, which may take a while; the server answers discovery
/// meanwhile.
async fn open(config: &Config, ready: &HealthCheck) -> Result<Arc<SqliteStore>, RoleError> {
    let mut options = SqliteOptions::new(config.data_dir.join(DATABASE));
    options.max_body = config.settings.largest_body();
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(options)).await;
    let store = opened
        .map_err(|error| RoleError::Store(kubescape_store::Error::Internal(error.to_string())))??;
    if let Some(recovery) = store.recovery() {
        tracing::error!(?recovery, "the database was damaged and was recovered");
    }
    ready.ok();
    Ok(Arc::new(store))
}

/// The address as clients of this machine reach it.
fn reachable(address: std::net::SocketAddr) -> std::net::SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

fn write_kubeconfig(
    config: &Config,
    ca: Option<&OwnCa>,
    url: &str,
) -> Result<Option<std::path::PathBuf>, RoleError> {
    let (Some(path), Some(ca)) = (&config.write_kubeconfig, ca) else {
        return Ok(None);
    };
    let now = SystemTime::now();
    let issued = ca.issue_client("kubescape-admin", Some(crate::auth::MASTERS), now)?;
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
fn caller(peer: &Peer) -> Caller {
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
