//! The peer: the same objects as a custom resource of the same shape, behind a
//! real kube-apiserver and etcd.

use kubescape_testcluster::Cluster;
use serde_json::{Value, json};

use super::client::Api;
use super::figures::Figures;
use super::{Fault, light, objects, process};

/// What is measured of the peer.
pub(super) async fn run(objects: usize, figures: &mut Figures) -> Result<(), Fault> {
    let cluster = Cluster::start_durable()?;
    let folder = tempfile::tempdir()?;
    let mut list = vec![definition()];
    for number in 0..objects::NAMESPACES {
        list.push(json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": format!("team-{number:02}")},
        }));
    }
    let file = folder.path().join("objects.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": list});
    std::fs::write(&file, list.to_string())?;
    let file = file.display().to_string();
    cluster.kubectl(&["create", "-f", &file])?;
    let name = format!(
        "crd/{}",
        definition()["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
    );
    cluster.kubectl(&[
        "wait",
        "--for=condition=Established",
        &name,
        "--timeout=60s",
    ])?;
    let ids = cluster.store_processes();
    figures.set("memory, idle after start", process::memory(&ids)?);
    let api = Api::from_kubeconfig(&cluster.kubeconfig())?;
    light::run(&api, &ids, objects, false, figures).await?;
    figures.set("memory, quiet after all this", process::memory(&ids)?);
    Ok(())
}

/// The kind with a schema of the same shape as ours.
fn definition() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let severity = json!({"type": "object", "properties": {"severity": text, "scoreFactor": {"type": "number"}}});
    let status =
        json!({"type": "object", "properties": {"status": text, "subStatus": text, "info": text}});
    let control = json!({
        "type": "object",
        "properties": {"controlID": text, "severity": severity, "status": status},
    });
    let severities = json!({
        "type": "object",
        "properties": {"critical": number, "high": number, "medium": number, "low": number, "unknown": number},
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "controls": {"type": "object", "additionalProperties": control},
                    "severities": severities,
                },
            },
            "status": {"type": "object"},
        },
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{}.spdx.softwarecomposition.kubescape.io", objects::SUMMARIES),
        },
        "spec": {
            "group": "spdx.softwarecomposition.kubescape.io",
            "scope": "Namespaced",
            "names": {
                "plural": objects::SUMMARIES,
                "singular": "workloadconfigurationscansummary",
                "kind": "WorkloadConfigurationScanSummary",
            },
            "versions": [{
                "name": "v1beta1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}
