//! How long to wait for an API server.

use std::time::Duration;

/// Limits of waiting. Nothing waits without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For an answer to begin.
    pub answer: Duration,
    /// For the next bytes of an answer.
    pub idle: Duration,
    /// For a whole page of a list.
    pub page: Duration,
    /// Before the second try; each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait between tries, also when the server asks for more.
    pub longest_wait: Duration,
    /// How often to try.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            // kube-apiserver gives up on a list after a minute by default.
            answer: Duration::from_secs(65),
            idle: Duration::from_secs(30),
            page: Duration::from_mins(5),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            tries: 5,
        }
    }
}

impl Patience {
    /// How long to wait after so many failed tries, given what the server asks for.
    pub(crate) fn wait(&self, failed: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(1 << failed.saturating_sub(1).min(16));
        asked.unwrap_or(doubled).min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_also_when_the_server_asks_for_hours() {
        let patience = Patience::default();
        let waits = [1, 2, 3, 30].map(|failed| patience.wait(failed, None).as_millis());
        assert_eq!(waits, [500, 1000, 2000, 30_000]);
        let hours = Some(Duration::from_hours(3));
        assert_eq!(patience.wait(1, hours).as_secs(), 30);
        assert_eq!(patience.wait(4, Some(Duration::from_secs(1))).as_secs(), 1);
    }
}
