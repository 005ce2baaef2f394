//! The outlet into the storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubescape_names::label::{self, LabelKey};
use kubescape_posture::{Key, ResultKey, ResultResource};
use kubescape_sink::{Change as Write, Coverage, IndexRow, Writer};

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
        let beside = move |row: &IndexRow| !keep.keeps_row(row);
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

impl Keep {
    /// Whether a stored result stays.
    pub fn keeps_row(&self, row: &IndexRow) -> bool {
        let key = Key {
            namespace: row.key.namespace.clone(),
            name: row.key.name.clone(),
        };
        let kind = label_of(&row.labels, label::WORKLOAD_KIND);
        let of_subject = label_of(&row.labels, label::RBAC_RESOURCE) == "true";
        self.keeps(&key, kind, of_subject)
    }
}

/// The namespace of the resource that a result with these labels is of; `""` for
/// none.
pub fn namespace_of(labels: &BTreeMap<String, String>) -> &str {
    label_of(labels, label::WORKLOAD_NAMESPACE)
}

fn label_of(labels: &BTreeMap<String, String>, key: LabelKey) -> &str {
    labels.get(key.as_str()).map_or("", |value| value)
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
