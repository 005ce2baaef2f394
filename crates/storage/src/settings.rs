//! What can be set about serving.

use std::collections::BTreeMap;
use std::time::Duration;

use kubescape_api::{Resource, Weight};

use crate::lanes::Room;

/// How the server serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Room for requests and bodies.
    pub room: Room,
    /// Largest body of a kind in bytes, by plural.
    pub max_bodies: BTreeMap<String, u64>,
    /// Largest body of light kinds that are not named.
    pub max_light_body: u64,
    /// Largest body of heavy kinds that are not named.
    pub max_heavy_body: u64,
    /// How long a client may send or take nothing.
    pub patience: Duration,
    /// The shortest life of a watch that asks for none; the longest is twice as
    /// long.
    pub watch_lifetime: Duration,
    /// Between bookmarks of a quiet watch.
    pub bookmarks: Duration,
    /// Whether the computed kinds are offered.
    pub computed: bool,
    /// Whether a garbage collector sees to dependents. Without one, its finalizers
    /// would never go: deletions do not set them.
    pub garbage_collected: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            room: Room::default(),
            max_bodies: BTreeMap::new(),
            max_light_body: 8 << 20,
            max_heavy_body: 256 << 20,
            patience: Duration::from_mins(1),
            watch_lifetime: Duration::from_mins(30),
            // (`cacher`: a minute)
            bookmarks: Duration::from_mins(1),
            computed: true,
            garbage_collected: true,
        }
    }
}

impl Settings {
    /// The largest body of a kind, in bytes.
    pub fn max_body(&self, resource: &Resource) -> u64 {
        let named = self.max_bodies.get(resource.plural).copied();
        named.unwrap_or(match resource.weight {
            Weight::Light => self.max_light_body,
            Weight::Heavy => self.max_heavy_body,
        })
    }

    /// The largest body of any kind, in bytes.
    pub fn largest_body(&self) -> u64 {
        let named = self.max_bodies.values().copied().max();
        let general = self.max_light_body.max(self.max_heavy_body);
        named.unwrap_or_default().max(general)
    }
}
