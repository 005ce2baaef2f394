//! The lists that users set for controls (`postureControlInputs`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Regex, RegexSet, RegexSetBuilder};

/// Lists of strings by name, and the cloud provider.
#[derive(Debug, Default)]
pub struct Inputs {
    lists: BTreeMap<String, List>,
    /// `eks`, `gke`, `aks`, or `""` when unknown or none.
    pub cloud_provider: String,
}

#[derive(Debug, Default)]
struct List {
    values: Vec<String>,
    patterns: OnceLock<Vec<Regex>>,
    set: OnceLock<RegexSet>,
    set_of_any_case: OnceLock<RegexSet>,
}

impl List {
    /// All patterns as one automaton. Empty ones are left out: they would
    /// match every text, which nobody who leaves a field blank means.
    fn set(&self, any_case: bool) -> RegexSet {
        let usable = |value: &&String| !value.is_empty() && Regex::new(value).is_ok();
        let values = self.values.iter().filter(usable);
        RegexSetBuilder::new(values)
            .case_insensitive(any_case)
            .build()
            .unwrap_or_else(|_| RegexSet::empty())
    }
}

impl Inputs {
    /// Sets a list, replacing one of that name.
    pub fn set(&mut self, name: impl Into<String>, values: Vec<String>) {
        self.lists.insert(
            name.into(),
            List {
                values,
                ..List::default()
            },
        );
    }

    /// The list of that name; empty when there is none.
    pub fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], |list| &list.values)
    }

    /// The first value of that list.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.list(name).first().map(String::as_str)
    }

    /// The values of that list as regular expressions, compiled once; values
    /// that are none are left out (see [`invalid_patterns`](Inputs::invalid_patterns)).
    pub fn patterns(&self, name: &str) -> &[Regex] {
        let Some(list) = self.lists.get(name) else {
            return &[];
        };
        list.patterns.get_or_init(|| {
            list.values
                .iter()
                .filter_map(|value| Regex::new(value).ok())
                .collect()
        })
    }

    /// Whether `text` matches any value of that list, taken as regular
    /// expressions. One pass over the text however long the list is; prefer
    /// this to [`patterns`](Inputs::patterns) where it does not matter which
    /// one matches.
    pub fn matches(&self, name: &str, text: &str) -> bool {
        let Some(list) = self.lists.get(name) else {
            return false;
        };
        list.set.get_or_init(|| list.set(false)).is_match(text)
    }

    /// As [`matches`](Inputs::matches), without regard to case.
    pub fn matches_any_case(&self, name: &str, text: &str) -> bool {
        let Some(list) = self.lists.get(name) else {
            return false;
        };
        let set = list.set_of_any_case.get_or_init(|| list.set(true));
        set.is_match(text)
    }

    /// Which values of that list are no regular expressions, and why.
    pub fn invalid_patterns(&self, name: &str) -> Vec<(String, String)> {
        let values = self.list(name).iter();
        values
            .filter_map(|value| {
                Regex::new(value)
                    .err()
                    .map(|error| (value.clone(), error.to_string()))
            })
            .collect()
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.lists
            .iter()
            .map(|(name, list)| (name.as_str(), list.values.as_slice()))
    }
}

impl Clone for Inputs {
    fn clone(&self) -> Self {
        let mut copy = Self {
            cloud_provider: self.cloud_provider.clone(),
            ..Self::default()
        };
        for (name, values) in self.iter() {
            copy.set(name, values.to_vec());
        }
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_match_as_patterns() {
        let mut inputs = Inputs::default();
        let values = ["", "(", r"^AKIA\w+$", "Bearer"];
        inputs.set("values", values.map(str::to_owned).to_vec());
        assert!(inputs.matches("values", "AKIA1234"));
        assert!(!inputs.matches("values", "bearer x"));
        assert!(inputs.matches_any_case("values", "bearer x"));
        assert!(!inputs.matches("values", "anything"));
        assert!(!inputs.matches("unknown", "anything"));
    }
}
