//! What was measured, and how it is shown.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::time::Duration;

/// Measured values by name.
#[derive(Default)]
pub(super) struct Figures(Vec<(&'static str, f64)>);

/// Times of one thing done often.
#[derive(Default)]
pub(super) struct Times(pub(super) Vec<Duration>);

impl Times {
    /// Milliseconds that this share of them stayed within.
    pub(super) fn within(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (self.0.len() as f64 * share).ceil() as usize;
        let time = self.0.get(at.saturating_sub(1)).copied();
        time.unwrap_or_default().as_secs_f64() * 1000.0
    }
}

impl Figures {
    /// Notes a value, and says so: the whole table comes after minutes.
    pub(super) fn set(&mut self, name: &'static str, value: f64) {
        eprintln!("{name}: {value:.1}");
        self.0.push((name, value));
    }

    fn get(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }
}

/// One line of the table.
struct Line {
    name: &'static str,
    unit: &'static str,
    bar: Option<f64>,
    /// Whether more is better.
    rate: bool,
}

const fn least(name: &'static str, unit: &'static str, bar: f64) -> Line {
    let (bar, rate) = (Some(bar), true);
    Line {
        name,
        unit,
        bar,
        rate,
    }
}

const fn most(name: &'static str, unit: &'static str, bar: f64) -> Line {
    let (bar, rate) = (Some(bar), false);
    Line {
        name,
        unit,
        bar,
        rate,
    }
}

const fn shown(name: &'static str, unit: &'static str, rate: bool) -> Line {
    Line {
        name,
        unit,
        bar: None,
        rate,
    }
}

const LINES: &[Line] = &[
    most("start to discovery", "ms", 100.0),
    shown("restart with all objects to discovery", "ms", false),
    most("memory, idle after start", "MiB", 30.0),
    least("creates, 64 connections", "/s", 5000.0),
    shown("processor time of a create", "µs", false),
    shown("updates, 64 connections", "/s", true),
    shown("processor time of an update", "µs", false),
    shown("merge patches, 64 connections", "/s", true),
    shown("strategic merge patches, 64 connections", "/s", true),
    most("metadata, first 500, p99", "ms", 20.0),
    shown("metadata, first 500, median", "ms", false),
    most("metadata, all", "ms", 1000.0),
    most("100 by label, metadata, p99", "ms", 5.0),
    shown("100 by label, whole, p99", "ms", false),
    shown("table, first 500, p99", "ms", false),
    shown("table, all", "ms", false),
    shown("whole objects, all", "ms", false),
    most("write to its event, 500 writes/s, p99", "ms", 10.0),
    shown("write to its event, 500 writes/s, median", "ms", false),
    shown("one write to 1000 watchers, the last", "ms", false),
    shown("memory with 1000 watchers", "MiB", false),
    shown("memory, peak of all this", "MiB", false),
    shown("memory, quiet after all this", "MiB", false),
    shown("large objects, written", "MB/s", true),
    shown("large objects, read whole", "MB/s", true),
    most("large objects, table", "ms", 200.0),
    most("10,000 summaries beside them, table", "ms", 200.0),
    most("memory, peak of writing large objects", "MiB", 150.0),
    most("memory, peak of updating large objects", "MiB", 150.0),
    most("memory, peak of reading large objects", "MiB", 150.0),
];

/// Prints what was measured against its bar and beside the peer.
pub(super) fn print(ours: &Figures, peer: &Figures) {
    println!(
        "{:<44} {:>14} {:>14} {:>8} {:>14} {:>8}",
        "", "ours", "bar", "of bar", "etcd + API", "times"
    );
    for line in LINES {
        let Some(value) = ours.get(line.name) else {
            continue;
        };
        let number = |value: Option<f64>| match value {
            Some(value) => format!("{value:.1} {}", line.unit),
            None => String::new(),
        };
        let ratio = |value: Option<f64>| match value {
            Some(value) => format!("{value:.2}x"),
            None => String::new(),
        };
        let other = peer.get(line.name);
        let better = other.map(|other| {
            if line.rate {
                value / other
            } else {
                other / value
            }
        });
        println!(
            "{:<44} {:>14} {:>14} {:>8} {:>14} {:>8}",
            line.name,
            number(Some(value)),
            number(line.bar),
            ratio(line.bar.map(|bar| value / bar)),
            number(other),
            ratio(better),
        );
    }
}
