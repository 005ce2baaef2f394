//! What comes out of generating.

use serde::{Deserialize, Serialize};

use crate::metadata::Metadata;
use crate::policy::NetworkPolicy;
use crate::warning::Warning;

/// A generated policy and what to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The object to serve; the warnings are in its annotation
    /// `kubescape.io/warning`.
    pub object: GeneratedNetworkPolicy,
    /// The same warnings, one by one.
    pub warnings: Vec<Warning>,
}

/// A `GeneratedNetworkPolicy` object. (storage reference §3.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GeneratedNetworkPolicy {
    /// `spdx.softwarecomposition.kubescape.io/v1beta1`.
    pub api_version: String,
    /// `GeneratedNetworkPolicy`.
    pub kind: String,
    /// Name, namespace and labels of the source.
    pub metadata: Metadata,
    /// The policy, ready to be applied.
    pub spec: NetworkPolicy,
    /// Which addresses and names the networks of the policy come from; written
    /// even if empty.
    pub policy_ref: Vec<PolicyRef>,
}

/// Where a network of a policy comes from. All fields are written, empty or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyRef {
    /// The network as the policy has it.
    #[serde(rename = "ipBlock")]
    pub ip_block: String,
    /// The observed address.
    #[serde(rename = "originalIP")]
    pub original_ip: String,
    /// The name that it was looked up by.
    pub dns: String,
    /// Name of the known server.
    pub name: String,
    /// Domain of the known server.
    pub server: String,
}
