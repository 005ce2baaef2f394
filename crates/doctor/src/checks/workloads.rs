//! The platform's own workloads run, all of one version.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

/// Without these there are no results of configurations.
const NEEDED: [&str; 2] = ["kubescape", "storage"];
/// These belong to the platform, too.
const KNOWN: [&str; 4] = ["kubescape", "storage", "operator", "kubevuln"];

pub(crate) async fn check(clinic: &Clinic) -> Said {
    let namespace = &clinic.options.namespace;
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments?limit=500");
    match clinic.api.get(&path).await {
        Ok(answer) => judge(&answer, namespace),
        Err(why) => Said::skipped(format!("no answer: {why}")),
    }
}

fn judge(answer: &Answer, namespace: &str) -> Said {
    if !answer.is_success() {
        return Said::skipped(format!("they may not be read: {}", answer.words()));
    }
    let items = answer.body["items"].as_array();
    let items = items.map_or(&[][..], Vec::as_slice);
    let named = |name: &str| items.iter().find(|item| item["metadata"]["name"] == name);
    let here: Vec<(&str, &Json)> = KNOWN
        .into_iter()
        .filter_map(|name| Some((name, named(name)?)))
        .collect();
    if here.is_empty() {
        return Said::skipped(format!(
            "no part of the platform is installed in the namespace {namespace}: see --namespace"
        ));
    }
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|name| named(name).is_none())
        .collect();
    let waiting: Vec<String> = here
        .iter()
        .filter_map(|(name, item)| unready(name, item))
        .collect();
    if !waiting.is_empty() {
        return Said::fail(
            format!("not ready: {}", waiting.join(", ")),
            format!("see why: `kubectl describe pods -n {namespace}` and their logs"),
        );
    }
    let versions: BTreeSet<&str> = here
        .iter()
        .flat_map(|(_, item)| own_versions(item))
        .collect();
    let names: Vec<&str> = here.iter().map(|(name, _)| *name).collect();
    let found = format!("ready: {}", names.join(", "));
    if versions.len() > 1 {
        let versions: Vec<&str> = versions.into_iter().collect();
        return Said::warn(
            format!("{found}, of different versions: {}", versions.join(", ")),
            "update the release, so that all are of one version",
        );
    }
    if !missing.is_empty() {
        return Said::warn(
            format!("{found}; not installed: {}", missing.join(", ")),
            "without the scanner and the storage there are no results of configurations",
        );
    }
    let version = versions
        .first()
        .map(|version| format!(", version {version}"));
    Said::ok(found + &version.unwrap_or_default())
}

fn unready(name: &str, item: &Json) -> Option<String> {
    let wanted = item["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = item["status"]["readyReplicas"].as_u64().unwrap_or_default();
    (ready < wanted).then(|| format!("{name} ({ready} of {wanted})"))
}

/// Tags of images that are called as the program is.
fn own_versions(item: &Json) -> impl Iterator<Item = &str> {
    let containers = item["spec"]["template"]["spec"]["containers"].as_array();
    let images = containers
        .into_iter()
        .flatten()
        .filter_map(|container| container["image"].as_str());
    images.filter_map(|image| {
        let (_, last) = image.rsplit_once('/').unwrap_or(("", image));
        let last = last.split_once('@').map_or(last, |(last, _)| last);
        let (name, tag) = last.split_once(':')?;
        (name == "kubescape").then_some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn deployment(name: &str, ready: u32, image: &str) -> Json {
        json!({
            "metadata": {"name": name},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [{"image": image}]}}},
            "status": {"readyReplicas": ready},
        })
    }

    fn of(items: &[Json]) -> Said {
        judge(&answer(200, json!({"items": items})), "kubescape")
    }

    #[test]
    fn what_runs_is_ready_and_of_one_version() {
        let image = "registry.example.com:5000/kubescape:1.2";
        let scanner = deployment("kubescape", 1, image);
        let storage = deployment("storage", 1, image);
        let fine = of(&[scanner.clone(), storage.clone()]);
        assert_eq!(fine.state, State::Ok);
        assert!(fine.found.ends_with("version 1.2"), "{}", fine.found);
        let older = deployment("storage", 1, "kubescape:1.1@sha256:aa");
        assert!(of(&[scanner.clone(), older]).found.contains("1.1, 1.2"));
        let alone = of(std::slice::from_ref(&scanner));
        assert!(alone.found.contains("not installed: storage"));
        let waits = of(&[scanner, deployment("storage", 0, image)]);
        assert_eq!(waits.state, State::Fail);
        assert!(waits.found.contains("storage (0 of 1)"));
    }

    #[test]
    fn where_nothing_is_installed_nothing_is_judged() {
        assert_eq!(of(&[]).state, State::Skipped);
        assert_eq!(of(&[deployment("cart", 0, "cart:1")]).state, State::Skipped);
        let forbidden = judge(&answer(403, json!({"message": "no"})), "kubescape");
        assert_eq!(forbidden.state, State::Skipped);
    }
}
