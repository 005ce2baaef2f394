//! The types of plain scalars.

use kubescape_engine::{Arena, Value};

/// The value of a scalar. `tag` is the suffix of a core-schema tag (`str`).
pub(super) fn typed<'a>(
    text: &'a str,
    plain: bool,
    tag: Option<&str>,
    arena: &'a Arena,
) -> Value<'a> {
    match tag {
        Some("str" | "binary") => return Value::Str(text),
        None if !plain => return Value::Str(text),
        _ => {}
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return Value::Str(text);
    }
    number(text)
        .or_else(|| timestamp(text, arena))
        .unwrap_or(Value::Str(text))
}

fn number(text: &str) -> Option<Value<'static>> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.bytes().next()?.is_ascii_digit() && !digits.starts_with('.') {
        return None;
    }
    let without_marks: String;
    let digits = if digits.contains('_') {
        without_marks = digits.replace('_', "");
        &without_marks
    } else {
        digits
    };
    if let Some(magnitude) = whole(digits) {
        let value = if negative { -magnitude } else { magnitude };
        return Some(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int));
    }
    let looks_decimal = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !looks_decimal {
        return None;
    }
    let value: f64 = digits
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())?;
    Some(Value::Float(if negative { -value } else { value }))
}

fn whole(digits: &str) -> Option<i128> {
    let (radix, rest) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if rest.starts_with(['+', '-']) || rest.len() > 36 {
        return None;
    }
    i128::from_str_radix(rest, radix)
        .ok()
        .filter(|value| *value <= i128::from(u64::MAX))
}

/// `2001-12-14`, `2001-12-14T21:59:43.1Z`, `2001-12-14 21:59:43 +01:00` → RFC 3339.
fn timestamp<'a>(text: &str, arena: &'a Arena) -> Option<Value<'a>> {
    let bytes = text.as_bytes();
    let is_digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    if !(is_digits(0..4) && is_digits(5..7) && is_digits(8..10))
        || bytes[4] != b'-'
        || bytes[7] != b'-'
    {
        return None;
    }
    let (date, rest) = text.split_at(10);
    if rest.is_empty() {
        return Some(Value::Str(arena.fmt(format_args!("{date}T00:00:00Z"))));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let time_end = rest
        .bytes()
        .position(|byte| !(byte.is_ascii_digit() || matches!(byte, b':' | b'.')))?;
    let (time, zone) = rest.split_at(time_end);
    if time.len() < 8 || time.as_bytes()[2] != b':' || time.as_bytes()[5] != b':' {
        return None;
    }
    let (clock, fraction) = time.split_at(8);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let zone = match zone.trim() {
        "Z" | "z" => "Z",
        zone if zone.len() == 6 && zone.starts_with(['+', '-']) => zone,
        _ => return None,
    };
    Some(Value::Str(
        arena.fmt(format_args!("{date}T{clock}{fraction}{zone}")),
    ))
}
