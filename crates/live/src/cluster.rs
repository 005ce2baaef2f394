//! A cluster that answers.

use std::fmt;

use kubescape_engine::{Plan, Scope};
use kubescape_scan::Cancel;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use crate::access::Access;
use crate::connection::{Connection, remedied};
use crate::discovery::Discovery;
use crate::nodes::Provider;
use crate::patience::Patience;
use crate::requests::{Requests, wanted};
use crate::survey::Survey;
use crate::wanted::{Namespaces, Target};

/// Why there is no cluster to scan. Says what to do where that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The kubeconfig does not have that context.
    #[error("the kubeconfig has no context \"{name}\"{}", known_contexts(.known))]
    NoSuchContext {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The kubeconfig is missing, broken or incomplete.
    #[error("{0}")]
    Kubeconfig(String),
    /// The server does not answer, or not to this user.
    #[error("cluster \"{context}\" at {url}: {reason}")]
    Server {
        /// The context.
        context: String,
        /// Where it should be.
        url: String,
        /// What is wrong, with a remedy.
        reason: String,
    },
    /// The cluster does not have the kind of the only object to judge.
    #[error(
        "the cluster has no kind that is called \"{0}\"; `kubectl api-resources` shows them all"
    )]
    NoSuchKind(String),
    /// Nobody wanted it any more.
    #[error("connecting was cancelled")]
    Cancelled,
    /// The program's surroundings failed.
    #[error("cannot start: {0}")]
    Start(#[from] std::io::Error),
}

fn known_contexts(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; it has {}", known.join(", "))
}

/// What reports say of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Name of the context; `in-cluster` in a pod.
    pub context: String,
    /// Where the API server is.
    pub url: String,
    /// What the API server says of its version; null when it says nothing.
    pub version: Json,
    /// Whose machines it runs on, when that is known and one of these.
    pub provider: Option<&'static str>,
    /// Nodes that take workloads, when Nodes were read.
    pub worker_nodes: Option<usize>,
}

impl About {
    /// `v1.34.4`, or `""`.
    pub fn git_version(&self) -> &str {
        self.version["gitVersion"].as_str().unwrap_or_default()
    }
}

/// A connection to a cluster whose API server answers.
pub struct Cluster {
    pub(crate) requests: Requests,
    pub(crate) about: About,
    discovery: Discovery,
    provider: Option<Provider>,
    // Last, since requests run on it.
    _runtime: Runtime,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client, which holds credentials.
        out.debug_struct("Cluster")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Finds the cluster and asks for its version, its kinds and its first Node.
    ///
    /// Waits for the network, so not to be called on a thread of a runtime:
    /// [`Connection::open`] is for those.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect(access: &Access, patience: Patience) -> Result<Self, ConnectError> {
        Self::connect_unless(access, patience, &Cancel::default())
    }

    /// The same, but giving up when that is set.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect_unless(
        access: &Access,
        patience: Patience,
        cancel: &Cancel,
    ) -> Result<Self, ConnectError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // They only move bytes; those who read them have threads of their own.
            .worker_threads(1)
            .thread_name("kubescape-live")
            .enable_all()
            .build()?;
        let asked = wanted(cancel, async {
            let connection = Connection::open(access, patience).await?;
            let discovery = Discovery::ask(&connection.caller)
                .await
                .map_err(|trouble| {
                    let reason = format!("discovery: {}", remedied(&trouble));
                    connection.about().failed(reason)
                })?;
            Ok::<_, ConnectError>((connection, discovery))
        });
        let Some(answered) = runtime.block_on(asked) else {
            return Err(ConnectError::Cancelled);
        };
        let (connection, discovery) = answered?;
        Ok(Self {
            requests: Requests::new(connection.caller.clone(), runtime.handle().clone()),
            about: connection.about().clone(),
            discovery,
            provider: connection.provider(),
            _runtime: runtime,
        })
    }

    /// What controls are to judge: a cluster, or one of a provider.
    pub fn scope(&self) -> Scope {
        self.provider.map_or(Scope::Cluster, Provider::scope)
    }

    /// What is known of it so far.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What of the cluster the plan reads.
    ///
    /// # Errors
    ///
    /// The cluster does not have the kind of `target`.
    pub fn survey(
        &self,
        plan: &Plan,
        namespaces: &Namespaces,
        target: Option<&Target>,
    ) -> Result<Survey<'_>, ConnectError> {
        Survey::new(self, &self.discovery, plan, namespaces, target)
    }
}
