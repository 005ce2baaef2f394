//! The time and chance that requests see.

/// The system's clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock;

impl Clock {
    pub(crate) fn now(self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    /// A number from 0 to 1, to spread what would else happen at once.
    pub(crate) fn fraction(self) -> f64 {
        let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
        f64::from((random >> 32) as u32) / f64::from(u32::MAX)
    }
}
