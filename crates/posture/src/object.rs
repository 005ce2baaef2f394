//! What is stored.

use std::collections::BTreeMap;
use std::fmt;

use kubescape_names::annotation::RESULT_DIGEST;
use serde::Serialize;
use serde_json::value::RawValue;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultResource {
    /// Everything that was found.
    Configuration,
    /// How each control ended.
    Summary,
}

impl ResultResource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Configuration, Self::Summary];

    /// Its kind.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Configuration => "WorkloadConfigurationScan",
            Self::Summary => "WorkloadConfigurationScanSummary",
        }
    }

    /// Its name in paths.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Configuration => "workloadconfigurationscans",
            Self::Summary => "workloadconfigurationscansummaries",
        }
    }
}

/// API group and version of results.
pub const API_VERSION: &str = "spdx.softwarecomposition.kubescape.io/v1beta1";

/// One object to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultObject {
    /// Of which resource it is.
    pub resource: ResultResource,
    /// `metadata.namespace`.
    pub namespace: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`, but that of the digest.
    pub annotations: BTreeMap<String, String>,
    /// `spec` as JSON.
    pub spec: Box<str>,
    /// Digest of all that but when it was found out, in hexadecimal: objects with
    /// the same need not be written. Stored as an annotation, too.
    pub digest: Box<str>,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultKey {
    /// Of which resource it is.
    pub resource: ResultResource,
    /// `metadata.namespace`.
    pub namespace: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
}

impl fmt::Display for ResultKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resource,
            namespace,
            name,
        } = self;
        write!(out, "{} {namespace}/{name}", resource.plural())
    }
}

impl ResultObject {
    /// Which object it is.
    pub fn key(&self) -> ResultKey {
        ResultKey {
            resource: self.resource,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// About how much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        let texts = |map: &BTreeMap<String, String>| -> usize {
            let each = |(key, value): (&String, &String)| key.len() + value.len() + 64;
            map.iter().map(each).sum()
        };
        let short = self.namespace.len() + self.name.len() + self.digest.len();
        256 + short + self.spec.len() + texts(&self.labels) + texts(&self.annotations)
    }

    /// The object as the API has it, without what the server gives it.
    ///
    /// # Errors
    ///
    /// `spec` is no JSON.
    pub fn document(&self) -> serde_json::Result<Document<'_>> {
        Ok(Document {
            api_version: API_VERSION,
            kind: self.resource.kind(),
            metadata: Metadata {
                annotations: self.all_annotations(),
                labels: &self.labels,
                name: &self.name,
                namespace: &self.namespace,
            },
            spec: serde_json::from_str(&self.spec)?,
        })
    }

    /// Its annotations with that of the digest.
    pub fn all_annotations(&self) -> BTreeMap<&str, &str> {
        let own = self.annotations.iter();
        let mut all: BTreeMap<_, _> = own
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        all.insert(RESULT_DIGEST.as_str(), &self.digest);
        all
    }
}

/// See [`ResultObject::document`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'o> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'o>,
    spec: &'o RawValue,
}

#[derive(Serialize)]
struct Metadata<'o> {
    annotations: BTreeMap<&'o str, &'o str>,
    labels: &'o BTreeMap<String, String>,
    name: &'o str,
    namespace: &'o str,
}
