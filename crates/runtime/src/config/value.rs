//! Types that a configuration value can have.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::duration;
use crate::secret::Secret;

/// A value as it was given.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// From a file.
    Json(&'a Value),
    /// From the environment or a flag, or a string of a file.
    Text(&'a str),
}

impl<'a> Raw<'a> {
    /// Strings of files and texts from outside are the same thing.
    fn text(self) -> Option<&'a str> {
        match self {
            Raw::Json(Value::String(text)) => Some(text),
            Raw::Text(text) => Some(text),
            Raw::Json(_) => None,
        }
    }

    /// As it may be shown: one line, cut to 60 characters.
    pub(super) fn shown(self) -> String {
        let text = match self {
            Raw::Json(Value::Array(_)) => return "a list".to_owned(),
            Raw::Json(Value::Object(_)) => return "an object".to_owned(),
            Raw::Json(value) => value.to_string(),
            Raw::Text(text) => format!("{text:?}"),
        };
        if text.chars().count() <= 60 {
            return text;
        }
        text.chars().take(59).chain(['…']).collect()
    }
}

/// A type that a configuration value can have.
pub trait FromConfig: Sized {
    /// What to give, for the remedy: "a whole number from 0 to 65535".
    const WANTED: &'static str;
    /// Whether a wrong value must not be shown.
    const SECRET: bool = false;

    /// Reads it; `None` when it is not what is wanted.
    fn from_config(raw: Raw<'_>) -> Option<Self>;
}

impl FromConfig for String {
    const WANTED: &'static str = "a text";

    /// Numbers and booleans count as their text, as in upstream's loader.
    fn from_config(raw: Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Json(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => raw.text().map(str::to_owned),
        }
    }
}

impl FromConfig for PathBuf {
    const WANTED: &'static str = "a path";

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text().filter(|text| !text.contains('\0'))?;
        Some(text.into())
    }
}

impl FromConfig for bool {
    const WANTED: &'static str = "true or false";

    /// Also what Go's `ParseBool` takes (`1`, `t`, `F`, …), in any case.
    fn from_config(raw: Raw<'_>) -> Option<Self> {
        if let Raw::Json(Value::Bool(value)) = raw {
            return Some(*value);
        }
        let text = raw.text()?.trim();
        let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(["true", "t", "1"]) {
            Some(true)
        } else if is(["false", "f", "0"]) {
            Some(false)
        } else {
            None
        }
    }
}

impl FromConfig for Duration {
    const WANTED: &'static str = "a duration with a unit, such as 90s, 10m or 24h";

    /// Go's syntax. A bare number would mean nanoseconds there, which nobody wants:
    /// only 0 is taken.
    fn from_config(raw: Raw<'_>) -> Option<Self> {
        if let Raw::Json(Value::Number(number)) = raw {
            return (number.as_u64() == Some(0)).then_some(Duration::ZERO);
        }
        duration::parse(raw.text()?.trim())
    }
}

impl FromConfig for f64 {
    const WANTED: &'static str = "a number";

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        let number = match raw {
            Raw::Json(Value::Number(number)) => number.as_f64()?,
            _ => raw.text()?.trim().parse().ok()?,
        };
        number.is_finite().then_some(number)
    }
}

macro_rules! whole_numbers {
    ($($type:ty, $wanted:literal;)*) => {$(
        impl FromConfig for $type {
            const WANTED: &'static str = $wanted;

            /// Numbers, also as text.
            fn from_config(raw: Raw<'_>) -> Option<Self> {
                match raw {
                    Raw::Json(Value::Number(number)) => number
                        .as_i128()
                        .and_then(|number| number.try_into().ok()),
                    _ => raw.text()?.trim().parse().ok(),
                }
            }
        }
    )*};
}

whole_numbers! {
    u16, "a whole number from 0 to 65535";
    u32, "a whole number from 0 to 4294967295";
    u64, "a whole number, 0 or more";
    usize, "a whole number, 0 or more";
    i64, "a whole number";
}

impl<T: FromConfig> FromConfig for Secret<T> {
    const WANTED: &'static str = T::WANTED;
    const SECRET: bool = true;

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        T::from_config(raw).map(Secret::new)
    }
}

impl<T: FromConfig> FromConfig for Vec<T> {
    const WANTED: &'static str = "a list, or its items separated by commas";
    const SECRET: bool = T::SECRET;

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        if let Raw::Json(Value::Array(items)) = raw {
            return items
                .iter()
                .map(|item| T::from_config(Raw::Json(item)))
                .collect();
        }
        let items = raw.text()?.split(',').map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(|item| T::from_config(Raw::Text(item)))
            .collect()
    }
}
