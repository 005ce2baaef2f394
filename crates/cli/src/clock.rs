//! The time that results are stamped with.

/// Now in RFC 3339; `SOURCE_DATE_EPOCH` makes results reproducible.
pub(crate) fn now() -> String {
    let time = time();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}

/// The same as a time.
pub(crate) fn time() -> jiff::Timestamp {
    let fixed = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let fixed = fixed.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    fixed.unwrap_or_else(jiff::Timestamp::now)
}
