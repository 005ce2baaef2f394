//! What is stored.

use std::collections::BTreeMap;

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
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
    /// `spec` as JSON.
    pub spec: Box<str>,
    /// Digest of all that but when it was found out, in hexadecimal: objects with
    /// the same need not be written. Also among the annotations.
    pub digest: Box<str>,
}

impl ResultObject {
    /// The object as JSON, without what the server gives it.
    ///
    /// # Errors
    ///
    /// `spec` is no JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Object<'o> {
            api_version: &'static str,
            kind: &'static str,
            metadata: Metadata<'o>,
            spec: &'o RawValue,
        }
        #[derive(Serialize)]
        struct Metadata<'o> {
            annotations: &'o BTreeMap<String, String>,
            labels: &'o BTreeMap<String, String>,
            name: &'o str,
            namespace: &'o str,
        }
        serde_json::to_vec(&Object {
            api_version: API_VERSION,
            kind: self.resource.kind(),
            metadata: Metadata {
                annotations: &self.annotations,
                labels: &self.labels,
                name: &self.name,
                namespace: &self.namespace,
            },
            spec: serde_json::from_str(&self.spec)?,
        })
    }
}
