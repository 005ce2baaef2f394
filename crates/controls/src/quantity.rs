//! Kubernetes quantities: `500m` CPUs, `128Mi` of memory.

use kubescape_engine::Value;

/// An amount of CPU or memory. Exact down to a billionth, as in the
/// Kubernetes API, so that `0.3` and `300m` are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    billionths: i128,
}

/// `BILLION` is ten to this power.
const SCALE: i32 = 9;
const BILLION: i128 = 1_000_000_000;

impl Quantity {
    /// The quantity that a value of an object means: a string or a number.
    /// Nothing when it is no quantity.
    pub(crate) fn of(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Str(text) => Self::parse(text),
            Value::Int(number) => Some(Self {
                billionths: i128::from(number) * BILLION,
            }),
            Value::Float(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Reads `[+-]digits[.digits][suffix]`; the suffix is one of
    /// `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei` or an exponent as in `1e3`.
    /// Amounts beyond any machine become the greatest one there is.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = text
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (digits, decimals) = digits(number)?;
        let unit = unit(suffix)?;
        let billionths = scale(
            digits.saturating_mul(unit.factor),
            unit.exponent.saturating_sub(decimals),
        );
        Some(Self {
            billionths: if negative { -billionths } else { billionths },
        })
    }
}

/// The digits as a whole number, and how many of them are decimals.
fn digits(number: &str) -> Option<(i128, i32)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let fold = |sum: i128, digit: u8| {
        sum.saturating_mul(10)
            .saturating_add(i128::from(digit - b'0'))
    };
    // Digits below a billionth of the smallest unit change nothing.
    let kept = &fraction[..fraction.len().min(2 * SCALE as usize)];
    let sum = whole.bytes().chain(kept.bytes()).fold(0, fold);
    Some((sum, i32::try_from(kept.len()).ok()?))
}

struct Unit {
    factor: i128,
    exponent: i32,
}

fn unit(suffix: &str) -> Option<Unit> {
    let binary = |power: u32| {
        Some(Unit {
            factor: 1_i128 << (10 * power),
            exponent: 0,
        })
    };
    let decimal = |exponent| {
        Some(Unit {
            factor: 1,
            exponent,
        })
    };
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => decimal(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

/// `number` times ten to `exponent`, in billionths; what is smaller counts as one.
fn scale(number: i128, exponent: i32) -> i128 {
    let exponent = exponent.saturating_add(SCALE);
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    match power {
        _ if number == 0 => 0,
        Some(power) if exponent >= 0 => number.saturating_mul(power),
        None if exponent >= 0 => i128::MAX,
        Some(power) => number / power + i128::from(number % power != 0),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(left: &str, right: &str) {
        let parse = |text| Quantity::parse(text).unwrap();
        assert_eq!(parse(left), parse(right), "{left} and {right}");
    }

    #[test]
    fn the_same_amount_in_different_units() {
        equal("0.3", "300m");
        equal("1", "1000m");
        equal("1.5", "1500000u");
        equal("1k", "1e3");
        equal("1E3", "+1000");
        equal("1Ki", "1024");
        equal("0.5Gi", "512Mi");
        equal("1073741824000m", "1Gi");
        equal(".5", "0.5");
        equal("5.", "5");
        equal("0", "-0");
    }

    #[test]
    fn bigger_is_greater() {
        let order = [
            "-1", "0", "1n", "1m", "0.1", "500m", "1", "1k", "1Ki", "1M", "1Mi", "1E", "1Ei",
        ];
        for pair in order.windows(2) {
            assert!(
                Quantity::parse(pair[0]) < Quantity::parse(pair[1]),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(
            Quantity::parse("9e999999999"),
            Quantity::parse("1e2147483647")
        );
        assert_eq!(Quantity::parse("1e-2147483648"), Quantity::parse("1n"));
        assert!(Quantity::parse(&"9".repeat(400)).is_some());
    }

    #[test]
    fn anything_else_is_no_quantity() {
        for text in [
            "", "m", ".", "1.2.3", "1x", "1mi", "1 Gi", "e3", "1e", "--1",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
        assert_eq!(Quantity::of(Value::Null), None);
        assert_eq!(Quantity::of(Value::Float(0.25)), Quantity::parse("250m"));
        assert_eq!(Quantity::of(Value::Int(2)), Quantity::parse("2"));
    }
}
