//! Keeps the number of managers small that only update.

use std::collections::HashMap;

use super::entries::{Identity, ManagedFields, Operation};

/// Most entries of updates. (managedfields: `DefaultMaxUpdateManagers`)
const MOST: usize = 10;

/// Who owns what the oldest updaters did.
const BUCKET: &str = "ancient-changes";

impl ManagedFields {
    /// Merges the oldest updaters of one version into one, until few enough
    /// are left.
    pub(crate) fn cap(&mut self) {
        let updaters = self.entries.iter();
        let updaters = updaters.filter(|(identity, _)| identity.operation == Operation::Update);
        let mut updaters: Vec<_> = updaters
            .map(|(identity, entry)| (entry.seconds(), identity.clone()))
            .collect();
        let mut left = updaters.len();
        if left <= MOST {
            return;
        }
        updaters.sort();
        // The first of a version becomes its bucket once there is a second.
        let mut first: HashMap<String, Identity> = HashMap::new();
        for (_, updater) in updaters {
            if left <= MOST {
                return;
            }
            let version = updater.api_version.clone();
            let bucket = Identity::new(BUCKET, Operation::Update, &version);
            let Some(oldest) = first.insert(version.clone(), bucket.clone()) else {
                first.insert(version, updater);
                continue;
            };
            if oldest == updater {
                continue;
            }
            let Some(mut entry) = self.entries.remove(&updater) else {
                continue;
            };
            for known in [&oldest, &bucket] {
                if let Some(known) = self.entries.remove(known) {
                    entry.fields.add(&known.fields);
                    left -= 1;
                }
            }
            self.entries.insert(bucket, entry);
        }
    }
}
