//! Discovery of servers before Kubernetes 1.26: a request for each version.

use serde::Deserialize;

use super::{Discovery, Resource, broken};
use crate::caller::Caller;
use crate::trouble::Trouble;

/// `APIVersions` of the core group, or `APIGroupList`.
#[derive(Deserialize)]
struct Root {
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(rename = "preferredVersion")]
    preferred: Option<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// `APIResourceList`.
#[derive(Deserialize)]
struct List {
    #[serde(default)]
    resources: Vec<Described>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    name: String,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

pub(super) async fn read(
    answer: &[u8],
    root: &str,
    caller: &Caller,
    all: &mut Discovery,
) -> Result<(), Trouble> {
    let list: Root = serde_json::from_slice(answer).map_err(|error| broken(&error))?;
    for version in &list.versions {
        versions(root, "", version, caller, all).await;
    }
    for group in &list.groups {
        let preferred = group.preferred.iter().chain(&group.versions);
        let mut seen: Vec<&str> = Vec::new();
        for version in preferred {
            if !seen.contains(&&*version.version) {
                seen.push(&version.version);
                let path = format!("{root}/{}", group.name);
                versions(&path, &group.name, &version.version, caller, all).await;
            }
        }
    }
    Ok(())
}

/// One version of one group; that it fails is no reason to stop.
async fn versions(path: &str, group: &str, version: &str, caller: &Caller, all: &mut Discovery) {
    let answer = caller
        .get(&format!("{path}/{version}"), "application/json")
        .await;
    let list = answer
        .and_then(|answer| serde_json::from_slice::<List>(&answer).map_err(|error| broken(&error)));
    match list {
        Ok(list) => list
            .resources
            .into_iter()
            .filter(|one| !one.name.contains('/') && one.verbs.iter().any(|verb| verb == "list"))
            .for_each(|one| {
                let mut names = one.short_names;
                names.push(one.singular_name);
                all.add(Resource {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    kind: one.kind,
                    plural: one.name,
                    names,
                    namespaced: one.namespaced,
                });
            }),
        Err(trouble) => {
            let reason = format!("{group}/{version}: {trouble}");
            all.failed.entry(group.to_owned()).or_insert(reason);
        }
    }
}
