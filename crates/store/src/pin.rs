//! History that has to stay while somebody reads it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// Keeps the state at a version listable until it is dropped, and at most as
/// long as was asked for. From [`crate::Store::pin`].
pub struct Pin {
    version: u64,
    _hold: Box<dyn Send + Sync>,
}

impl Pin {
    pub(crate) fn new(version: u64, hold: impl Send + Sync + 'static) -> Self {
        Self {
            version,
            _hold: Box::new(hold),
        }
    }

    /// The state that is kept.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pin").field(&self.version).finish()
    }
}

/// Pins that one reader may not multiply without end.
const MOST: usize = 10_000;

/// The pins of an engine that has one process.
#[derive(Clone, Default)]
pub(crate) struct Pins(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    held: HashMap<u64, (u64, Instant)>,
    next: u64,
    /// History up to here is gone, or about to go.
    gone: u64,
}

struct Held {
    pins: Pins,
    number: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.pins.lock().held.remove(&self.number);
    }
}

impl Pins {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the state at `version`, if its history is still there.
    pub(crate) fn hold(&self, version: u64, most: Duration) -> Result<Pin, Error> {
        let mut inner = self.lock();
        if version < inner.gone {
            return Err(Error::Compacted {
                wanted: version,
                oldest: inner.gone,
            });
        }
        if inner.held.len() >= MOST {
            return Err(Error::Busy {
                retry_after_seconds: 1,
            });
        }
        let number = inner.next;
        inner.next += 1;
        inner.held.insert(number, (version, Instant::now() + most));
        drop(inner);
        let pins = self.clone();
        Ok(Pin::new(version, Held { pins, number }))
    }

    /// How far history may go of what wants to go up to `target`; from then on
    /// nothing before that can be pinned. `firm`: whatever is pinned.
    pub(crate) fn release(&self, target: u64, firm: bool) -> u64 {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.held.retain(|_, (_, until)| *until > now);
        let pinned = inner.held.values().map(|(version, _)| *version).min();
        let allowed = match pinned {
            Some(pinned) if !firm => target.min(pinned),
            _ => target,
        };
        inner.gone = inner.gone.max(allowed);
        allowed
    }

    /// What [`Pins::release`] let go did not go.
    pub(crate) fn keep_after(&self, compacted: u64) {
        self.lock().gone = compacted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_goes_up_to_the_oldest_pin_that_is_neither_dropped_nor_too_old() {
        let pins = Pins::default();
        let hour = Duration::from_hours(1);
        let old = pins.hold(5, hour).unwrap();
        let _young = pins.hold(7, hour).unwrap();
        let _over = pins.hold(2, Duration::ZERO).unwrap();
        assert_eq!(pins.release(9, false), 5);
        drop(old);
        assert_eq!(pins.release(9, false), 7);
        assert!(matches!(pins.hold(6, hour), Err(Error::Compacted { .. })));
        assert_eq!(pins.release(9, true), 9);
    }
}
