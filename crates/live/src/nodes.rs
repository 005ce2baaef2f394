//! What Nodes tell about their cluster. (config-scanning reference §4, §4.2.)

use kubescape_engine::Scope;
use serde::Deserialize;

/// Who runs the cluster's machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Amazon.
    Eks,
    /// Microsoft.
    Aks,
    /// Google.
    Gke,
}

impl Provider {
    /// The name that reports and rules use: `eks`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eks => "eks",
            Self::Aks => "aks",
            Self::Gke => "gke",
        }
    }

    /// The scope of controls.
    pub fn scope(self) -> Scope {
        match self {
            Self::Eks => Scope::Eks,
            Self::Aks => Scope::Aks,
            Self::Gke => Scope::Gke,
        }
    }
}

/// The part of a Node that counts here. Fields of other types are as good as none.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    #[serde(rename = "providerID")]
    provider_id: String,
    taints: Vec<Taint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Taint {
    value: String,
    effect: String,
}

/// Who runs a Node, from the scheme of its `spec.providerID`.
pub(crate) fn provider(node: &str) -> Option<Provider> {
    let node: Node = serde_json::from_str(node).ok()?;
    match node.spec.provider_id.split_once("://")?.0 {
        "aws" => Some(Provider::Eks),
        "azure" => Some(Provider::Aks),
        "gce" => Some(Provider::Gke),
        _ => None,
    }
}

/// Whether a Node takes workloads: no taint without a value keeps them away.
pub(crate) fn is_worker(node: &str) -> bool {
    let node: Result<Node, _> = serde_json::from_str(node);
    let keeps_away = |taint: &Taint| taint.effect == "NoSchedule" && taint.value.is_empty();
    node.is_ok_and(|node| !node.spec.taints.iter().any(keeps_away))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_of_the_provider_id_names_the_cloud() {
        let of = |id: &str| provider(&format!(r#"{{"spec":{{"providerID":"{id}"}}}}"#));
        assert_eq!(of("aws:///eu-west-1a/i-0123"), Some(Provider::Eks));
        assert_eq!(of("azure:///subscriptions/x"), Some(Provider::Aks));
        assert_eq!(of("gce://project/zone/name"), Some(Provider::Gke));
        assert_eq!(of("kind://docker/kind/a"), None);
        assert_eq!(of(""), None);
        assert_eq!(provider(r#"{"spec":{"providerID":7}}"#), None);
    }

    #[test]
    fn a_taint_without_value_makes_a_control_plane_node() {
        let of = |taint: &str| is_worker(&format!(r#"{{"spec":{{"taints":[{taint}]}}}}"#));
        assert!(!of(
            r#"{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}"#
        ));
        assert!(of(
            r#"{"key":"dedicated","value":"gpu","effect":"NoSchedule"}"#
        ));
        assert!(of(r#"{"key":"a","effect":"NoExecute"}"#));
        assert!(is_worker("{}"));
    }
}
