//! Whom the cluster trusts as front proxy and as clients, followed while it
//! changes: authorities rotate.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};

use crate::auth::FrontProxy;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "extension-apiserver-authentication";

/// What the ConfigMap `kube-system/extension-apiserver-authentication` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Authorities of the front proxy, as PEM; empty when there are none.
    pub front_proxy_ca: String,
    /// Authorities of clients, as PEM; empty when there are none.
    pub client_ca: String,
    /// Names and headers.
    pub front_proxy: FrontProxy,
}

impl Trust {
    /// Reads the data of the ConfigMap.
    ///
    /// # Errors
    ///
    /// Names the key that is no JSON list of texts.
    pub fn from_data(data: &BTreeMap<String, String>) -> Result<Self, String> {
        let list = |key: &str, default: Vec<String>| match data.get(key) {
            None => Ok(default),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| format!("{NAMESPACE}/{NAME}: {key}: {error}")),
        };
        let text = |key: &str| data.get(key).cloned().unwrap_or_default();
        let default = FrontProxy::default();
        Ok(Self {
            front_proxy_ca: text("requestheader-client-ca-file"),
            client_ca: text("client-ca-file"),
            front_proxy: FrontProxy {
                allowed_names: list("requestheader-allowed-names", default.allowed_names)?,
                user_headers: list("requestheader-username-headers", default.user_headers)?,
                uid_headers: list("requestheader-uid-headers", default.uid_headers)?,
                group_headers: list("requestheader-group-headers", default.group_headers)?,
                extra_prefixes: list("requestheader-extra-headers-prefix", default.extra_prefixes)?,
            },
        })
    }
}

/// Tells `changed` what the cluster trusts, at once and after each change. Ends
/// never; what goes wrong is logged and tried again, with the last trust kept.
pub async fn follow_trust(client: Client, mut changed: impl FnMut(Trust)) {
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let only = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
    loop {
        let objects = watcher(api.clone(), only.clone())
            .default_backoff()
            .applied_objects();
        let mut objects = std::pin::pin!(objects);
        while let Some(object) = objects.next().await {
            match object {
                Ok(object) => match Trust::from_data(&object.data.unwrap_or_default()) {
                    Ok(trust) => changed(trust),
                    Err(error) => tracing::error!(error, "kept what was trusted before"),
                },
                Err(error) => tracing::warn!(
                    %error,
                    "cannot watch {NAMESPACE}/{NAME}: the role \
                     extension-apiserver-authentication-reader allows it"
                ),
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_map_of_a_cluster_is_read() {
        let data = BTreeMap::from([
            ("client-ca-file".to_owned(), "A".to_owned()),
            ("requestheader-client-ca-file".to_owned(), "B".to_owned()),
            (
                "requestheader-allowed-names".to_owned(),
                r#"["front-proxy-client"]"#.to_owned(),
            ),
            (
                "requestheader-username-headers".to_owned(),
                r#"["X-Remote-User"]"#.to_owned(),
            ),
        ]);
        let trust = Trust::from_data(&data).unwrap();
        assert_eq!((&*trust.client_ca, &*trust.front_proxy_ca), ("A", "B"));
        assert_eq!(trust.front_proxy.allowed_names, ["front-proxy-client"]);
        assert_eq!(trust.front_proxy.group_headers, ["X-Remote-Group"]);
    }

    #[test]
    fn a_bad_list_names_its_key() {
        let data = BTreeMap::from([("requestheader-allowed-names".to_owned(), "x".to_owned())]);
        let error = Trust::from_data(&data).unwrap_err();
        assert!(error.contains("requestheader-allowed-names"), "{error}");
    }
}
