//! When to act on changes: at once when things are calm, in bunches when they are
//! not. Pure: it is told the time.

use std::time::{Duration, Instant};

/// Decides when changes are settled.
///
/// The first change after a pause is settled at once. Those that follow wait until
/// nothing has happened for `quiet`, but no longer than `most`; and settling never
/// takes more than about a quarter of the time, however long one settling takes.
#[derive(Clone, Debug)]
pub struct Pace {
    quiet: Duration,
    most: Duration,
    /// The first and the last change that wait.
    waiting: Option<(Instant, Instant)>,
    /// When the last settling began, and when the next may.
    last: Option<(Instant, Instant)>,
}

impl Pace {
    /// See [`Pace`].
    pub fn new(quiet: Duration, most: Duration) -> Self {
        Self {
            quiet,
            most,
            waiting: None,
            last: None,
        }
    }

    /// Something changed.
    pub fn changed(&mut self, now: Instant) {
        let first = self.waiting.map_or(now, |(first, _)| first);
        self.waiting = Some((first, now));
    }

    /// When to settle; `None` while nothing waits.
    pub fn due(&self) -> Option<Instant> {
        let (first, last) = self.waiting?;
        let Some((begun, rested)) = self.last else {
            return Some(first);
        };
        // Calm: nothing was settled shortly before the first change.
        let calm = first.saturating_duration_since(begun) >= self.quiet;
        let due = if calm {
            first
        } else {
            (last + self.quiet).min(first + self.most)
        };
        Some(due.max(rested))
    }

    /// What waited was settled from `begun` to `ended`.
    pub fn settled(&mut self, begun: Instant, ended: Instant) {
        self.waiting = None;
        let rest = ended.saturating_duration_since(begun) * 3;
        self.last = Some((begun, ended + rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pace() -> Pace {
        Pace::new(200 * MS, 2_000 * MS)
    }

    #[test]
    fn a_change_after_a_pause_is_settled_at_once() {
        let start = Instant::now();
        let mut pace = pace();
        assert_eq!(pace.due(), None);
        pace.changed(start);
        assert_eq!(pace.due(), Some(start));
        pace.settled(start, start + MS);
        assert_eq!(pace.due(), None);
        pace.changed(start + 500 * MS);
        assert_eq!(pace.due(), Some(start + 500 * MS));
    }

    #[test]
    fn changes_in_a_row_wait_for_quiet() {
        let start = Instant::now();
        let mut pace = pace();
        pace.changed(start);
        pace.settled(start, start + MS);
        pace.changed(start + 50 * MS);
        pace.changed(start + 150 * MS);
        assert_eq!(pace.due(), Some(start + 350 * MS));
    }

    #[test]
    fn changes_without_end_are_settled_all_the_same() {
        let start = Instant::now();
        let mut pace = pace();
        pace.changed(start);
        pace.settled(start, start + MS);
        let mut now = start + 10 * MS;
        let first = now;
        while pace.due().is_none_or(|due| due > now) {
            pace.changed(now);
            now += 100 * MS;
        }
        assert_eq!(pace.due(), Some(first + 2_000 * MS));
    }

    #[test]
    fn slow_settling_leaves_three_quarters_of_the_time_to_others() {
        let start = Instant::now();
        let mut pace = pace();
        pace.changed(start);
        pace.settled(start, start + 1_000 * MS);
        pace.changed(start + 1_100 * MS);
        assert_eq!(pace.due(), Some(start + 4_000 * MS));
    }
}
