//! Label selectors: what they mean and how they are written.

use std::collections::{BTreeMap, BTreeSet};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_requirements_fit_objects_without_the_key() {
        let labels = Labels::from([("app".into(), "cart".into()), ("tier".into(), "7".into())]);
        let set = BTreeSet::from(["cart".to_owned()]);
        let fits = |r: Requirement| r.matches(&labels);
        assert!(fits(Requirement::Equals("app".into(), "cart".into())));
        assert!(!fits(Requirement::NotEquals("app".into(), "cart".into())));
        assert!(fits(Requirement::NotEquals("zone".into(), "a".into())));
        assert!(fits(Requirement::In("app".into(), set.clone())));
        assert!(!fits(Requirement::In("zone".into(), set.clone())));
        assert!(!fits(Requirement::NotIn("app".into(), set.clone())));
        assert!(fits(Requirement::NotIn("zone".into(), set)));
        assert!(fits(Requirement::Exists("app".into())));
        assert!(fits(Requirement::Missing("zone".into())));
        assert!(fits(Requirement::GreaterThan("tier".into(), 6)));
        assert!(!fits(Requirement::LessThan("tier".into(), 7)));
        assert!(!fits(Requirement::LessThan("app".into(), 7)));
    }
}
