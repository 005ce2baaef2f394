//! Scans the images of one workload.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::core::Selector;
use kube::{Api, Client};
use kubescape_commands::{Command, ImageScan, image_hash, kind_of_wlid, parse_wlid, plural};
use kubescape_names::{
    ContainerType, InstanceContainer, InstanceId, Wlid, WlidWorkload, instance_object_name,
};

use crate::calls::{Call, Scanner};
use crate::dispatch::Dispatcher;
use crate::jobs::JobHandle;
use crate::owners;
use crate::slim::SlimPod;

/// Pods of one workload that are looked through for the newest.
const PAGE: u32 = 100;

/// Asks for a scan of each container of a workload.
pub(crate) async fn scan(
    dispatcher: &Dispatcher,
    command: &Command,
    job: &JobHandle,
) -> Result<String, String> {
    let wlid = parse_wlid(&command.wlid)?;
    let Some(workload) = wlid.workload() else {
        return Err("a workload ID of a cluster names no workload".to_owned());
    };
    if workload.kind == "cronjob" {
        return Ok("skipped: the pods of a CronJob come and go".to_owned());
    }
    let pod = newest_pod(dispatcher, &wlid, workload).await?;
    let given = command
        .map("containerToImageIDs")
        .map_err(|error| error.to_string())?;
    let images: BTreeMap<String, String> = if given.is_empty() {
        pod.images().into_iter().collect()
    } else {
        given.into_iter().collect()
    };
    let mut scanned = 0usize;
    let mut failed = Vec::new();
    let mut lacks = BTreeSet::new();
    let kinds = [
        (ContainerType::Container, &pod.spec.containers),
        (ContainerType::InitContainer, &pod.spec.init_containers),
    ];
    for (kind, containers) in kinds {
        for container in containers {
            let Some(image) = images.get(&container.name) else {
                continue;
            };
            let request = ImageScan {
                wlid: wlid.to_string(),
                container: container.name.clone(),
                image_tag: container.image.clone(),
                image_hash: image_hash(&container.image, image),
                instance_id: instance(&pod, kind, &container.name)?,
                parent: job.parent.clone(),
                job: job.id.clone(),
                own_job: uuid::Uuid::new_v4().to_string(),
                action_number: 2,
                timestamp: Timestamp::now().to_string(),
            };
            match ask(dispatcher, &pod, &request).await {
                Ok(lack) => {
                    scanned += 1;
                    lacks.extend(lack);
                }
                Err(error) => failed.push(format!("container {}: {error}", container.name)),
            }
        }
    }
    if !failed.is_empty() {
        return Err(failed.join("; "));
    }
    if scanned == 0 {
        return Ok("no container of it runs now, so there is nothing to scan".to_owned());
    }
    let mut message = format!("{scanned} containers handed over");
    for lack in lacks {
        message.push_str("; ");
        message.push_str(&lack);
    }
    Ok(message)
}

/// Tells what the request lacks, if anything.
async fn ask(
    dispatcher: &Dispatcher,
    pod: &SlimPod,
    scan: &ImageScan,
) -> Result<Option<String>, String> {
    let found = dispatcher.credentials().of(pod, &scan.image_tag).await;
    let call = Call::new(Scanner::Images, Method::POST, "/v1/scanImage");
    let call = call.json(scan.body(&found.credentials));
    let answer = dispatcher.calls().patient(&call).await?;
    if (200..=203).contains(&answer.code) {
        dispatcher.metrics().image_scan();
        return Ok(found.lacks);
    }
    // Not its text: it may quote the request.
    Err(format!("the scanner of images answered {}", answer.code))
}

/// The instance is named after the pod's first owner (a ReplicaSet, say), or the pod.
fn instance(pod: &SlimPod, kind: ContainerType, container: &str) -> Result<String, String> {
    let meta = &pod.metadata;
    let own = meta.name.clone().unwrap_or_default();
    let (version, owner, name) = match owners::first(meta) {
        Some(owner) if plural(&owner.kind).is_some() && owner.kind != "Node" => (
            owner.api_version.clone(),
            owner.kind.clone(),
            owner.name.clone(),
        ),
        _ => ("v1".to_owned(), "Pod".to_owned(), own),
    };
    let container = InstanceContainer {
        kind,
        name: container.to_owned(),
    };
    let namespace = meta.namespace.clone().unwrap_or_default();
    let id = InstanceId::new(version, namespace, owner, name, Some(container));
    let id = id.map_err(|error| error.to_string())?;
    let name = instance_object_name(&id).map_err(|error| error.to_string())?;
    Ok(name.to_string())
}

async fn newest_pod(
    dispatcher: &Dispatcher,
    wlid: &Wlid,
    workload: &WlidWorkload,
) -> Result<SlimPod, String> {
    let client = dispatcher.client()?;
    let WlidWorkload {
        namespace,
        kind,
        name,
    } = workload;
    let pods: Api<SlimPod> = Api::namespaced(client.clone(), namespace);
    if kind == "pod" {
        let pod = pods
            .get_opt(name)
            .await
            .map_err(|error| error.to_string())?;
        return pod.ok_or_else(|| format!("there is no pod {namespace}/{name}"));
    }
    let selector = selector(client, workload).await?;
    let params = ListParams::default().labels_from(&selector).limit(PAGE);
    let list = pods.list(&params).await;
    let list = list.map_err(|error| format!("cannot list pods: {error}"))?;
    let mut newest: Option<SlimPod> = None;
    for pod in list {
        let created = |pod: &SlimPod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let running = |pod: &SlimPod| pod.status.phase == "Running";
        let better = newest
            .as_ref()
            .is_none_or(|old| (running(&pod), created(&pod)) > (running(old), created(old)));
        if !better {
            continue;
        }
        // Selectors of different workloads may overlap.
        let cluster = &dispatcher.config().cluster;
        let owner = dispatcher.owners().wlid(cluster, &pod.metadata).await?;
        if owner.as_ref() == Some(wlid) {
            newest = Some(pod);
        }
    }
    newest.ok_or_else(|| format!("{kind} {namespace}/{name} has no pod"))
}

async fn selector(client: Client, workload: &WlidWorkload) -> Result<Selector, String> {
    let WlidWorkload {
        namespace,
        kind,
        name,
    } = workload;
    let unknown = || format!("workloads of kind {kind:?} are not known");
    let kind = kind_of_wlid(kind).ok_or_else(unknown)?;
    let (version, plural) = plural(kind).ok_or_else(unknown)?;
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let resource =
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
    let api: Api<DynamicObject> = Api::namespaced_with(client, namespace, &resource);
    let found = api.get_opt(name).await;
    let found = found.map_err(|error| format!("{kind} {namespace}/{name}: {error}"))?;
    let found = found.ok_or_else(|| format!("there is no {kind} {namespace}/{name}"))?;
    let selector = found
        .data
        .pointer("/spec/selector")
        .cloned()
        .unwrap_or_default();
    let wrong = || format!("{kind} {namespace}/{name} selects no pods");
    // A ReplicationController's is a bare map.
    let selector = if kind == "ReplicationController" {
        serde_json::json!({ "matchLabels": selector })
    } else {
        selector
    };
    let selector: LabelSelector = serde_json::from_value(selector).map_err(|_| wrong())?;
    let empty = selector.match_labels.is_none() && selector.match_expressions.is_none();
    if empty {
        return Err(wrong());
    }
    selector.try_into().map_err(|_| wrong())
}
