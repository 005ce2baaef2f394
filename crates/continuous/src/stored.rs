//! The outlet into the storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubescape_names::label;
use kubescape_posture::{Key, ResultKey, ResultResource};
use kubescape_sink::{Change as Write, Coverage, Writer};

use crate::outlet::{Change, Forgotten, Keep, Outlet};

/// Stores results with a [`Writer`], which has to run.
#[derive(Clone)]
pub struct Stored(Writer);

impl Stored {
    /// Into that store.
    pub fn new(writer: Writer) -> Self {
        Self(writer)
    }
}

impl Outlet for Stored {
    async fn apply(&self, changes: Vec<Change>) {
        let writes = changes.into_iter().flat_map(writes).collect();
        self.0.apply(writes).await;
    }

    fn retain(&self, keep: Keep) {
        let pass = self.0.full();
        let beside = move |row: &kubescape_sink::IndexRow| {
            let label = |key: &str| label_of(&row.labels, key);
            let key = Key {
                namespace: row.key.namespace.clone(),
                name: row.key.name.clone(),
            };
            let kind = label(label::WORKLOAD_KIND.as_str());
            let of_subject = label(label::RBAC_RESOURCE.as_str()) == "true";
            !keep.keeps(&key, kind, of_subject)
        };
        tokio::spawn(async move {
            let report = pass.finish(Coverage::Only(Arc::new(beside))).await;
            tracing::info!(
                deleted = report.deleted,
                "results of what is gone were removed"
            );
        });
    }

    fn forgotten(&self) -> Forgotten {
        let stale = self.0.take_stale();
        if stale.all {
            return Forgotten::Everything;
        }
        let mut keys: Vec<Key> = stale
            .keys
            .into_iter()
            .map(|key| Key {
                namespace: key.namespace,
                name: key.name,
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        Forgotten::Some(keys)
    }
}

fn label_of<'l>(labels: &'l BTreeMap<String, String>, key: &str) -> &'l str {
    labels.get(key).map_or("", |value| value)
}

fn writes(change: Change) -> Vec<Write> {
    match change {
        Change::Put(result) => vec![Write::Put(result)],
        Change::Delete(Key { namespace, name }) => {
            let key = |resource| ResultKey {
                resource,
                namespace: namespace.clone(),
                name: name.clone(),
            };
            ResultResource::ALL.map(key).map(Write::Delete).into()
        }
    }
}
