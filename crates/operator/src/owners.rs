//! From a pod to the workload that it belongs to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PartialObjectMeta;
use kube::{Api, Client, Resource};
use kubescape_names::Wlid;

/// Owners that are remembered; a cluster of that many is large.
const REMEMBERED: usize = 50_000;

/// A pod's workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// This.
    Workload(&'static str, String),
    /// The pod itself.
    Itself,
    /// A CronJob: scanned when it is scanned, not for each of its pods.
    CronJob,
}

/// Finds owners, and remembers them by the identifier of what lies between: an
/// object's owner does not change. Clones share the memory.
#[derive(Clone)]
pub(crate) struct Owners {
    client: Option<Client>,
    known: Arc<Mutex<HashMap<String, Owner>>>,
    complained: Arc<AtomicBool>,
}

impl Owners {
    pub(crate) fn new(client: Option<Client>) -> Self {
        Self {
            client,
            known: Arc::default(),
            complained: Arc::default(),
        }
    }

    /// The identifier of a pod's workload; `None` for those of CronJobs.
    pub(crate) async fn wlid(
        &self,
        cluster: &str,
        pod: &ObjectMeta,
    ) -> Result<Option<Wlid>, String> {
        let namespace = pod.namespace.as_deref().unwrap_or_default();
        let name = pod.name.as_deref().unwrap_or_default();
        let (kind, name) = match self.owner(pod).await? {
            Owner::CronJob => return Ok(None),
            Owner::Itself => ("Pod", name.to_owned()),
            Owner::Workload(kind, name) => (kind, name),
        };
        let wlid = Wlid::new(cluster, namespace, kind, &name);
        wlid.map(Some).map_err(|error| error.to_string())
    }

    async fn owner(&self, pod: &ObjectMeta) -> Result<Owner, String> {
        let namespace = pod.namespace.as_deref().unwrap_or_default();
        let Some(owner) = first(pod) else {
            return match replica_set(pod) {
                Some(name) => self.above_replica_set(namespace, &name, "").await,
                None => Ok(Owner::Itself),
            };
        };
        match (owner.kind.as_str(), owner.api_version.as_str()) {
            ("ReplicaSet", "apps/v1") => {
                self.above_replica_set(namespace, &owner.name, &owner.uid)
                    .await
            }
            ("Job", "batch/v1") => self.above_job(namespace, owner).await,
            ("StatefulSet", "apps/v1") => Ok(Owner::Workload("StatefulSet", owner.name.clone())),
            ("DaemonSet", "apps/v1") => Ok(Owner::Workload("DaemonSet", owner.name.clone())),
            ("ReplicationController", "v1") => {
                Ok(Owner::Workload("ReplicationController", owner.name.clone()))
            }
            _ => Ok(Owner::Itself),
        }
    }

    async fn above_replica_set(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<Owner, String> {
        use k8s_openapi::api::apps::v1::ReplicaSet;
        self.above::<ReplicaSet>(namespace, name, uid, |meta| match first(meta) {
            None => Owner::Workload("ReplicaSet", name.to_owned()),
            Some(owner) if owner.kind == "Deployment" && owner.api_version == "apps/v1" => {
                Owner::Workload("Deployment", owner.name.clone())
            }
            Some(_) => Owner::Itself,
        })
        .await
    }

    async fn above_job(&self, namespace: &str, job: &OwnerReference) -> Result<Owner, String> {
        use k8s_openapi::api::batch::v1::Job;
        self.above::<Job>(namespace, &job.name, &job.uid, |meta| match first(meta) {
            None => Owner::Workload("Job", job.name.clone()),
            Some(owner) if owner.kind == "CronJob" => Owner::CronJob,
            Some(_) => Owner::Itself,
        })
        .await
    }

    /// Reads what lies between, unless its owner is known. Gone or forbidden: the pod
    /// is its own workload.
    async fn above<K>(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        judge: impl FnOnce(&ObjectMeta) -> Owner,
    ) -> Result<Owner, String>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        if let Some(known) = self.lock().get(uid) {
            return Ok(known.clone());
        }
        let Some(client) = self.client.clone() else {
            return Ok(Owner::Itself);
        };
        let api: Api<K> = Api::namespaced(client, namespace);
        let found: Option<PartialObjectMeta<K>> = match api.get_metadata_opt(name).await {
            Ok(found) => found,
            Err(kube::Error::Api(status)) if status.code == 403 => {
                if !self.complained.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        error = %status.message,
                        "owners of pods may not be read: such pods count as workloads of their own"
                    );
                }
                None
            }
            Err(error) => return Err(format!("{} {namespace}/{name}: {error}", K::kind(&()))),
        };
        let owner = found.map_or(Owner::Itself, |found| judge(&found.metadata));
        if !uid.is_empty() {
            let mut known = self.lock();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(uid.to_owned(), owner.clone());
        }
        Ok(owner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Owner>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The controller among the owners, or else the first.
pub(crate) fn first(meta: &ObjectMeta) -> Option<&OwnerReference> {
    let owners = meta.owner_references.as_deref().unwrap_or_default();
    let controller = owners.iter().find(|owner| owner.controller == Some(true));
    controller.or_else(|| owners.first())
}

/// The ReplicaSet's name of a pod that lost its owner references: up to the hash of
/// its template.
fn replica_set(pod: &ObjectMeta) -> Option<String> {
    let hash = pod.labels.as_ref()?.get("pod-template-hash")?;
    let name = pod.name.as_deref()?;
    let (before, _) = name.rsplit_once('-')?;
    before
        .ends_with(&format!("-{hash}"))
        .then(|| before.to_owned())
}
