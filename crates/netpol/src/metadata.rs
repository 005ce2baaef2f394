//! The part of an object's metadata that matters here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

/// `metadata` of an object. Empty fields are not written; others are not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// `name`.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `namespace`; empty if it has none.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `creationTimestamp`, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<String>,
    /// `labels`.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `annotations`.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}
