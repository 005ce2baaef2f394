//! Numbers of the process from `/proc`, named as Prometheus' own clients name them.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Looks at the process when asked. What cannot be read is left out.
#[derive(Debug)]
pub(super) struct Process;

/// What `/proc/self` says.
#[derive(Debug, Default, PartialEq)]
struct Numbers {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    threads: Option<u64>,
    start_seconds: Option<f64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let numbers = Numbers::of_self();
        let mut put = |name: &str, help: &str, metric: Option<&dyn EncodeMetric>| {
            let Some(metric) = metric else {
                return Ok(());
            };
            let encoder =
                encoder.encode_descriptor(name, &format!("{help}."), None, metric.metric_type())?;
            metric.encode(encoder)
        };
        let cpu = numbers.cpu_seconds.map(ConstCounter::new);
        put(
            "process_cpu_seconds",
            "Total user and system CPU time spent in seconds",
            cpu.as_ref().map(|metric| metric as _),
        )?;
        let whole = [
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes",
                numbers.resident_bytes,
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes",
                numbers.virtual_bytes,
            ),
            ("process_threads", "Number of OS threads", numbers.threads),
            (
                "process_open_fds",
                "Number of open file descriptors",
                numbers.open_fds,
            ),
            (
                "process_max_fds",
                "Maximum number of open file descriptors",
                numbers.max_fds,
            ),
        ];
        for (name, help, number) in whole {
            let gauge =
                number.map(|number| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX)));
            put(name, help, gauge.as_ref().map(|metric| metric as _))?;
        }
        let start = numbers.start_seconds.map(ConstGauge::new);
        put(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds",
            start.as_ref().map(|metric| metric as _),
        )
    }
}

impl Numbers {
    fn of_self() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let mut numbers = Self::parse(
            &read("/proc/self/stat"),
            &read("/proc/self/limits"),
            &read("/proc/stat"),
        );
        // The directory being read is open, too.
        numbers.open_fds = fs::read_dir("/proc/self/fd")
            .ok()
            .map(|entries| (entries.count() as u64).saturating_sub(1));
        numbers
    }

    /// `proc(5)` numbers the fields of `stat` from 1; the second, the name in
    /// parentheses, may hold anything.
    fn parse(stat: &str, limits: &str, system: &str) -> Self {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page = rustix::param::page_size() as u64;
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_ascii_whitespace().collect())
            .unwrap_or_default();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |number: usize| Some(field(number)? as f64 / ticks);
        let boot: Option<f64> = system
            .lines()
            .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        let max_fds = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"))
            .and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
        Self {
            cpu_seconds: (|| Some(seconds(14)? + seconds(15)?))(),
            threads: field(20),
            start_seconds: (|| Some(boot? + seconds(22)?))(),
            virtual_bytes: field(23),
            resident_bytes: field(24).map(|pages| pages.saturating_mul(page)),
            open_fds: None,
            max_fds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let mut fields = vec!["0"; 50];
        fields[11] = "150";
        fields[12] = "50";
        fields[17] = "7";
        fields[19] = "1000";
        fields[20] = "4096";
        fields[21] = "2";
        let stat = format!("12 (a) b (c) {}", fields.join(" "));
        let limits = "Limit Soft\nMax open files            1024  4096  files\n";
        let numbers = Numbers::parse(&stat, limits, "cpu 1\nbtime 1000\n");
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(numbers.cpu_seconds, Some(200.0 / ticks));
        assert_eq!(numbers.threads, Some(7));
        assert_eq!(numbers.start_seconds, Some(1000.0 + 1000.0 / ticks));
        assert_eq!(numbers.virtual_bytes, Some(4096));
        assert_eq!(numbers.max_fds, Some(1024));
        assert_eq!(Numbers::parse("", "", ""), Numbers::default());
        assert!(
            Numbers::of_self()
                .resident_bytes
                .is_some_and(|bytes| bytes > 100_000)
        );
    }
}
