//! Clusters, registries and policies as a cloud provider describes them, and
//! what nodes and image scans say beside them.

use kubescape_engine::{Object, Value};

pub(crate) mod aks;
pub(crate) mod audit_logs;
pub(crate) mod cni;
pub(crate) mod cves;
pub(crate) mod eks;
pub(crate) mod encryption;
pub(crate) mod kube_proxy;
pub(crate) mod load_balancers;
pub(crate) mod nodes;
pub(crate) mod policies;
pub(crate) mod psp;
pub(crate) mod registries;
pub(crate) mod vulnerabilities;

/// API group of descriptions that come from AWS.
const AWS: &str = "eks.amazonaws.com";
/// API group of descriptions that come from Azure.
const AZURE: &str = "management.azure.com";
/// API group of descriptions that come from Google Cloud.
const GOOGLE: &str = "container.googleapis.com";

/// The `data` of a cluster description of this provider.
fn cluster<'a>(object: &Object<'a>, group: &str) -> Option<Value<'a>> {
    described(object, group, "ClusterDescribe")
}

/// The `data` of a description of this provider and kind.
fn described<'a>(object: &Object<'a>, group: &str, kind: &str) -> Option<Value<'a>> {
    (object.kind == kind && object.group == group).then(|| object.at("data"))
}

/// The value of one of two spellings of a key: descriptions come from Go
/// structures as well as from the JSON of the provider's API.
fn either<'a>(value: Value<'a>, one: &str, other: &str) -> Value<'a> {
    match value.at(one) {
        Value::Absent => value.at(other),
        found => found,
    }
}
