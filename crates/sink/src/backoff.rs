//! How long to wait for a storage that is away. Pure.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// Counts tries in vain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The next pause: twice the last one, half of it left to chance, so that many
    /// who lost the same storage do not come back at once; never less than asked for.
    pub(crate) fn next(&mut self, chance: u64, asked: Option<Duration>) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.0.min(16)).min(MOST);
        self.0 = self.0.saturating_add(1);
        let half = whole / 2;
        let share = f64::from(u32::try_from(chance % 1_000).unwrap_or(0)) / 1_000.0;
        (half + half.mul_f64(share)).max(asked.unwrap_or_default())
    }

    /// It answered.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..9)
            .map(|_| backoff.next(999, None).as_millis())
            .collect();
        assert_eq!(pauses[..3], [499, 999, 1_999]);
        assert!((29_900..=30_000).contains(&pauses[8]), "{pauses:?}");
        assert_eq!(backoff.next(0, None), Duration::from_secs(15));
        let asked = Some(Duration::from_mins(1));
        assert_eq!(backoff.next(0, asked), Duration::from_mins(1));
        backoff.reset();
        assert_eq!(backoff.next(0, None), Duration::from_millis(250));
    }
}
