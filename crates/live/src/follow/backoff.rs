//! How long to wait before the next try. Pure: chance comes from the caller.

use std::time::Duration;

/// Waits that grow with each failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// After the first failure.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Waits {
    /// The wait after so many failures (from 1): between half and all of twice
    /// the last one, and never less than the server asks for.
    ///
    /// `chance` is a number from 0 to 1 that spreads those who failed together.
    pub(crate) fn after(&self, failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1 << failures.saturating_sub(1).min(20))
            .min(self.longest);
        let chance = chance.clamp(0.0, 1.0);
        let own = doubled.div_f64(2.0) + doubled.mul_f64(chance / 2.0);
        match asked {
            // A little later than all others who were told the same.
            Some(asked) => own.max(asked.min(MOST_ASKED).mul_f64(1.0 + chance / 10.0)),
            None => own,
        }
    }
}

/// A server that asks for more is asked all the same.
const MOST_ASKED: Duration = Duration::from_mins(10);

/// A time between two, for what all watchers would otherwise do at once.
pub(crate) fn between(least: Duration, most: Duration, chance: f64) -> Duration {
    least + most.saturating_sub(least).mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WAITS: Waits = Waits {
        first: Duration::from_millis(500),
        longest: Duration::from_mins(1),
    };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = [1, 2, 3, 8, 4_000_000].map(|failures| WAITS.after(failures, None, 1.0));
        assert_eq!(
            waits.map(|wait| wait.as_millis()),
            [500, 1000, 2000, 60_000, 60_000]
        );
    }

    #[test]
    fn a_server_is_not_asked_before_it_wants_but_within_the_hour() {
        let wait = |seconds| WAITS.after(1, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(wait(7).as_secs(), 7);
        assert_eq!(wait(0).as_millis(), 250);
        assert_eq!(wait(u64::MAX), MOST_ASKED);
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_half_of_what_it_should_be(
            failures in 1_u32..100, chance in -1.0..2.0_f64, asked in proptest::option::of(0_u64..10_000)
        ) {
            let asked = asked.map(Duration::from_secs);
            let wait = WAITS.after(failures, asked, chance);
            prop_assert!(wait >= WAITS.first / 2);
            prop_assert!(wait <= WAITS.longest.max(MOST_ASKED + MOST_ASKED / 10));
        }

        #[test]
        fn a_time_between_two_is(chance in -1.0..2.0_f64, least in 0_u64..100, more in 0_u64..100) {
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(least + more));
            let time = between(least, most, chance);
            prop_assert!(least <= time && time <= most);
        }
    }
}
