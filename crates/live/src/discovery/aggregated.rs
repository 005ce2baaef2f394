//! `apidiscovery.k8s.io`: all groups in one answer.

use serde::Deserialize;

use super::{Discovery, Resource, broken};
use crate::trouble::Trouble;

#[derive(Deserialize)]
struct List {
    kind: String,
    #[serde(default)]
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    /// Empty for the core group.
    name: String,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    name: String,
    #[serde(default)]
    resources: Vec<Described>,
    /// `Stale` when the group's own server does not answer.
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    resource: String,
    #[serde(default)]
    response_kind: Option<Kind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    kind: String,
}

/// Adds what the answer has; `false` when it is of another kind.
pub(super) fn read(answer: &[u8], all: &mut Discovery) -> Result<bool, Trouble> {
    #[derive(Deserialize)]
    struct Header {
        #[serde(default)]
        kind: String,
    }
    let header: Header = serde_json::from_slice(answer).map_err(|error| broken(&error))?;
    if header.kind != "APIGroupDiscoveryList" {
        return Ok(false);
    }
    let list: List = serde_json::from_slice(answer).map_err(|error| broken(&error))?;
    debug_assert_eq!(list.kind, header.kind);
    for group in list.items {
        let name = group.metadata.name;
        for version in group.versions {
            if version.freshness == "Stale" {
                let reason = format!("the server of {name}/{} does not answer", version.name);
                all.failed.entry(name.clone()).or_insert(reason);
            }
            for described in version.resources {
                if let Some(resource) = resource(&name, &version.name, described) {
                    all.add(resource);
                }
            }
        }
    }
    Ok(true)
}

fn resource(group: &str, version: &str, described: Described) -> Option<Resource> {
    let kind = described.response_kind?.kind;
    let listable = described.verbs.iter().any(|verb| verb == "list");
    let mut names = described.short_names;
    names.push(described.singular_resource);
    (listable && !kind.is_empty()).then(|| Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind,
        plural: described.resource,
        names,
        namespaced: described.scope == "Namespaced",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_of_a_kind_counts_and_stale_groups_are_named() {
        let answer = br#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[
            {"metadata":{"name":"apps"},"versions":[
                {"version":"v1","freshness":"Current","resources":[
                    {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment","verbs":["list"],"shortNames":["deploy"],"subresources":[{"subresource":"scale"}]},
                    {"resource":"reviews","responseKind":{"kind":"Review"},"scope":"Cluster","verbs":["create"]}]},
                {"version":"v1beta1","freshness":"Current","resources":[
                    {"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]}]}]},
            {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}"#;
        let mut all = Discovery::default();
        assert!(read(answer, &mut all).unwrap());
        assert_eq!(all.resources.len(), 1);
        assert_eq!(all.resources[0].api_version(), "apps/v1");
        assert!(
            all.resources[0].is_called("deploy") && all.resources[0].is_called("Deployments.apps")
        );
        assert!(all.failed["metrics.k8s.io"].contains("does not answer"));
    }
}
