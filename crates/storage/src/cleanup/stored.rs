//! What a stored object says of itself. Pure.

use kubescape_names::label;
use kubescape_store::Meta;
use serde::Deserialize;

/// What a stored object says of itself, from the index alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) wlid: Option<String>,
    pub(crate) instance_id: Option<String>,
    pub(crate) image_id: Option<String>,
    pub(crate) managed_by: Option<String>,
    pub(crate) container: Option<String>,
    pub(crate) api_group: Option<String>,
    pub(crate) workload_kind: Option<String>,
    pub(crate) template_hash: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "kubescape.io/wlid")]
    wlid: Option<String>,
    #[serde(rename = "kubescape.io/instance-id")]
    instance_id: Option<String>,
    #[serde(rename = "kubescape.io/image-id")]
    image_id: Option<String>,
    #[serde(rename = "kubescape.io/managed-by")]
    managed_by: Option<String>,
    #[serde(rename = "kubescape.io/workload-container-name")]
    container: Option<String>,
}

impl Stored {
    /// `None` if the metadata cannot be read, which we wrote ourselves.
    pub(crate) fn read(meta: &Meta) -> Option<Self> {
        let metadata: Metadata = serde_json::from_str(&meta.metadata).ok()?;
        let annotations = metadata.annotations.unwrap_or_default();
        let label = |key: label::LabelKey| meta.labels.get(key.as_str()).cloned();
        Some(Self {
            name: meta.key.name.clone(),
            container: label(label::WORKLOAD_CONTAINER_NAME).or(annotations.container),
            api_group: label(label::WORKLOAD_API_GROUP),
            workload_kind: label(label::WORKLOAD_KIND),
            template_hash: label(label::INSTANCE_TEMPLATE_HASH),
            wlid: annotations.wlid,
            instance_id: annotations.instance_id,
            image_id: annotations.image_id,
            managed_by: annotations.managed_by,
        })
    }
}
