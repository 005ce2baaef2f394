//! Durations as Go writes them.

use std::time::Duration;

/// Reads `1h30m`, `1.5h`, `300ms`, `0`: numbers each with a unit of `ns us µs ms s m h`,
/// not negative, at most about 292 years as in Go.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos: u128 = 0;
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, more) = rest.split_at(end);
        let (unit, more) = unit(more)?;
        nanos = nanos.checked_add(scaled(number, unit)?)?;
        rest = more;
    }
    (nanos <= i64::MAX as u128).then(|| {
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        Duration::from_nanos(nanos)
    })
}

fn unit(text: &str) -> Option<(u128, &str)> {
    const UNITS: [(&str, u128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    UNITS
        .iter()
        .find_map(|(name, nanos)| Some((*nanos, text.strip_prefix(name)?)))
}

/// `number` (`12`, `1.5`, `.5`) times `unit` nanoseconds, exactly.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let digits = |text: &str| -> Option<u128> {
        if text.is_empty() {
            return Some(0);
        }
        text.parse().ok().filter(|_| text.len() <= 20)
    };
    let whole = digits(whole)?.checked_mul(unit)?;
    // Digits below a billionth of an hour do not matter.
    let part = part.get(..part.len().min(18))?;
    let scale = 10u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    whole.checked_add(digits(part)?.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn durations_read_as_go_reads_them() {
        for (text, millis) in [
            ("24h", 86_400_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("300ms", 300),
            ("+2s", 2_000),
            ("1m0.25s", 60_250),
            ("0", 0),
            ("2000000µs", 2_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "", "24", "h", "-1s", "1d", "1 h", "1..2s", ".s", "9999999h", "1e3s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_units_add_up(hours in 0u64..10_000, minutes in 0u64..10_000, nanos in 0u64..u32::MAX.into()) {
            let text = format!("{hours}h{minutes}m{nanos}ns");
            prop_assert_eq!(
                parse(&text),
                Some(Duration::from_secs(hours * 3600 + minutes * 60) + Duration::from_nanos(nanos))
            );
        }
    }
}
