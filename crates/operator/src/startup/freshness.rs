//! Whether another full scan would tell anything new. Pure.

use jiff::{SignedDuration, Timestamp};
use kubescape_commands::{Command, cron::Cron, field};
use serde_json::Value;

/// Without recurring scans of configurations: as often as the chart scans.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The scanner's metric of the end of its last full scan.
const METRIC: &str = "kubescape_scan_last_success_timestamp_seconds";

/// What is known of the last full scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) last: Option<Timestamp>,
    pub(super) fresh_for: SignedDuration,
}

impl Known {
    /// Why a scan is needed, or why not.
    pub(super) fn needs_scan(self, now: Timestamp) -> Result<String, String> {
        let Some(last) = self.last else {
            return Ok("no full scan is known".to_owned());
        };
        let age = now.duration_since(last);
        let words = |what: SignedDuration| format!("{} minutes", what.as_mins());
        if age.is_negative() {
            return Ok("the last full scan is of a time to come: the clock was set".to_owned());
        }
        let text = format!(
            "the last full scan is {} old, and one each {} is wanted",
            words(age),
            words(self.fresh_for)
        );
        if age < self.fresh_for {
            Err(text)
        } else {
            Ok(text)
        }
    }
}

/// How long a scan is fresh: the shortest pause of recurring scans of configurations.
pub(super) fn fresh_for(schedules: &[Value], now: Timestamp) -> SignedDuration {
    let ours = schedules
        .iter()
        .filter(|one| one["kind"] == "configurations" && one["suspended"] != true);
    let pauses = ours.filter_map(|one| {
        let cron: Cron = one["schedule"].as_str()?.parse().ok()?;
        let first = cron.next(now)?;
        Some(cron.next(first)?.duration_since(first))
    });
    pauses.min().unwrap_or(DAY)
}

/// The end of the last full scan, from the scanner's metrics.
pub(super) fn told(page: &str) -> Option<Timestamp> {
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(METRIC)?.strip_prefix(' '))?;
    let seconds: f64 = value.trim().parse().ok()?;
    let whole = seconds.is_finite() && seconds >= 1.0;
    let seconds = SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .filter(|_| whole)?;
    Timestamp::from_second(seconds.as_secs()).ok()
}

/// Whether a command scans everything by everything.
pub(crate) fn is_full(command: &Command) -> bool {
    let Some(Value::Object(scan)) = field(&command.args, "scanV1") else {
        return true;
    };
    let list = |name| field(scan, name).and_then(Value::as_array);
    let empty = |name| list(name).is_none_or(Vec::is_empty);
    let all = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        name.is_empty() || ["all", "allcontrols"].contains(&name.to_lowercase().as_str())
    };
    let every = list("targetNames").is_none_or(|names| names.is_empty() || names.iter().any(all));
    let whole = field(scan, "scanObject").is_none_or(Value::is_null);
    every && whole && empty("includeNamespaces") && empty("excludedNamespaces")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_scan_is_fresh_until_the_next_would_have_been() {
        let now = at("2026-01-02T10:30:00Z");
        let one = |kind: &str, schedule: &str| json!({"kind": kind, "schedule": schedule});
        assert_eq!(fresh_for(&[], now), DAY);
        let all = [
            one("images", "* * * * *"),
            one("configurations", "0 8 * * *"),
            one("configurations", "0 */6 * * *"),
            json!({"kind": "configurations", "schedule": "* * * * *", "suspended": true}),
        ];
        assert_eq!(fresh_for(&all, now), SignedDuration::from_hours(6));
        let known = |last: Option<&str>| Known {
            last: last.map(at),
            fresh_for: SignedDuration::from_hours(6),
        };
        assert!(known(None).needs_scan(now).is_ok());
        assert!(known(Some("2026-01-02T05:00:00Z")).needs_scan(now).is_err());
        assert!(known(Some("2026-01-02T04:00:00Z")).needs_scan(now).is_ok());
        assert!(known(Some("2027-01-02T04:00:00Z")).needs_scan(now).is_ok());
    }

    #[test]
    fn the_scanners_metric_is_found() {
        let page = format!("# HELP {METRIC} x\n# TYPE {METRIC} gauge\n{METRIC} 1767349800.5\n");
        assert_eq!(told(&page), Some(at("2026-01-02T10:30:00Z")));
        for page in [
            "",
            &format!("{METRIC} 0"),
            &format!("{METRIC} NaN"),
            &format!("{METRIC} 1e300"),
        ] {
            assert_eq!(told(page), None, "{page}");
        }
    }

    #[test]
    fn full_is_everything_by_everything() {
        let command = |scan: Value| Command {
            args: [("scanV1".to_owned(), scan)].into_iter().collect(),
            ..Command::default()
        };
        for scan in [
            json!(null),
            json!({}),
            json!({"targetNames": ["allcontrols", "nsa", "mitre"]}),
            json!({"targetNames": [""], "scanObject": null}),
        ] {
            assert!(is_full(&command(scan.clone())), "{scan}");
        }
        for scan in [
            json!({"targetNames": ["nsa"]}),
            json!({"includeNamespaces": ["shop"]}),
            json!({"scanObject": {"kind": "Pod"}}),
        ] {
            assert!(!is_full(&command(scan.clone())), "{scan}");
        }
    }
}
