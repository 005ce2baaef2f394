//! Which cluster, and how to reach it.

use std::path::PathBuf;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::cluster::ConnectError;
use crate::trouble::chain;

/// Name of the context inside a pod.
const IN_CLUSTER: &str = "in-cluster";

/// Which cluster to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig; else `KUBECONFIG`, `~/.kube/config`, or the account of the
    /// pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; else its current one.
    pub context: Option<String>,
}

impl Access {
    /// A client of that cluster's API server, which is not asked yet. Needs a runtime.
    ///
    /// # Errors
    ///
    /// The kubeconfig is missing, broken or incomplete.
    pub async fn client(&self) -> Result<kube::Client, ConnectError> {
        self.client_with(|_| {}).await
    }

    /// The same, but one that hands on every failure at once instead of asking again
    /// and again: for whoever wants to know what the failure is.
    ///
    /// # Errors
    ///
    /// See [`Access::client`].
    pub async fn client_that_asks_once(&self) -> Result<kube::Client, ConnectError> {
        self.client_with(|config| config.default_retry = false)
            .await
    }

    async fn client_with(
        &self,
        change: impl FnOnce(&mut Config),
    ) -> Result<kube::Client, ConnectError> {
        let (context, mut config) = self.config().await?;
        change(&mut config);
        kube::Client::try_from(config).map_err(|error| {
            ConnectError::Kubeconfig(format!("context \"{context}\": {}", chain(&error)))
        })
    }

    /// The context's name, and how to reach its cluster.
    pub(crate) async fn config(&self) -> Result<(String, Config), ConnectError> {
        let in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        let kubeconfig = match self.kubeconfig() {
            Ok(kubeconfig) if !kubeconfig.contexts.is_empty() => kubeconfig,
            _ if in_pod && self.is_default() => return in_cluster(),
            Ok(kubeconfig) => kubeconfig,
            Err(error) => return Err(self.unreadable(&error)),
        };
        let Some(context) = self.context.clone().or(kubeconfig.current_context.clone()) else {
            return Err(ConnectError::Kubeconfig(
                "the kubeconfig has no current context; name one with --kube-context".to_owned(),
            ));
        };
        let names = || {
            kubeconfig
                .contexts
                .iter()
                .map(|context| context.name.clone())
        };
        if !names().any(|name| name == context) {
            return Err(ConnectError::NoSuchContext {
                name: context,
                known: names().collect(),
            });
        }
        let options = KubeConfigOptions {
            context: Some(context.clone()),
            ..KubeConfigOptions::default()
        };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| {
                ConnectError::Kubeconfig(format!("context \"{context}\": {}", chain(&error)))
            })?;
        Ok((context, config))
    }

    fn is_default(&self) -> bool {
        self.kubeconfig.is_none() && self.context.is_none()
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, KubeconfigError> {
        match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        }
    }

    fn unreadable(&self, error: &KubeconfigError) -> ConnectError {
        if let KubeconfigError::ReadConfig(error, path) = error {
            let path = path.display();
            return ConnectError::Kubeconfig(match self.kubeconfig {
                None if error.kind() == std::io::ErrorKind::NotFound => {
                    format!("there is no {path}; name a kubeconfig with --kubeconfig or KUBECONFIG")
                }
                _ => format!("cannot read the kubeconfig {path}: {error}"),
            });
        }
        ConnectError::Kubeconfig(format!("the kubeconfig cannot be used: {}", chain(error)))
    }
}

fn in_cluster() -> Result<(String, Config), ConnectError> {
    let config = Config::incluster().map_err(|error| {
        ConnectError::Kubeconfig(format!(
            "the pod's own account cannot be used: {}",
            chain(&error)
        ))
    })?;
    Ok((IN_CLUSTER.to_owned(), config))
}
