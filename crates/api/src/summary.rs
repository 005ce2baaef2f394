//! The sums of a namespace, kept up to date by each change of what is summed,
//! so that reading one never adds up anything.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::API_VERSION;

const FAILED: [&str; 5] = ["critical", "high", "medium", "low", "unknown"];
const FOUND: [&str; 6] = ["critical", "high", "medium", "low", "negligible", "unknown"];

/// Counts by namespace and name of what is summed. The counts of each name are
/// kept, so that adding again replaces and removing twice does no harm: sums
/// stay right when changes are replayed.
#[derive(Clone, Debug)]
struct Sums<const N: usize> {
    namespaces: BTreeMap<String, Namespace<N>>,
}

#[derive(Clone, Debug)]
struct Namespace<const N: usize> {
    counts: BTreeMap<String, [i64; N]>,
    sums: [i128; N],
}

impl<const N: usize> Sums<N> {
    const fn new() -> Self {
        Self {
            namespaces: BTreeMap::new(),
        }
    }

    fn add(&mut self, namespace: &str, name: &str, counts: [i64; N]) {
        self.remove(namespace, name);
        let space = self
            .namespaces
            .entry(namespace.to_owned())
            .or_insert_with(|| Namespace {
                counts: BTreeMap::new(),
                sums: [0; N],
            });
        for (sum, count) in space.sums.iter_mut().zip(counts) {
            *sum += i128::from(count);
        }
        space.counts.insert(name.to_owned(), counts);
    }

    fn remove(&mut self, namespace: &str, name: &str) {
        let Some(space) = self.namespaces.get_mut(namespace) else {
            return;
        };
        if let Some(counts) = space.counts.remove(name) {
            for (sum, count) in space.sums.iter_mut().zip(counts) {
                *sum -= i128::from(count);
            }
        }
        if space.counts.is_empty() {
            self.namespaces.remove(namespace);
        }
    }

    /// The sums, each at most `i64::MAX`, and the names of what was summed.
    fn read(&self, namespace: &str) -> Option<([i64; N], impl Iterator<Item = &String>)> {
        let space = self.namespaces.get(namespace)?;
        let sums = space.sums.map(|sum| i64::try_from(sum).unwrap_or(i64::MAX));
        Some((sums, space.counts.keys()))
    }
}

/// A count of the index's columns; 0 when missing or negative.
fn count(columns: &Value, key: &str) -> i64 {
    columns
        .get(key)
        .and_then(Value::as_i64)
        .map_or(0, |count| count.max(0))
}

/// `ConfigurationScanSummary` of every namespace, from the columns of its
/// `WorkloadConfigurationScanSummary` objects.
#[derive(Clone, Debug)]
pub struct ConfigurationSummaries(Sums<5>);

/// `VulnerabilitySummary` of every namespace, from the columns of its
/// `VulnerabilityManifestSummary` objects.
#[derive(Clone, Debug)]
pub struct VulnerabilitySummaries(Sums<12>);

impl Default for ConfigurationSummaries {
    fn default() -> Self {
        Self(Sums::new())
    }
}

impl Default for VulnerabilitySummaries {
    fn default() -> Self {
        Self(Sums::new())
    }
}

impl ConfigurationSummaries {
    /// Takes in a summary that was created or changed, by its columns.
    pub fn add(&mut self, namespace: &str, name: &str, columns: &Value) {
        let counts = FAILED.map(|key| count(columns, key));
        self.0.add(namespace, name, counts);
    }

    /// Takes out a summary that was deleted.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        self.0.remove(namespace, name);
    }

    /// The namespaces that have a summary, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.0.namespaces.keys().map(String::as_str)
    }

    /// The summary of a namespace; `None` (a 404) where nothing was summed.
    pub fn render(&self, namespace: &str) -> Option<Value> {
        let (sums, names) = self.0.read(namespace)?;
        let severities: Map<String, Value> = FAILED
            .iter()
            .zip(sums)
            .map(|(key, sum)| ((*key).to_owned(), sum.into()))
            .collect();
        let refs: Vec<Value> = names
            .map(|name| json!({"namespace": namespace, "kind": "WorkloadConfigurationScanSummary", "name": name}))
            .collect();
        Some(json!({
            "apiVersion": API_VERSION,
            "kind": "ConfigurationScanSummary",
            "metadata": {"name": namespace},
            "spec": {"severities": severities, "summaryRef": refs},
        }))
    }
}

impl VulnerabilitySummaries {
    /// Takes in a summary that was created or changed, by its columns.
    pub fn add(&mut self, namespace: &str, name: &str, columns: &Value) {
        let mut counts = [0; 12];
        for (pair, key) in counts.chunks_exact_mut(2).zip(FOUND) {
            pair[0] = count(columns, key);
            pair[1] = count(columns, &format!("{key}Relevant"));
        }
        self.0.add(namespace, name, counts);
    }

    /// Takes out a summary that was deleted.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        self.0.remove(namespace, name);
    }

    /// The namespaces that have a summary, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.0.namespaces.keys().map(String::as_str)
    }

    /// The summary of a namespace; `None` (a 404) where nothing was summed.
    /// `now` is its creation time, as RFC 3339 text.
    pub fn render(&self, namespace: &str, now: &str) -> Option<Value> {
        let (sums, names) = self.0.read(namespace)?;
        let severities: Map<String, Value> = FOUND
            .iter()
            .zip(sums.chunks_exact(2))
            .map(|(key, pair)| {
                (
                    (*key).to_owned(),
                    json!({"all": pair[0], "relevant": pair[1]}),
                )
            })
            .collect();
        let refs: Vec<Value> = names
            .map(|name| json!({"namespace": namespace, "name": name, "kind": "vulnerabilitymanifestsummary"}))
            .collect();
        Some(json!({
            "apiVersion": API_VERSION,
            "kind": "VulnerabilitySummary",
            "metadata": {"name": namespace, "creationTimestamp": now},
            "spec": {"severities": severities, "vulnerabilitiesRef": refs},
            "status": {},
        }))
    }
}
