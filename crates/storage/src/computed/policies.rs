//! Network policies, made on reading from what was observed of a workload and
//! from the networks that users named.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubescape_names::label;
use kubescape_netpol::{
    KnownServer, KnownServers, NetworkNeighborhood, NetworkNeighbors, Options, Source, generate,
};
use kubescape_store::{Error, Filter, Key, Meta, Requirement, Selector, Store};
use serde_json::Value;
use tokio::sync::Mutex;

use super::follower::{Change, Follower};

/// What policies are generated from, the older kind first: its names are those
/// that the documentation gives.
pub(crate) const SOURCES: [&str; 2] = ["networkneighborses", "networkneighborhoods"];

/// A workload has few sources: one for each kind and, of the newer kind, each revision.
const MOST_SOURCES: usize = 100;

pub(crate) struct Policies {
    store: Arc<dyn Store>,
    known: Mutex<Known>,
}

struct Known {
    follower: Follower,
    /// Changed, and not read yet: by name, `None` when gone.
    pending: BTreeMap<String, Option<Key>>,
    /// By name; the store lists them in this order.
    servers: BTreeMap<String, KnownServer>,
    /// The same as a list, once somebody asked for it and until one changes: a
    /// list of policies asks for each.
    shared: Option<Arc<[KnownServer]>>,
}

/// Why there is no policy.
pub(crate) enum Failure {
    /// Nothing was observed of that workload.
    NoSource,
    /// The source cannot be read as what it says it is.
    Unreadable(String),
    /// The store fails.
    Store(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Policies {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let known = Known {
            follower: Follower::new(Arc::clone(&store), "knownservers"),
            pending: BTreeMap::new(),
            servers: BTreeMap::new(),
            shared: None,
        };
        Self {
            store,
            known: Mutex::new(known),
        }
    }

    /// The policy of a workload, by `<kind>-<name>` or by the name of a source.
    pub(crate) async fn get(
        &self,
        namespace: &str,
        name: &str,
        now: &str,
    ) -> Result<Value, Failure> {
        let source = self.find(namespace, name).await?;
        let mut policy = self
            .of(source.as_deref().ok_or(Failure::NoSource)?, now)
            .await?;
        // Found by another name: the answer has the name that was asked for.
        // The policy inside has it, too: applied after each rollout it stays one.
        for metadata in ["/metadata", "/spec/metadata"] {
            let metadata = policy.pointer_mut(metadata).and_then(Value::as_object_mut);
            if let Some(metadata) = metadata {
                metadata.insert("name".to_owned(), name.into());
            }
        }
        Ok(policy)
    }

    /// The policy of one source.
    pub(crate) async fn of(&self, source: &Meta, now: &str) -> Result<Value, Failure> {
        let body = self.store.body(source).await?;
        let servers = self.servers().await?;
        let known = KnownServers::new(&servers);
        let options = Options {
            creation_timestamp: Some(now.to_owned()),
            ..Options::default()
        };
        let key = &source.key;
        let unreadable = |error: serde_json::Error| Failure::Unreadable(format!("{key}: {error}"));
        let generated = if key.resource == SOURCES[0] {
            let neighbors: NetworkNeighbors = serde_json::from_slice(&body).map_err(unreadable)?;
            generate(&Source::from(&neighbors), &known, &options)
        } else {
            let neighborhood: NetworkNeighborhood =
                serde_json::from_slice(&body).map_err(unreadable)?;
            generate(&Source::from(&neighborhood), &known, &options)
        };
        serde_json::to_value(&generated.object).map_err(unreadable)
    }

    async fn find(&self, namespace: &str, name: &str) -> Result<Option<Arc<Meta>>, Error> {
        for resource in SOURCES {
            let key = Key::new(resource, namespace, name);
            if let Some(meta) = self.store.metadata(&key).await? {
                return Ok(Some(meta));
            }
        }
        self.find_by_workload(namespace, name).await
    }

    /// The newest source whose labels name the workload.
    async fn find_by_workload(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Meta>>, Error> {
        let Some((kind, workload)) = name.split_once('-') else {
            return Ok(None);
        };
        let labelled = Requirement::Equals(
            label::WORKLOAD_NAME.as_str().to_owned(),
            workload.to_owned(),
        );
        let mut newest: Option<Arc<Meta>> = None;
        for resource in SOURCES {
            let filter = Filter::all(resource)
                .in_namespace(namespace)
                .labelled(Selector(vec![labelled.clone()]));
            let query = kubescape_store::Query::new(filter, MOST_SOURCES);
            for object in self.store.list(&query).await?.items {
                let of_kind = object
                    .meta
                    .labels
                    .get(label::WORKLOAD_KIND.as_str())
                    .is_some_and(|it| it.eq_ignore_ascii_case(kind));
                let age = |meta: &Meta| (meta.created, meta.resource_version);
                if of_kind && newest.as_ref().is_none_or(|it| age(it) < age(&object.meta)) {
                    newest = Some(object.meta);
                }
            }
        }
        Ok(newest)
    }

    async fn servers(&self) -> Result<Arc<[KnownServer]>, Failure> {
        let mut guard = self.known.lock().await;
        let Known {
            follower,
            pending,
            servers,
            shared,
        } = &mut *guard;
        follower
            .catch_up(|change| {
                *shared = None;
                match change {
                    Change::Reset => {
                        pending.clear();
                        servers.clear();
                    }
                    Change::Set(meta) => {
                        let key = meta.key.clone();
                        pending.insert(key.name.clone(), Some(key));
                    }
                    Change::Gone(key) => {
                        pending.insert(key.name, None);
                    }
                }
            })
            .await?;
        // One by one, so that nothing is forgotten when the store fails.
        while let Some((name, key)) = pending.first_key_value() {
            match self.read_server(key.as_ref()).await? {
                Some(server) => servers.insert(name.clone(), server),
                None => servers.remove(name),
            };
            pending.pop_first();
        }
        let shared = shared.get_or_insert_with(|| servers.values().cloned().collect());
        Ok(Arc::clone(shared))
    }

    async fn read_server(&self, key: Option<&Key>) -> Result<Option<KnownServer>, Error> {
        let Some(key) = key else { return Ok(None) };
        let object = self.store.get(key).await?;
        let Some(body) = object.and_then(|object| object.body) else {
            return Ok(None);
        };
        Ok(serde_json::from_slice(&body)
            .inspect_err(|error| tracing::warn!(object = %key, %error, "skipped: cannot be read"))
            .ok())
    }
}
