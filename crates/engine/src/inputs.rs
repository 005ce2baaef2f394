//! The lists that users set for controls (`postureControlInputs`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;

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
}

impl Inputs {
    /// Sets a list, replacing one of that name.
    pub fn set(&mut self, name: impl Into<String>, values: Vec<String>) {
        self.lists.insert(
            name.into(),
            List {
                values,
                patterns: OnceLock::new(),
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
