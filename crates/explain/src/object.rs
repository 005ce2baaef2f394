//! Which object is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An object that somebody asks about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `apps/v1`, as far as it is known; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `cart`.
    pub name: String,
}

impl ObjectRef {
    /// The API group; `None` when no version of the API is named, `""` for core.
    pub fn group(&self) -> Option<&str> {
        match self.api_version.split_once('/') {
            Some((group, _)) => Some(group),
            None if self.api_version.is_empty() => None,
            None => Some(""),
        }
    }
}

impl fmt::Display for ObjectRef {
    /// `Deployment shop/cart`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            namespace,
            name,
            ..
        } = self;
        match &**namespace {
            "" => write!(out, "{kind} {name}"),
            namespace => write!(out, "{kind} {namespace}/{name}"),
        }
    }
}

/// Who made an object that is judged through it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`.
    pub kind: String,
    /// `cart-7c9d5b6f4`.
    pub name: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind, self.name)
    }
}
