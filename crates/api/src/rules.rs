//! Checks that a schema alone cannot express.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::error::ErrorType;
use crate::inspect::Report;
use crate::path::Step;

/// What `kubescape.io/status` may say on profiles and network neighborhoods.
pub const STATUSES: &[&str] = &[
    "initializing",
    "ready",
    "completed",
    "incomplete",
    "unauthorize",
    "missing-runtime",
    "too-large",
    "unsupported-schema",
];

/// What `kubescape.io/completion` may say on profiles and network neighborhoods.
pub const COMPLETIONS: &[&str] = &["partial", "complete"];

/// Whether a text is a moment as RFC 3339 writes it.
pub(crate) fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.bytes().all(|byte| byte.is_ascii_digit())
        && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// An address block: `10.0.0.0/8`, `2001:db8::/32`. Host bits may be set.
pub(crate) fn cidr(value: &Value, report: &mut Report<'_>) {
    if let Some(text) = value.as_str()
        && !text.is_empty()
        && !is_cidr(text)
    {
        report.invalid(
            value,
            "must be an address block such as 10.0.0.0/8 or 2001:db8::/32",
        );
    }
}

/// An address, or empty.
pub(crate) fn address(value: &Value, report: &mut Report<'_>) {
    if let Some(text) = value.as_str()
        && !text.is_empty()
        && text.parse::<IpAddr>().is_err()
    {
        report.invalid(value, "must be an IP address");
    }
}

/// A list of addresses, blocks, or `*` for any address.
pub(crate) fn addresses(value: &Value, report: &mut Report<'_>) {
    each_text(value, report, |text, value, report| {
        if text != "*" && text.parse::<IpAddr>().is_err() && !is_cidr(text) {
            report.invalid(value, "must be an IP address, an address block or *");
        }
    });
}

/// A list of DNS names, in which `*` may stand for the first or last label and
/// `⋯` for any one label. (Upstream's later validation.)
pub(crate) fn dns_patterns(value: &Value, report: &mut Report<'_>) {
    each_text(value, report, |text, value, report| {
        if let Some(fault) = dns_fault(text) {
            report.invalid(value, fault);
        }
    });
}

fn dns_fault(text: &str) -> Option<&'static str> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.split('.').count().saturating_sub(1);
    if name == "*" {
        return Some("* needs a fixed part, such as *.example.com");
    }
    let mut labels = name.split('.').enumerate();
    labels.find_map(|(at, label)| match label {
        "" => Some("must be a DNS name without empty labels"),
        "**" => Some("** is not supported"),
        "*" if at != 0 && at != last => Some("* may only be the first or the last label"),
        _ => None,
    })
}

fn each_text(
    value: &Value,
    report: &mut Report<'_>,
    check: impl Fn(&str, &Value, &mut Report<'_>),
) {
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        // Null is stored as an empty text, and so it counts as one.
        let text = item.as_str().or(item.is_null().then_some(""));
        if let Some(text) = text {
            report.within(Step::Index(index), |report| check(text, item, report));
        }
    }
}

/// Ports of observed traffic are named `<protocol>-<port>`, the key by which
/// patches merge them. (Upstream's validation of `NetworkNeighbors`.)
pub(crate) fn port_names<'v>(spec: &'v Map<String, Value>, report: &mut Report<'v>) {
    for direction in ["ingress", "egress"] {
        report.each(spec, direction, |neighbor, report| {
            if let Some(neighbor) = neighbor.as_object() {
                report.each(neighbor, "ports", port_name);
            }
        });
    }
}

fn port_name<'v>(port: &'v Value, report: &mut Report<'v>) {
    let Some(number) = port.get("port").and_then(Value::as_i64) else {
        return;
    };
    let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("");
    let expected = format!("{protocol}-{number}");
    let given = port.get("name").and_then(Value::as_str).unwrap_or("");
    if given != expected {
        report.within(Step::Field("name"), |report| {
            let detail = format!("must be <protocol>-<port>, here {expected:?}");
            report.invalid(&Value::from(given), detail);
        });
    }
}

/// Prefixes of collapse rules are absolute paths and unique.
pub(crate) fn collapse_prefixes<'v>(spec: &'v Map<String, Value>, report: &mut Report<'v>) {
    let mut seen = BTreeSet::new();
    report.each(spec, "collapseConfigs", |entry, report| {
        let value = entry.get("prefix");
        let Some((value, prefix)) = value.and_then(|value| Some((value, value.as_str()?))) else {
            return;
        };
        report.within(Step::Field("prefix"), |report| {
            if !prefix.is_empty() && !prefix.starts_with('/') {
                report.invalid(value, "must be an absolute path");
            }
            if !seen.insert(prefix) {
                report.error(ErrorType::Duplicate, Some(value), "");
            }
        });
    });
}

/// The annotations that say how far the learning of a profile has come.
pub(crate) fn learning_annotations<'v>(object: &'v Map<String, Value>, report: &mut Report<'v>) {
    let metadata = object.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    for (key, allowed) in [
        (crate::STATUS_ANNOTATION, STATUSES),
        (crate::COMPLETION_ANNOTATION, COMPLETIONS),
    ] {
        let value = annotations.and_then(|annotations| annotations.get(key));
        let Some((value, text)) = value.and_then(|value| Some((value, value.as_str()?))) else {
            continue;
        };
        if !allowed.contains(&text) {
            report.within(Step::Field("metadata"), |report| {
                report.within(Step::Field("annotations"), |report| {
                    report.within(Step::Key(key), |report| report.unsupported(value, allowed));
                });
            });
        }
    }
}
