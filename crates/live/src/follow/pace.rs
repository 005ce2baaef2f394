//! All times and limits of following; tests have shorter ones.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use super::backoff::Waits;

/// How patiently a cluster is followed, and how much of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between tries after an error.
    pub errors: Waits,
    /// Between tries of what is forbidden or missing.
    pub refusals: Waits,
    /// How long the server is asked to keep a watch open: between these two.
    pub watch: (Duration, Duration),
    /// How much longer to wait for it: after that, the connection is dead.
    pub grace: Duration,
    /// A watch that lasted this long went well, even if nothing happened.
    pub steady: Duration,
    /// After so many failures in a row, what is known is called a gap.
    pub gap_after: u32,
    /// What could be read and is refused is asked for as after any error, until
    /// it has been refused so often in a row.
    pub refused_after: u32,
    /// Between looks at what kinds the cluster has.
    pub discovery: Duration,
    /// The same when something says that they have changed.
    pub rediscovery: Duration,
    /// Between looks at the rules file.
    pub rules: Duration,
    /// Lists that are read at once.
    pub lists: usize,
    /// Larger objects are passed over, with a gap.
    pub object_bytes: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            errors: Waits {
                first: Duration::from_millis(500),
                longest: Duration::from_mins(1),
            },
            refusals: Waits {
                first: Duration::from_mins(1),
                longest: Duration::from_mins(10),
            },
            watch: (Duration::from_mins(5), Duration::from_mins(10)),
            grace: Duration::from_secs(30),
            steady: Duration::from_secs(5),
            gap_after: 3,
            refused_after: 5,
            discovery: Duration::from_mins(5),
            rediscovery: Duration::from_secs(10),
            rules: Duration::from_secs(5),
            // As in scans: priority and fairness gives one user about as many seats.
            lists: 4,
            // etcd takes 1.5 MiB of an object, which may be longer as JSON.
            object_bytes: 3 << 20,
        }
    }
}

/// A number from 0 to 1, another one each time.
pub(crate) fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
