//! When the last full scan that this operator asked for ended: outlives the process.

use std::path::PathBuf;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use kubescape_runtime::files;
use serde_json::json;

/// The ConfigMap in a cluster, and its key.
const NAME: &str = "kubescape-operator-state";
const KEY: &str = "lastFullScan";

/// Where it is kept. Clones are one.
#[derive(Clone)]
pub(crate) enum Stamp {
    /// A file.
    File(PathBuf),
    /// A ConfigMap of the release's namespace.
    Cluster(Box<Api<ConfigMap>>),
}

impl Stamp {
    /// What is written there; nothing when it cannot be read.
    pub(crate) async fn read(&self) -> Option<Timestamp> {
        let text = match self {
            Self::File(path) => {
                let text = files::read_limited(path, 100).ok()?;
                String::from_utf8(text).ok()?
            }
            Self::Cluster(api) => {
                let found = api.get_opt(NAME).await.ok().flatten()?;
                found.data?.remove(KEY)?
            }
        };
        text.trim().parse().ok()
    }

    /// Writes down that a full scan ended now. What cannot be written costs a scan
    /// after the next start.
    pub(crate) async fn now(&self) {
        let now = Timestamp::now().to_string();
        let written = match self {
            Self::File(path) => {
                let written = files::write_whole(path, now.as_bytes(), 0o600);
                written.map_err(|error| error.to_string())
            }
            Self::Cluster(api) => write(api, &now).await.map_err(|error| error.to_string()),
        };
        if let Err(error) = written {
            tracing::debug!(error, "the end of the scan is not written down");
        }
    }
}

async fn write(api: &Api<ConfigMap>, now: &str) -> kube::Result<()> {
    let state = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": NAME}, "data": {KEY: now}});
    let patch = Patch::Merge(&state);
    match api.patch(NAME, &PatchParams::default(), &patch).await {
        Err(kube::Error::Api(status)) if status.code == 404 => {
            let made: ConfigMap = serde_json::from_value(state).map_err(kube::Error::SerdeError)?;
            api.create(&PostParams::default(), &made).await.map(|_| ())
        }
        patched => patched.map(|_| ()),
    }
}
