//! Objects to send.

use serde_json::{Value, json};

/// Light, namespaced.
pub(crate) const SUMMARIES: &str = "namespaces/shop/workloadconfigurationscansummaries";
/// Heavy, namespaced.
pub(crate) const SBOMS: &str = "namespaces/kubescape/sbomsyfts";
/// Light, with lists that are merged by key.
pub(crate) const NEIGHBORS: &str = "namespaces/shop/networkneighborses";
/// Light, of the cluster.
pub(crate) const SERVERS: &str = "knownservers";

/// A summary of a scan with so many high findings.
pub(crate) fn summary(name: &str, high: u64) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "severities": {"critical": 0, "high": high, "medium": 2, "low": 3, "unknown": 0},
            "controls": {},
        },
    })
}

pub(crate) fn labelled(mut object: Value, labels: &Value) -> Value {
    object["metadata"]["labels"] = labels.clone();
    object
}

pub(crate) fn sbom(name: &str, packages: usize) -> Value {
    let artifacts: Vec<Value> = (0..packages)
        .map(|at| json!({"id": format!("p{at}"), "name": format!("package-{at}"), "version": "1.0", "type": "deb"}))
        .collect();
    json!({
        "metadata": {"name": name, "annotations": {"kubescape.io/status": ""}},
        "spec": {
            "metadata": {"tool": {"name": "syft", "version": "1"}, "report": {"createdAt": "2024-01-02T03:04:05Z"}},
            "syft": {"artifacts": artifacts},
        },
    })
}

/// A neighbor that is reached on one port.
pub(crate) fn neighbor(identifier: &str, port: u64) -> Value {
    json!({
        "identifier": identifier,
        "type": "internal",
        "dns": "",
        "ipAddress": "",
        "podSelector": {"matchLabels": {"app": identifier}},
        "namespaceSelector": null,
        "ports": [{"name": format!("TCP-{port}"), "protocol": "TCP", "port": port}],
    })
}

pub(crate) fn neighbors(name: &str, egress: &[Value]) -> Value {
    json!({
        "metadata": {
            "name": name,
            "labels": {"kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": "cart"},
        },
        "spec": {"matchLabels": {"app": "cart"}, "ingress": [], "egress": egress},
    })
}

pub(crate) fn server(name: &str, block: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": [{"ipBlock": block, "server": format!("{name}.example"), "name": name}],
    })
}

pub(crate) fn manifest_summary(name: &str, high: u64) -> Value {
    let none = json!({"all": 0, "relevant": 0});
    json!({
        "metadata": {"name": name},
        "spec": {
            "severities": {
                "critical": none, "high": {"all": high, "relevant": 1}, "medium": none,
                "low": none, "negligible": none, "unknown": none,
            },
            "vulnerabilitiesRef": {
                "all": {"namespace": "kubescape", "name": name, "kind": "vulnerabilitymanifests"},
                "relevant": {"namespace": "", "name": "", "kind": ""},
            },
        },
    })
}
