//! Objects of the cluster, cut down to what matters while they are read.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::{ApiResource, DynamicResourceScope, GroupVersionKind};
use serde::Deserialize;

use super::facts::{Sighting, image_token, instance_token, template_token};
use super::kind::Kind;

/// An object of any kind that has containers. What is not named here is skipped
/// unread.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Observed {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Option<Spec>,
    #[serde(default)]
    status: Option<Status>,
}

/// Of a Pod; or, with the template at its place, of what makes Pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
    ephemeral_containers: Option<Vec<Container>>,
    template: Option<Template>,
    job_template: Option<Template>,
}

#[derive(Clone, Debug, Deserialize)]
struct Template {
    spec: Option<Box<Spec>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Container {
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    container_statuses: Option<Vec<Running>>,
    init_container_statuses: Option<Vec<Running>>,
    ephemeral_container_statuses: Option<Vec<Running>>,
    /// Of a StatefulSet: `<name>-<hash>`.
    current_revision: Option<String>,
    update_revision: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Running {
    #[serde(rename = "imageID", default)]
    image_id: String,
}

impl Resource for Observed {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(of: &ApiResource) -> Cow<'_, str> {
        of.kind.as_str().into()
    }

    fn group(of: &ApiResource) -> Cow<'_, str> {
        of.group.as_str().into()
    }

    fn version(of: &ApiResource) -> Cow<'_, str> {
        of.version.as_str().into()
    }

    fn plural(of: &ApiResource) -> Cow<'_, str> {
        of.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// How the API is asked for a kind.
pub(crate) fn api_resource(kind: Kind) -> ApiResource {
    let names = kind.names();
    let gvk = GroupVersionKind::gvk(names.group, "v1", names.kind);
    ApiResource::from_gvk_with_plural(&gvk, names.plural)
}

/// Label of Pods and ReplicaSets.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// Label of Pods of DaemonSets and StatefulSets.
const REVISION_HASH: &str = "controller-revision-hash";

/// What an object that has only metadata tells.
pub(crate) fn sighting_of_metadata(metadata: &ObjectMeta) -> Sighting {
    Sighting {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
        ..Sighting::default()
    }
}

/// What an object that has containers tells.
pub(crate) fn sighting(kind: Kind, object: &Observed) -> Sighting {
    let mut sighting = sighting_of_metadata(&object.metadata);
    containers(object.spec.as_ref(), &mut sighting.containers);
    match kind {
        Kind::Pod => pod(object, &mut sighting),
        Kind::ReplicaSet => templates(object, &mut sighting),
        Kind::StatefulSet => revisions(object, &mut sighting),
        _ => {}
    }
    sighting
}

fn containers(spec: Option<&Spec>, names: &mut Vec<String>) {
    let mut spec = spec;
    // Pods, what makes Pods, and what makes Jobs: three levels at most.
    while let Some(level) = spec {
        let lists = [
            &level.containers,
            &level.init_containers,
            &level.ephemeral_containers,
        ];
        let all = lists.into_iter().flatten().flatten();
        names.extend(all.map(|container| container.name.clone()));
        let inner = level.job_template.as_ref().or(level.template.as_ref());
        spec = inner.and_then(|template| template.spec.as_deref());
    }
}

fn label<'a>(object: &'a Observed, key: &str) -> Option<&'a str> {
    let labels = object.metadata.labels.as_ref()?;
    labels.get(key).map(String::as_str)
}

fn pod(object: &Observed, sighting: &mut Sighting) {
    let status = object.status.as_ref();
    let lists = status.map(|status| {
        [
            &status.container_statuses,
            &status.init_container_statuses,
            &status.ephemeral_container_statuses,
        ]
    });
    let running = lists.into_iter().flatten().flatten().flatten();
    let images = running.filter(|one| !one.image_id.is_empty());
    let mut tokens: Vec<_> = images.map(|one| image_token(&one.image_id)).collect();
    let revision = label(object, REVISION_HASH);
    let namespace = &sighting.namespace;
    for owner in object.metadata.owner_references.iter().flatten() {
        let mut names = vec![owner.name.clone()];
        // Later clients name the revision. (storage reference, section 5)
        match (&*owner.kind, revision) {
            ("StatefulSet", Some(revision)) => names.push(revision.to_owned()),
            ("DaemonSet", Some(revision)) => names.push(format!("{}-{revision}", owner.name)),
            _ => {}
        }
        for name in names {
            let containers = sighting.containers.iter().map(String::as_str);
            for container in containers.chain([""]) {
                tokens.push(instance_token(namespace, &owner.kind, &name, container));
            }
        }
    }
    sighting.tokens = tokens;
    templates(object, sighting);
}

fn templates(object: &Observed, sighting: &mut Sighting) {
    for key in [POD_TEMPLATE_HASH, REVISION_HASH] {
        if let Some(value) = label(object, key) {
            template(sighting, value);
        }
    }
}

fn revisions(object: &Observed, sighting: &mut Sighting) {
    let status = object.status.as_ref();
    let both = status.map(|status| [&status.current_revision, &status.update_revision]);
    for revision in both.into_iter().flatten().flatten() {
        template(sighting, revision);
    }
}

/// A revision by its whole name and by the hash at its end.
fn template(sighting: &mut Sighting, revision: &str) {
    let hash = revision.rsplit('-').next().unwrap_or(revision);
    for name in [revision, hash] {
        let token = template_token(&sighting.namespace, name);
        if !sighting.tokens.contains(&token) {
            sighting.tokens.push(token);
        }
    }
}
