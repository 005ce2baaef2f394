//! What users should know of the state of the store: budgets that are used up,
//! a full volume, damage. Said in the log when it begins and ends, and as a
//! warning in every answer about the resource, which kubectl prints.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use kubescape_runtime::{HealthCheck, Shutdown};
use kubescape_store::{Store, Usage};

/// Between looks.
const EVERY: Duration = Duration::from_secs(10);

/// The state as of the last look. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Conditions(Arc<ArcSwap<State>>);

#[derive(Debug, Default, PartialEq, Eq)]
struct State {
    /// Of everything.
    general: Vec<String>,
    /// By plural.
    resources: BTreeMap<String, String>,
}

impl State {
    fn of(usage: &Usage) -> Self {
        let mut general = Vec::new();
        if usage.full {
            general.push(
                "the storage has no space left: only deletions and small writes are taken"
                    .to_owned(),
            );
        }
        if let Some(trouble) = &usage.trouble {
            general.push(format!("the storage is in trouble: {trouble}"));
        }
        let over = usage.resources.iter().filter(|(_, used)| used.over());
        let resources = over.map(|(resource, used)| {
            let (objects, bytes) = (used.objects, used.bytes);
            let text = format!(
                "{resource} is over its budget with {objects} objects and {bytes} bytes: delete some, or raise budgets.{resource}"
            );
            (resource.clone(), text)
        });
        let resources = resources.collect();
        Self { general, resources }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.general.iter().chain(self.resources.values())
    }
}

impl Conditions {
    /// What to say with answers about a resource.
    pub(crate) fn warnings(&self, resource: &str) -> Vec<String> {
        let state = self.0.load();
        let own = state.resources.get(resource);
        state.general.iter().chain(own).cloned().collect()
    }

    /// Looks again and again until the shutdown; `ready` tells whether the store
    /// answers.
    pub(crate) async fn keep(self, store: Arc<dyn Store>, ready: HealthCheck, shutdown: Shutdown) {
        loop {
            match store.usage().await {
                Ok(usage) => {
                    ready.ok();
                    self.take(&usage);
                }
                Err(error) => ready.failing(error.to_string()),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.requested() => return,
            }
        }
    }

    fn take(&self, usage: &Usage) {
        let new = State::of(usage);
        let old = self.0.load();
        if **old == new {
            return;
        }
        for text in new.all().filter(|text| !old.all().any(|one| one == *text)) {
            tracing::warn!(condition = text, "the storage needs attention");
        }
        if new.all().next().is_none() {
            tracing::info!("the storage is well again");
        }
        self.0.store(Arc::new(new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_store::{Budget, ResourceUsage};

    #[test]
    fn a_used_up_budget_is_said_with_its_resource_only() {
        let conditions = Conditions::default();
        let mut usage = Usage::default();
        let used = ResourceUsage {
            objects: 5,
            budget: Budget {
                objects: Some(5),
                bytes: None,
            },
            ..ResourceUsage::default()
        };
        usage.resources.insert("sbomsyfts".into(), used);
        conditions.take(&usage);
        assert!(conditions.warnings("sbomsyfts")[0].contains("over its budget with 5 objects"));
        assert!(conditions.warnings("knownservers").is_empty());
        usage.full = true;
        conditions.take(&usage);
        assert_eq!(conditions.warnings("knownservers").len(), 1);
        conditions.take(&Usage::default());
        assert!(conditions.warnings("sbomsyfts").is_empty());
    }
}
