//! A connection to an API server that answers, within a tokio runtime.

use std::fmt;

use kubescape_collect::ListEnd;
use kubescape_engine::Scope;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::access::Access;
use crate::caller::Caller;
use crate::cluster::{About, ConnectError};
use crate::nodes::{self, Provider};
use crate::patience::Patience;
use crate::trouble::{Trouble, chain};

/// A connection to a cluster. Clones share it.
///
/// It outlives its server's absences: requests fail meanwhile, and whoever makes
/// them tries again. When the server does not accept the credentials (any more),
/// they are read anew from where [`Access`] says.
#[derive(Clone)]
pub struct Connection {
    pub(crate) caller: Caller,
    about: About,
    provider: Option<Provider>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client, which holds credentials.
        out.debug_struct("Connection")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Finds the cluster and asks for its version and its first Node. To be tried
    /// again, with longer and longer waits, by whoever cannot do without.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open(access: &Access, patience: Patience) -> Result<Self, ConnectError> {
        let (context, config) = access.config().await?;
        let url = config.cluster_url.to_string();
        let url = url.trim_end_matches('/').to_owned();
        let mut about = About {
            context,
            url,
            ..About::default()
        };
        let caller = Caller::new(access.clone(), config, patience)
            .map_err(|error| about.failed(chain(&error)))?;
        about.version = version(&caller.knocking())
            .await
            .map_err(|trouble| about.failed(remedied(&trouble)))?;
        let provider = provider(&caller).await;
        about.provider = provider.map(Provider::name);
        Ok(Self {
            caller,
            about,
            provider,
        })
    }

    /// What controls are to judge: a cluster, or one of a provider.
    pub fn scope(&self) -> Scope {
        self.provider.map_or(Scope::Cluster, Provider::scope)
    }

    /// What is known of the cluster so far.
    pub fn about(&self) -> &About {
        &self.about
    }

    pub(crate) fn provider(&self) -> Option<Provider> {
        self.provider
    }
}

impl About {
    pub(crate) fn failed(&self, reason: String) -> ConnectError {
        ConnectError::Server {
            context: self.context.clone(),
            url: self.url.clone(),
            reason,
        }
    }
}

/// The server's version; null when users may not ask.
pub(crate) async fn version(caller: &Caller) -> Result<Json, Trouble> {
    match caller.get("/version", "application/json").await {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|error| Trouble::Broken(format!("this is no Kubernetes API: {error}"))),
        Err(Trouble::Forbidden(_) | Trouble::Missing) => Ok(Json::Null),
        Err(trouble) => Err(trouble),
    }
}

/// Of the first Node. Users who may not list Nodes can say what it is themselves.
async fn provider(caller: &Caller) -> Option<Provider> {
    #[derive(serde::Deserialize)]
    struct Nodes {
        items: Vec<Box<RawValue>>,
        #[serde(default, rename = "metadata")]
        _metadata: ListEnd,
    }
    let path = "/api/v1/nodes?limit=1";
    let answer = caller.get(path, "application/json").await.ok()?;
    let nodes: Nodes = serde_json::from_slice(&answer).ok()?;
    nodes::provider(nodes.items.first()?.get())
}

pub(crate) fn remedied(trouble: &Trouble) -> String {
    let remedy = match trouble {
        Trouble::Unauthorized => "; log in again, or choose another --kube-context",
        Trouble::Unreachable(_) | Trouble::Slow(_) => {
            "; check that it runs, and the address in the kubeconfig"
        }
        _ => "",
    };
    format!("{trouble}{remedy}")
}
