//! What was observed of a workload's traffic. (storage reference §3.)

use serde::Deserialize;

use crate::lenient::null_as_default;
use crate::metadata::Metadata;
use crate::selector::LabelSelector;

/// A `NetworkNeighbors` object: the seed's form.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkNeighbors {
    /// Its metadata.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Metadata,
    /// What was observed.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: NetworkNeighborsSpec,
}

/// `spec` of [`NetworkNeighbors`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkNeighborsSpec {
    /// `matchLabels` and `matchExpressions`: the workload's pods.
    #[serde(flatten)]
    pub selector: LabelSelector,
    /// Who connects to the pods.
    #[serde(deserialize_with = "null_as_default")]
    pub ingress: Vec<NetworkNeighbor>,
    /// Whom the pods connect to.
    #[serde(deserialize_with = "null_as_default")]
    pub egress: Vec<NetworkNeighbor>,
}

/// A `NetworkNeighborhood` object: the later form, by container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkNeighborhood {
    /// Its metadata.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Metadata,
    /// What was observed.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: NetworkNeighborhoodSpec,
}

/// `spec` of [`NetworkNeighborhood`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkNeighborhoodSpec {
    /// `matchLabels` and `matchExpressions`: the workload's pods.
    #[serde(flatten)]
    pub selector: LabelSelector,
    /// Regular containers.
    #[serde(deserialize_with = "null_as_default")]
    pub containers: Vec<ContainerNeighbors>,
    /// Init containers.
    #[serde(deserialize_with = "null_as_default")]
    pub init_containers: Vec<ContainerNeighbors>,
    /// Ephemeral containers.
    #[serde(deserialize_with = "null_as_default")]
    pub ephemeral_containers: Vec<ContainerNeighbors>,
}

impl NetworkNeighborhoodSpec {
    /// The containers of all types, in the order that upstream reads them.
    pub fn all_containers(&self) -> impl Iterator<Item = &ContainerNeighbors> {
        let regular = self.containers.iter();
        regular
            .chain(&self.init_containers)
            .chain(&self.ephemeral_containers)
    }
}

/// What was observed of one container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ContainerNeighbors {
    /// Name of the container.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Who connects to it.
    #[serde(deserialize_with = "null_as_default")]
    pub ingress: Vec<NetworkNeighbor>,
    /// Whom it connects to.
    #[serde(deserialize_with = "null_as_default")]
    pub egress: Vec<NetworkNeighbor>,
}

/// The other end of observed connections: pods, or addresses.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkNeighbor {
    /// Hash over everything but the ports, made by the client.
    #[serde(deserialize_with = "null_as_default")]
    pub identifier: String,
    /// `internal` or `external` to the cluster.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// The name that the address was looked up by, if any.
    #[serde(deserialize_with = "null_as_default")]
    pub dns: String,
    /// Further such names. Later clients only.
    #[serde(deserialize_with = "null_as_default")]
    pub dns_names: Vec<String>,
    /// The ports, of the pods for ingress, of the neighbour for egress.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<NeighborPort>,
    /// Labels of the neighbour, if it is pods.
    pub pod_selector: Option<LabelSelector>,
    /// Labels of the pods' namespace; the workload's own if absent.
    pub namespace_selector: Option<LabelSelector>,
    /// The address, if it is none of the cluster's pods.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_address: String,
    /// Further addresses: literal, CIDR or `*`. Later clients only.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_addresses: Vec<String>,
}

impl NetworkNeighbor {
    /// [`dns`](Self::dns) and [`dns_names`](Self::dns_names), without empty ones
    /// and repetitions next to each other.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let first = Some(self.dns.as_str());
        let further = self.dns_names.iter().map(String::as_str);
        // A name with the root's dot is the same name.
        let same = |a: &str, b: &str| a.trim_end_matches('.') == b.trim_end_matches('.');
        let further = further.filter(move |name| !same(name, &self.dns));
        first
            .into_iter()
            .chain(further)
            .filter(|name| !name.is_empty())
    }
}

/// A port of observed connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NeighborPort {
    /// `TCP-80`; the merge key of lists.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`, in any case; empty means `TCP`.
    #[serde(deserialize_with = "null_as_default")]
    pub protocol: String,
    /// The number, 1 to 65535.
    pub port: Option<i32>,
}

impl NeighborPort {
    /// The protocol as Kubernetes writes it.
    pub fn protocol(&self) -> String {
        if self.protocol.is_empty() {
            return "TCP".to_owned();
        }
        self.protocol.to_ascii_uppercase()
    }
}
