//! `NetworkPolicy` of `networking.k8s.io/v1`, as far as rules go.

use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::metadata::Metadata;
use crate::rule::Rule;
use crate::selector::LabelSelector;

/// A `NetworkPolicy` object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicy {
    /// `NetworkPolicy`.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// `networking.k8s.io/v1`.
    #[serde(deserialize_with = "null_as_default")]
    pub api_version: String,
    /// Its metadata.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Metadata,
    /// The rules.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: NetworkPolicySpec,
}

/// `spec` of a [`NetworkPolicy`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// The pods that it is for, in its own namespace; always written.
    #[serde(deserialize_with = "null_as_default")]
    pub pod_selector: LabelSelector,
    /// Who may connect. `None` is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Vec<IngressRule>>,
    /// Whom the pods may connect to. `None` is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<Vec<EgressRule>>,
    /// `Ingress`, `Egress`: the directions that are denied but for the rules.
    /// Not written if empty; Kubernetes then takes `Ingress`, and `Egress` if
    /// there are egress rules.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_types: Vec<String>,
}

impl NetworkPolicySpec {
    /// The same effect in the one order that policies share which differ only in
    /// the order and repetition of rules, ports, peers and conditions.
    pub fn canonical(&self) -> Self {
        let mut spec = self.clone();
        spec.pod_selector = self.pod_selector.canonical();
        spec.ingress = spec.ingress.map(canonical);
        spec.egress = spec.egress.map(canonical);
        spec.policy_types.sort_unstable();
        spec.policy_types.dedup();
        spec
    }
}

fn canonical<R: Into<Rule> + From<Rule>>(rules: Vec<R>) -> Vec<R> {
    let rules = rules.into_iter().map(|rule| rule.into().canonical());
    let rules: std::collections::BTreeSet<Rule> = rules.collect();
    rules.into_iter().map(R::from).collect()
}

/// Allowed connections to the pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// On these ports; on all if empty.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PolicyPort>,
    /// From these; from everywhere if empty.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<PolicyPeer>,
}

/// Allowed connections from the pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EgressRule {
    /// To these ports; to all if empty.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PolicyPort>,
    /// To these; to everywhere if empty.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<PolicyPeer>,
}

/// Ports of a rule. We write `port` and `protocol`; others may write ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPort {
    /// The port; every one of the protocol if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<PortNumberOrName>,
    /// The last port of a range that starts at `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_port: Option<i32>,
    /// `TCP` if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

/// A port of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PortNumberOrName {
    /// A number.
    Number(i32),
    /// The name of a container's port.
    Name(String),
}

/// The other end of allowed connections. At least one field is there, and
/// `ip_block` only alone; other peers, which Kubernetes refuses, match nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPeer {
    /// Pods with these labels, in the policy's namespace unless
    /// `namespace_selector` is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// Namespaces with these labels; all of their pods unless `pod_selector` is
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_block: Option<IpBlock>,
}

/// A network without some parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct IpBlock {
    /// The network, as in `10.0.0.0/8` or `2001:db8::/32`.
    #[serde(deserialize_with = "null_as_default")]
    pub cidr: String,
    /// The parts of it that are not meant.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}
