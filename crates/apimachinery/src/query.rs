//! Query strings. Of a parameter given twice the first value counts, as in Go.
//! (`apimachinery/pkg/runtime/conversion.go`)

use std::borrow::Cow;

use crate::failure::Failure;
use crate::quote::quote;

/// More parameters than this are not looked at.
const MOST_PARAMETERS: usize = 256;

/// The parameters of a request, percent-decoded.
pub(crate) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// Reads a query string without its `?`. Never fails: bytes that are no
    /// UTF-8 are replaced.
    pub(crate) fn parse(text: &'a str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self(pairs.take(MOST_PARAMETERS).collect())
    }

    /// The first value; `None` when the parameter is not there.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The first value; empty when the parameter is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.first(name).unwrap_or_default()
    }

    /// Every value.
    pub(crate) fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s str> {
        let pairs = self.0.iter().filter(move |(key, _)| key == name);
        pairs.map(|(_, value)| value.as_ref())
    }

    /// A flag: absent, `0` and `false` mean no, anything else yes.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let value = self.first(name)?;
        Some(value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        match self.first(name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Failure::bad_request(not_a_number("ParseInt", text))),
            },
        }
    }
}

/// What Go says of a text that is no number, or none that fits 64 bits.
pub(crate) fn not_a_number(function: &str, text: &str) -> String {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if numeric {
        "value out of range"
    } else {
        "invalid syntax"
    };
    format!("strconv.{function}: parsing {}: {why}", quote(text))
}
