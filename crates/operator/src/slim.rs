//! Pods, as much of them as matters here.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

/// A pod with its containers' names and images.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SlimPod {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: SlimSpec,
    #[serde(default)]
    pub(crate) status: SlimStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlimSpec {
    #[serde(default)]
    pub(crate) containers: Vec<SlimContainer>,
    #[serde(default)]
    pub(crate) init_containers: Vec<SlimContainer>,
    #[serde(default)]
    pub(crate) image_pull_secrets: Vec<SlimReference>,
    #[serde(default)]
    pub(crate) service_account_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SlimContainer {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) image: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SlimReference {
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlimStatus {
    #[serde(default)]
    pub(crate) phase: String,
    #[serde(default)]
    pub(crate) container_statuses: Vec<SlimContainerStatus>,
    #[serde(default)]
    pub(crate) init_container_statuses: Vec<SlimContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SlimContainerStatus {
    pub(crate) name: String,
    #[serde(default, rename = "imageID")]
    pub(crate) image_id: String,
    #[serde(default)]
    pub(crate) state: SlimState,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SlimState {
    pub(crate) running: Option<serde::de::IgnoredAny>,
}

impl kube::Resource for SlimPod {
    type DynamicType = ();
    type Scope = k8s_openapi::NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Pod::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Pod::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Pod::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl SlimPod {
    /// Containers that run, with the identifiers of their images.
    pub(crate) fn images(&self) -> Vec<(String, String)> {
        if self.status.phase != "Running" {
            return Vec::new();
        }
        let statuses = &self.status.container_statuses;
        statuses
            .iter()
            .chain(&self.status.init_container_statuses)
            .filter(|status| status.state.running.is_some() && !status.image_id.is_empty())
            .map(|status| {
                let id = status.image_id.trim_start_matches("docker-pullable://");
                (status.name.clone(), id.to_owned())
            })
            .collect()
    }
}
