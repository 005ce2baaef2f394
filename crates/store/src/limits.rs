//! What the store may keep.

use std::collections::BTreeMap;
use std::time::Duration;

/// How much history stays for watches and for the later pages of lists. What is
/// passed first counts; the newest change always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Changes.
    pub changes: u64,
    /// Compressed bytes of bodies that no current object has any more.
    pub bytes: u64,
    /// Age of a change.
    pub age: Duration,
}

impl Default for Retention {
    /// 100,000 changes, 512 MiB, one hour: a watcher that was away for a restart
    /// goes on, one that was away for long lists again.
    fn default() -> Self {
        Self {
            changes: 100_000,
            bytes: 512 << 20,
            age: Duration::from_hours(1),
        }
    }
}

/// What one resource may keep. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Current objects.
    pub objects: Option<u64>,
    /// Compressed bytes of their bodies.
    pub bytes: Option<u64>,
}

/// Budgets by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Of resources that are not named.
    pub default: Budget,
    /// By plural.
    pub resources: BTreeMap<String, Budget>,
}

impl Budgets {
    /// The budget of a resource.
    pub fn of(&self, resource: &str) -> Budget {
        self.resources
            .get(resource)
            .copied()
            .unwrap_or(self.default)
    }
}

/// What watches may keep in memory, for each resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// Newest events at hand; older ones are read from the log.
    pub events: usize,
    /// Bytes of these events.
    pub bytes: usize,
    /// Larger bodies are not kept with the events but read on demand.
    pub inline_body: usize,
    /// A watcher that was up to date once and is further behind is dropped.
    pub lag: u64,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            events: 1024,
            bytes: 2 << 20,
            inline_body: 16 << 10,
            lag: 50_000,
        }
    }
}

/// What one resource keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// Current objects.
    pub objects: u64,
    /// Compressed bytes of their bodies.
    pub bytes: u64,
    /// Bytes of their bodies as they were given.
    pub raw_bytes: u64,
    /// What it may keep.
    pub budget: Budget,
}

impl ResourceUsage {
    /// Whether the budget is used up: creates and growing updates are refused.
    pub fn over(&self) -> bool {
        self.budget.objects.is_some_and(|most| self.objects >= most)
            || self.budget.bytes.is_some_and(|most| self.bytes >= most)
    }
}

/// What the store keeps, for metrics and conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// By plural; only resources that have, or had, objects.
    pub resources: BTreeMap<String, ResourceUsage>,
    /// The newest version.
    pub resource_version: u64,
    /// The oldest version that can still be watched from.
    pub compacted: u64,
    /// Compressed bytes that only history needs.
    pub history_bytes: u64,
    /// Bytes of the database on disk, with its log.
    pub disk_bytes: u64,
    /// Bytes inside the database that are free for reuse.
    pub reusable_bytes: u64,
    /// Bytes free on the volume, if the engine can tell.
    pub volume_free_bytes: Option<u64>,
    /// Open watches.
    pub watchers: u64,
    /// Whether growing writes are refused for want of space.
    pub full: bool,
    /// What the upkeep of the store last failed at, while it does.
    pub trouble: Option<String>,
}
