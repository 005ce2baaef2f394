//! Label selectors: what they mean and how they are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;

/// Labels by key. Sorted, so that equal labels have equal bytes.
pub type Labels = BTreeMap<String, String>;

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// `key=value`
    Equals(String, String),
    /// `key!=value`; an absent key fits, too.
    NotEquals(String, String),
    /// `key in (a,b)`
    In(String, BTreeSet<String>),
    /// `key notin (a,b)`; an absent key fits, too.
    NotIn(String, BTreeSet<String>),
    /// `key`
    Exists(String),
    /// `!key`
    Missing(String),
    /// `key>n`; values that are no integers do not fit.
    GreaterThan(String, i64),
    /// `key<n`; values that are no integers do not fit.
    LessThan(String, i64),
}

impl Requirement {
    /// Whether these labels fit.
    pub fn matches(&self, labels: &Labels) -> bool {
        let number = |key: &str| labels.get(key).and_then(|v| go_integer(v));
        match self {
            Requirement::Equals(k, v) => labels.get(k) == Some(v),
            Requirement::NotEquals(k, v) => labels.get(k) != Some(v),
            Requirement::In(k, set) => labels.get(k).is_some_and(|v| set.contains(v)),
            Requirement::NotIn(k, set) => labels.get(k).is_none_or(|v| !set.contains(v)),
            Requirement::Exists(k) => labels.contains_key(k),
            Requirement::Missing(k) => !labels.contains_key(k),
            Requirement::GreaterThan(k, n) => number(k).is_some_and(|v| v > *n),
            Requirement::LessThan(k, n) => number(k).is_some_and(|v| v < *n),
        }
    }

    /// The key that the requirement is on.
    pub fn key(&self) -> &str {
        match self {
            Requirement::Equals(key, _)
            | Requirement::NotEquals(key, _)
            | Requirement::In(key, _)
            | Requirement::NotIn(key, _)
            | Requirement::Exists(key)
            | Requirement::Missing(key)
            | Requirement::GreaterThan(key, _)
            | Requirement::LessThan(key, _) => key,
        }
    }
}

/// Requirements that must all hold; none fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(pub Vec<Requirement>);

impl Selector {
    /// Whether these labels fit.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|r| r.matches(labels))
    }

    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An integer as `strconv.ParseInt` reads one.
fn go_integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Reads a `labelSelector`; an empty one fits everything. Requirements come out
/// ordered by key, as from a real server.
///
/// # Errors
///
/// 400 in the words of a real server.
pub fn parse_label_selector(text: &str) -> Result<Selector, Failure> {
    let _ = text;
    todo!()
}
