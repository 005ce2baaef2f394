//! Types of values that this role's files have.

use std::time::Duration;

use kubescape_runtime::config::{FromConfig, Raw};
use serde_json::Value;

/// A duration as Go's loader takes it: with units, or a number of nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GoDuration(pub(super) Duration);

impl FromConfig for GoDuration {
    const WANTED: &'static str = "a duration with a unit, such as 90s or 10m, or nanoseconds";

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        let nanos = match raw {
            Raw::Json(Value::Number(number)) => Some(number.as_u64()?),
            Raw::Text(text) => text.trim().parse().ok(),
            Raw::Json(_) => None,
        };
        match nanos {
            Some(nanos) => Some(Self(Duration::from_nanos(nanos))),
            None => Duration::from_config(raw).map(Self),
        }
    }
}

/// A switch: a boolean, or `enable` and the like, as the chart writes capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switch(pub(super) bool);

impl FromConfig for Switch {
    const WANTED: &'static str = "enable or disable, true or false";

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        let text = String::from_config(raw)?.to_lowercase();
        match text.trim() {
            "enable" | "enabled" | "true" | "t" | "1" | "on" => Some(Self(true)),
            "disable" | "disabled" | "false" | "f" | "0" | "off" => Some(Self(false)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        let nanos = serde_json::json!(1_500_000_000u64);
        let read = GoDuration::from_config(Raw::Json(&nanos));
        assert_eq!(read, Some(GoDuration(Duration::from_millis(1500))));
        let read = GoDuration::from_config(Raw::Text("1m"));
        assert_eq!(read, Some(GoDuration(Duration::from_mins(1))));
        assert_eq!(GoDuration::from_config(Raw::Text("soon")), None);
    }
}
