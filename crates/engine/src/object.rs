//! A Kubernetes-like object and who it is.

use crate::Value;

/// An object with its identity read once. Host data, cloud descriptions and
/// custom resources are objects too.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The whole object.
    pub value: Value<'a>,
    /// `apiVersion`, or `""`.
    pub api_version: &'a str,
    /// The part of `apiVersion` before the slash; `""` for the core group.
    pub group: &'a str,
    /// The part of `apiVersion` after the slash.
    pub version: &'a str,
    /// `kind`, or `""`.
    pub kind: &'a str,
    /// `metadata.name`, or `""`.
    pub name: &'a str,
    /// `metadata.namespace`, or `""`.
    pub namespace: &'a str,
    /// Where the caller keeps what it knows about this object (its number in
    /// the scan). Checks do not look at it.
    pub seq: u32,
}

impl<'a> Object<'a> {
    /// Reads the identity; whatever is missing is `""`.
    pub fn new(value: Value<'a>, seq: u32) -> Self {
        let api_version = value.at("apiVersion").str();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let metadata = value.at("metadata");
        Self {
            value,
            api_version,
            group,
            version,
            kind: value.at("kind").str(),
            name: metadata.at("name").str(),
            namespace: metadata.at("namespace").str(),
            seq,
        }
    }

    /// The value of a top-level key.
    pub fn at(&self, key: &str) -> Value<'a> {
        self.value.at(key)
    }

    /// `spec`.
    pub fn spec(&self) -> Value<'a> {
        self.value.at("spec")
    }

    /// `metadata`.
    pub fn metadata(&self) -> Value<'a> {
        self.value.at("metadata")
    }

    /// `metadata.labels`.
    pub fn labels(&self) -> Value<'a> {
        self.metadata().at("labels")
    }

    /// `metadata.annotations`.
    pub fn annotations(&self) -> Value<'a> {
        self.metadata().at("annotations")
    }

    /// The namespace that the API server would put the object into:
    /// `default` when a namespaced object names none.
    pub fn namespace_or_default(&self) -> &'a str {
        if self.namespace.is_empty() {
            "default"
        } else {
            self.namespace
        }
    }

    /// Whether a built-in controller made it from a template that is judged itself.
    /// Pods of nodes and of custom resources are nobody else's.
    /// (config-scanning reference §4, "Owner filter".)
    pub fn is_owned(&self) -> bool {
        let first = self.metadata().at("ownerReferences").items().first();
        let owner = first.map_or("", |owner| owner.at("apiVersion").str());
        matches!(self.kind, "Pod" | "Job" | "ReplicaSet")
            && matches!(owner, "apps/v1" | "batch/v1" | "batch/v1beta1")
    }

    /// Whether it is of a kind of the Kubernetes API that has no namespace, or node
    /// or cloud data.
    pub fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(self.group, self.kind)
    }

    /// `<group>/<version>/<namespace>/<kind>/<name>` with an empty group for
    /// core objects; without the namespace part for node and cloud data.
    /// (config-scanning reference §4, "Resource IDs".)
    pub fn resource_id(&self) -> String {
        let Object {
            group,
            version,
            namespace,
            kind,
            name,
            ..
        } = self;
        if is_external_group(group) {
            format!("{group}/{version}/{kind}/{name}")
        } else {
            format!("{group}/{version}/{namespace}/{kind}/{name}")
        }
    }
}

/// See [`Object::is_cluster_scoped`].
pub(crate) fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    is_external_group(group)
        || matches!(
            kind,
            "APIService"
                | "CSIDriver"
                | "CSINode"
                | "CertificateSigningRequest"
                | "CiliumClusterwideNetworkPolicy"
                | "ClusterRole"
                | "ClusterRoleBinding"
                | "ComponentStatus"
                | "CustomResourceDefinition"
                | "FlowSchema"
                | "GatewayClass"
                | "IngressClass"
                | "MutatingWebhookConfiguration"
                | "Node"
                | "PersistentVolume"
                | "PodSecurityPolicy"
                | "PriorityClass"
                | "PriorityLevelConfiguration"
                | "RuntimeClass"
                | "StorageClass"
                | "ValidatingAdmissionPolicy"
                | "ValidatingAdmissionPolicyBinding"
                | "ValidatingWebhookConfiguration"
                | "VolumeAttachment"
        )
}

/// Whether objects of this API group come from a node or a cloud provider
/// instead of from the Kubernetes API.
pub fn is_external_group(group: &str) -> bool {
    matches!(
        group,
        "hostdata.kubescape.cloud"
            | "apiserverinfo.kubescape.cloud"
            | "eks.amazonaws.com"
            | "management.azure.com"
            | "container.googleapis.com"
            | "armo.vuln.images"
            | "image.vulnscan.com"
    )
}
