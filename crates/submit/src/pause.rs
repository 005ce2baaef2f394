//! When to try again, and when to give up. Pure.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one try of one message, from connecting to the answer's last byte.
    pub attempt: Duration,
    /// Tries of one message.
    pub tries: u32,
    /// Before the second try; doubled before each that follows.
    pub first_pause: Duration,
    /// The longest pause, also when the receiver asks for one: if it asks for more,
    /// there is no other try.
    pub longest_pause: Duration,
    /// For the whole report.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempt: Duration::from_mins(1),
            tries: 4,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
            whole: Duration::from_mins(30),
        }
    }
}

impl Patience {
    /// The pause after so many tries; `None` when there is no other. `random` is of
    /// 0..1000, so that many senders do not come back at once; `asked` is what the
    /// receiver asks for.
    pub(crate) fn pause(
        &self,
        tries: u32,
        random: u32,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if tries >= self.tries || asked.is_some_and(|asked| asked > self.longest_pause) {
            return None;
        }
        let doubled = 2u32.saturating_pow(tries.saturating_sub(1));
        let pause = self.first_pause.saturating_mul(doubled);
        let pause = pause.min(self.longest_pause);
        let jittered = pause / 2 + pause / 2 * random.min(1000) / 1000;
        Some(jittered.max(asked.unwrap_or_default()))
    }
}

/// What a `Retry-After` asks for: seconds or a date.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new()
        .parse_timestamp(header)
        .ok()?;
    // A date that is over asks for nothing.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn pauses_double_and_end() {
        let patience = Patience {
            tries: 9,
            ..Patience::default()
        };
        let pauses = |random| [1, 2, 3, 7, 8].map(|tries| patience.pause(tries, random, None));
        assert_eq!(
            pauses(1000),
            [1, 2, 4, 60, 60].map(|count| Some(seconds(count)))
        );
        assert_eq!(pauses(0)[1], Some(seconds(1)));
        assert_eq!(patience.pause(9, 0, None), None);
    }

    #[test]
    fn what_the_receiver_asks_for_is_kept_within_a_bound() {
        let patience = Patience::default();
        assert_eq!(patience.pause(1, 0, Some(seconds(7))), Some(seconds(7)));
        assert_eq!(patience.pause(1, 1000, Some(seconds(0))), Some(seconds(1)));
        assert_eq!(patience.pause(1, 0, Some(seconds(61))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(seconds(120)));
        let date = "Fri, 02 Jan 2026 03:04:35 GMT";
        assert_eq!(retry_after(date, now), Some(seconds(30)));
        let over = "Thu, 01 Jan 2026 00:00:00 GMT";
        assert_eq!(retry_after(over, now), Some(seconds(0)));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
