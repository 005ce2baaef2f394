//! What is to be done at a time. Pure: whatever a clock says, there is an answer.

use jiff::{SignedDuration, Timestamp};
use kubescape_commands::cron::Cron;

use super::Definition;

/// A clock that is set back by less is waited for.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Times that passed are counted so far.
const COUNTED: usize = 100;

/// What a look at the definitions found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Those that are due, each once however often its time came.
    pub due: Vec<Due>,
    /// Those that count from a time to come: the clock was set back, and they count
    /// from now on.
    pub ahead: Vec<String>,
    /// When the next of all is due.
    pub next: Option<Timestamp>,
}

/// One that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its name.
    pub name: String,
    /// The latest of its times.
    pub at: Timestamp,
    /// Times before that one which nobody heard; 100 is that many or more.
    pub missed: usize,
}

impl Look {
    /// At the definitions, at `now`.
    pub fn at(definitions: &[Definition], now: Timestamp) -> Self {
        let mut look = Self::default();
        for one in definitions {
            let Ok(cron) = one.schedule.parse::<Cron>() else {
                continue;
            };
            let mut from = one.since;
            if one.since.duration_since(now) > PATIENCE {
                look.ahead.push(one.name.clone());
                from = now;
            } else if let Some((at, missed)) = passed(&cron, one.since, now) {
                let name = one.name.clone();
                look.due.push(Due { name, at, missed });
                from = now;
            }
            if let Some(at) = cron.next(from) {
                look.next = Some(look.next.map_or(at, |old| old.min(at)));
            }
        }
        look
    }
}

/// The last of the times after `since` that are not after `now`, and how many were
/// before it.
fn passed(cron: &Cron, since: Timestamp, now: Timestamp) -> Option<(Timestamp, usize)> {
    let mut last = cron.next(since).filter(|at| *at <= now)?;
    let mut before = 0;
    while before < COUNTED {
        match cron.next(last).filter(|at| *at <= now) {
            Some(at) => {
                last = at;
                before += 1;
            }
            None => break,
        }
    }
    Some((last, before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn definition(name: &str, schedule: &str, since: &str) -> Definition {
        let cron = schedule.parse().unwrap();
        let body = json!({"commands": []});
        Definition::new(name.to_owned(), &cron, body, since.parse().unwrap())
    }

    #[test]
    fn what_was_missed_is_due_once() {
        let now = "2026-01-02T10:30:00Z".parse().unwrap();
        let all = [
            definition("hourly", "0 * * * *", "2026-01-01T00:00:00Z"),
            definition("later", "45 10 * * *", "2026-01-02T10:00:00Z"),
            definition("never", "0 0 30 2 *", "2026-01-01T00:00:00Z"),
        ];
        let look = Look::at(&all, now);
        let hourly = Due {
            name: "hourly".to_owned(),
            at: "2026-01-02T10:00:00Z".parse().unwrap(),
            missed: 33,
        };
        assert_eq!(look.due, [hourly]);
        assert_eq!(look.next.unwrap().to_string(), "2026-01-02T10:45:00Z");
        let ran = [definition("hourly", "0 * * * *", "2026-01-02T10:30:00Z")];
        assert_eq!(Look::at(&ran, now).due, []);
        // Seconds, and half a century of them.
        let all = [definition("busy", "@every 1s", "1970-01-01T00:00:00Z")];
        assert_eq!(Look::at(&all, now).due[0].missed, COUNTED);
    }

    #[test]
    fn a_clock_that_was_set_back_stalls_nothing() {
        let now: Timestamp = "2026-01-02T10:30:00Z".parse().unwrap();
        // A few minutes are waited for, and the same time does not come twice.
        let all = [definition("near", "30 10 * * *", "2026-01-02T10:30:01Z")];
        let look = Look::at(&all, now);
        assert_eq!((look.due.len(), look.ahead.len()), (0, 0));
        // A year is not.
        let all = [definition("far", "0 * * * *", "2027-01-02T10:30:00Z")];
        let look = Look::at(&all, now);
        assert_eq!(look.ahead, ["far"]);
        assert_eq!(look.next.unwrap().to_string(), "2026-01-02T11:00:00Z");
    }

    proptest! {
        // Each looks at many moments.
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever happens to a clock, each look has one run a definition at most, and
        /// the next is never further away than patience and one interval.
        #[test]
        fn clocks_that_jump_make_no_storm_and_no_stall(
            times in prop::collection::vec(0i64..4_000_000_000, 1..20)
        ) {
            let mut one = definition("hourly", "0 * * * *", "2026-01-01T00:00:00Z");
            for second in times {
                let now = Timestamp::from_second(second).unwrap();
                let look = Look::at(std::slice::from_ref(&one), now);
                prop_assert!(look.due.len() + look.ahead.len() <= 1);
                if !look.due.is_empty() || !look.ahead.is_empty() {
                    one.since = now;
                }
                let next = look.next.unwrap();
                prop_assert!(next > now);
                prop_assert!(next.duration_since(now) <= SignedDuration::from_mins(70));
                // The same moment again is nothing new.
                let again = Look::at(std::slice::from_ref(&one), now);
                prop_assert!(again.due.is_empty() && again.ahead.is_empty());
            }
        }
    }
}
