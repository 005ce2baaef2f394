//! Cron expressions as Kubernetes takes them, and when they come next.
//!
//! Exactly what the CronJob controller understands: five fields, names of months and
//! days, `?` for `*`, steps, `@daily` and the like, `@every 90m`. Libraries for this
//! take more (`L`, `W`, `#`, seconds, 7 for Sunday), which the API server refuses after
//! half of a recurring scan is made. Times are UTC.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Weekday};
use jiff::{Span, Timestamp, tz::TimeZone};

/// An expression that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    when: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Fields(Fields),
    Every(i64),
}

/// One bit a value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day is given at all; where both are, either suffices.
    any_day: bool,
    any_weekday: bool,
}

/// Why an expression is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no schedule: {problem}; give five fields (minute hour day month weekday) such as \"0 3 * * *\", or @daily"
)]
pub struct CronError {
    text: String,
    problem: String,
}

struct Part {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const MINUTE: Part = Part {
    name: "the minute",
    low: 0,
    high: 59,
    names: &[],
};
const HOUR: Part = Part {
    name: "the hour",
    low: 0,
    high: 23,
    names: &[],
};
const DAY: Part = Part {
    name: "the day",
    low: 1,
    high: 31,
    names: &[],
};
const MONTH: Part = Part {
    name: "the month",
    low: 1,
    high: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const WEEKDAY: Part = Part {
    name: "the weekday",
    low: 0,
    high: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let wrong = |problem: String| CronError {
            text: text.chars().take(80).collect(),
            problem,
        };
        if text.len() > 500 {
            return Err(wrong("it is too long".to_owned()));
        }
        let expression = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => text,
        };
        let when = if let Some(every) = expression.strip_prefix("@every ") {
            When::Every(seconds(every).ok_or_else(|| {
                wrong("@every wants a duration of a second or more, such as 90m".to_owned())
            })?)
        } else {
            When::Fields(fields(expression).map_err(wrong)?)
        };
        Ok(Self {
            text: text.to_owned(),
            when,
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `1h30m` in seconds.
fn seconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at(end);
        let number: i64 = number.parse().ok()?;
        let unit = unit.chars().next()?;
        let factor = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = rest.get(end + 1..)?;
    }
    (1..=315_360_000).contains(&total).then_some(total)
}

fn fields(text: &str) -> Result<Fields, String> {
    if text.starts_with('@') {
        return Err("it is none of the known names".to_owned());
    }
    if text.contains("TZ=") {
        return Err("time zones belong into the CronJob's timeZone".to_owned());
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = parts.as_slice() else {
        return Err(format!("it has {} fields", parts.len()));
    };
    let fields = Fields {
        minutes: bits(minute, &MINUTE)?,
        hours: bits(hour, &HOUR)?,
        days: bits(day, &DAY)?,
        months: bits(month, &MONTH)?,
        weekdays: bits(weekday, &WEEKDAY)?,
        any_day: day.starts_with(['*', '?']),
        any_weekday: weekday.starts_with(['*', '?']),
    };
    Ok(fields)
}

fn bits(text: &str, part: &Part) -> Result<u64, String> {
    let mut bits = 0;
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step, part)?)),
            None => (item, None),
        };
        let (low, high) = match range.split_once('-') {
            Some((low, high)) => (value(low, part)?, value(high, part)?),
            None if range == "*" || range == "?" => (part.low, part.high),
            None => {
                let low = value(range, part)?;
                // `5/15` runs to the end.
                (low, if step.is_some() { part.high } else { low })
            }
        };
        let step = step.unwrap_or(1);
        if low < part.low || high > part.high || low > high || step == 0 {
            return Err(format!(
                "{} {item:?} is not within {} to {}",
                part.name, part.low, part.high
            ));
        }
        let mut at = low;
        while at <= high {
            bits |= 1u64 << at;
            at = at.saturating_add(step);
        }
    }
    Ok(bits)
}

fn value(text: &str, part: &Part) -> Result<u32, String> {
    let named = part
        .names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text));
    match named.and_then(|at| u32::try_from(at).ok()) {
        Some(at) => Ok(at + part.low),
        None => number(text, part),
    }
}

fn number(text: &str, part: &Part) -> Result<u32, String> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| format!("{} {text:?} is no number", part.name))
}

const fn has(bits: u64, at: i8) -> bool {
    at >= 0 && bits & (1 << at) != 0
}

impl Cron {
    /// The first time after `after`; `None` when there is none within five years
    /// (30 February).
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Every(seconds) => {
                let whole = Timestamp::from_second(after.as_second()).ok()?;
                whole
                    .checked_add(Span::new().try_seconds(*seconds).ok()?)
                    .ok()
            }
            When::Fields(fields) => {
                let start = after.to_zoned(TimeZone::UTC).datetime();
                let found = fields.next(start)?;
                found
                    .to_zoned(TimeZone::UTC)
                    .ok()
                    .map(|time| time.timestamp())
            }
        }
    }
}

impl Fields {
    fn next(&self, after: DateTime) -> Option<DateTime> {
        let second = i64::from(after.second());
        let rest = i64::from(after.subsec_nanosecond());
        let minute = after
            .checked_sub(Span::new().seconds(second).nanoseconds(rest))
            .ok()?;
        let mut at = minute.checked_add(Span::new().minutes(1)).ok()?;
        let end = after.checked_add(Span::new().years(5)).ok()?;
        while at <= end {
            if !has(self.months, at.month()) {
                at = at
                    .date()
                    .first_of_month()
                    .checked_add(Span::new().months(1))
                    .ok()?
                    .at(0, 0, 0, 0);
            } else if !self.on(at) {
                at = at.date().tomorrow().ok()?.at(0, 0, 0, 0);
            } else if !has(self.hours, at.hour()) {
                at = at
                    .date()
                    .at(at.hour(), 0, 0, 0)
                    .checked_add(Span::new().hours(1))
                    .ok()?;
            } else if !has(self.minutes, at.minute()) {
                at = at.checked_add(Span::new().minutes(1)).ok()?;
            } else {
                return Some(at);
            }
        }
        None
    }

    fn on(&self, at: DateTime) -> bool {
        let day = has(self.days, at.day());
        let weekday = match at.weekday() {
            Weekday::Sunday => 0,
            other => other.to_monday_one_offset(),
        };
        let weekday = has(self.weekdays, weekday);
        if self.any_day || self.any_weekday {
            day && weekday
        } else {
            day || weekday
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn next(cron: &str, after: &str) -> String {
        let cron: Cron = cron.parse().unwrap();
        let next = cron.next(after.parse().unwrap());
        next.map_or_else(|| "never".to_owned(), |time| time.to_string())
    }

    #[test]
    fn the_next_time_is_that_of_the_fields() {
        let now = "2026-02-27T10:30:15.5Z";
        for (cron, wanted) in [
            ("* * * * *", "2026-02-27T10:31:00Z"),
            ("30 10 * * *", "2026-02-28T10:30:00Z"),
            ("0 8 * * *", "2026-02-28T08:00:00Z"),
            ("*/20 11-12 * * ?", "2026-02-27T11:00:00Z"),
            ("5/25 * * * *", "2026-02-27T10:55:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("0 0 30 FEB *", "never"),
            ("0 0 1 JAN,Jul *", "2026-07-01T00:00:00Z"),
            ("0 0 * * SUN", "2026-03-01T00:00:00Z"),
            // Either day suffices where both are given.
            ("0 0 13 * MON", "2026-03-02T00:00:00Z"),
            ("@hourly", "2026-02-27T11:00:00Z"),
            ("@every 1h30m", "2026-02-27T12:00:15Z"),
        ] {
            assert_eq!(next(cron, now), wanted, "{cron}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "0 0 L * *",
            "0 0 * * 1#2",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "@reboot",
            "@every",
            "@every 1ms",
            "@every -1h",
            "TZ=UTC * * * * *",
            ", * * * *",
        ] {
            assert!(text.parse::<Cron>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_next_time_is_later_and_whole(
            text in "(\\*|[0-5]?[0-9])(/[1-9])? (\\*|1?[0-9]) (\\*|[12]?[1-9]) (\\*|[1-9]) (\\*|[0-6])",
            after in 0i64..4_000_000_000
        ) {
            let cron: Cron = text.parse().unwrap();
            let after = Timestamp::from_second(after).unwrap();
            if let Some(next) = cron.next(after) {
                prop_assert!(next > after);
                prop_assert_eq!(next.as_second() % 60, 0);
                // Nothing lies between: the time before it leads to it.
                let before = Timestamp::from_second(next.as_second() - 1).unwrap();
                prop_assert_eq!(cron.next(before), Some(next));
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9*/,?@a-z -]{0,30}") {
            if let Ok(cron) = text.parse::<Cron>() {
                let _ = cron.next(Timestamp::UNIX_EPOCH);
            }
        }
    }
}
