//! The sums of a namespace: kept by each change, never added up on reading.

use std::sync::Arc;

use kubescape_api::{ConfigurationSummaries, VulnerabilitySummaries};
use kubescape_store::{Error, Meta, Store};
use serde_json::Value;
use tokio::sync::Mutex;

use super::follower::{Change, Follower};

/// Sums that follow one resource.
pub(crate) struct Summaries<S> {
    state: Mutex<State<S>>,
}

struct State<S> {
    follower: Follower,
    sums: S,
}

/// What both kinds of sums can do.
pub(crate) trait Sums: Default + Send {
    /// The resource that is summed.
    const OF: &'static str;
    /// Takes in an object by its columns.
    fn add(&mut self, namespace: &str, name: &str, columns: &Value);
    /// Takes out an object.
    fn remove(&mut self, namespace: &str, name: &str);
    /// Namespaces that have a sum.
    fn namespaces(&self) -> Vec<String>;
    /// The object of a namespace.
    fn render(&self, namespace: &str, now: &str) -> Option<Value>;
}

impl<S: Sums> Summaries<S> {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let state = State {
            follower: Follower::new(store, S::OF),
            sums: S::default(),
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// The sum of a namespace as of all acknowledged writes.
    pub(crate) async fn get(&self, namespace: &str, now: &str) -> Result<Option<Value>, Error> {
        let state = self.current().await?;
        Ok(state.sums.render(namespace, now))
    }

    /// All sums, by namespace.
    pub(crate) async fn all(&self, now: &str) -> Result<Vec<Value>, Error> {
        let state = self.current().await?;
        let namespaces = state.sums.namespaces();
        Ok(namespaces
            .iter()
            .filter_map(|namespace| state.sums.render(namespace, now))
            .collect())
    }

    async fn current(&self) -> Result<tokio::sync::MutexGuard<'_, State<S>>, Error> {
        let mut state = self.state.lock().await;
        let State { follower, sums } = &mut *state;
        follower
            .catch_up(|change| match change {
                Change::Reset => *sums = S::default(),
                Change::Set(meta) => {
                    sums.add(&meta.key.namespace, &meta.key.name, &columns(&meta));
                }
                Change::Gone(key) => sums.remove(&key.namespace, &key.name),
            })
            .await?;
        Ok(state)
    }
}

/// The columns of the index; written by us, so that a fault in them is no more
/// than a row without numbers.
fn columns(meta: &Meta) -> Value {
    serde_json::from_str(&meta.columns).unwrap_or_default()
}

impl Sums for ConfigurationSummaries {
    const OF: &'static str = "workloadconfigurationscansummaries";

    fn add(&mut self, namespace: &str, name: &str, columns: &Value) {
        Self::add(self, namespace, name, columns);
    }

    fn remove(&mut self, namespace: &str, name: &str) {
        Self::remove(self, namespace, name);
    }

    fn namespaces(&self) -> Vec<String> {
        Self::namespaces(self).map(str::to_owned).collect()
    }

    fn render(&self, namespace: &str, _now: &str) -> Option<Value> {
        Self::render(self, namespace)
    }
}

impl Sums for VulnerabilitySummaries {
    const OF: &'static str = "vulnerabilitymanifestsummaries";

    fn add(&mut self, namespace: &str, name: &str, columns: &Value) {
        Self::add(self, namespace, name, columns);
    }

    fn remove(&mut self, namespace: &str, name: &str) {
        Self::remove(self, namespace, name);
    }

    fn namespaces(&self) -> Vec<String> {
        Self::namespaces(self).map(str::to_owned).collect()
    }

    fn render(&self, namespace: &str, now: &str) -> Option<Value> {
        Self::render(self, namespace, now)
    }
}
