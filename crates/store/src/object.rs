//! What is stored: a body that the store does not look into, and the facts
//! about it that lists, selectors and tables are answered from.

use std::sync::Arc;

use bytes::Bytes;

use crate::key::Key;

pub use kubescape_apimachinery::selector::Labels;

/// An object on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it goes.
    pub key: Key,
    /// `metadata.uid`. An update must name the uid of the stored object.
    pub uid: String,
    /// `metadata.labels`; selectors are answered from these.
    pub labels: Labels,
    /// `metadata.creationTimestamp` in seconds since 1970.
    pub created: i64,
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.deletionTimestamp` in seconds since 1970, once deletion was asked for.
    pub deleting: Option<i64>,
    /// Whether `metadata.finalizers` names any.
    pub finalizers: bool,
    /// The whole `metadata` as JSON, for `PartialObjectMetadata`. Opaque.
    pub metadata: String,
    /// What a `Table` prints beyond name and age, as JSON. Opaque and small.
    pub columns: String,
    /// The whole object as JSON. It leaves `metadata.resourceVersion` out: the
    /// version is known only at commit and is in [`Meta::resource_version`].
    pub body: Bytes,
}

/// One version of a stored object, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Where it is.
    pub key: Key,
    /// The number of the change that made this version.
    pub resource_version: u64,
    /// See [`Draft::uid`].
    pub uid: String,
    /// See [`Draft::labels`].
    pub labels: Labels,
    /// See [`Draft::created`].
    pub created: i64,
    /// See [`Draft::generation`].
    pub generation: i64,
    /// See [`Draft::deleting`].
    pub deleting: Option<i64>,
    /// See [`Draft::finalizers`].
    pub finalizers: bool,
    /// See [`Draft::metadata`].
    pub metadata: String,
    /// See [`Draft::columns`].
    pub columns: String,
    /// Bytes of the body as it was given.
    pub size: u64,
    /// The change that wrote the body: that of the version itself, or, for the
    /// last state of a deleted object, of the version before.
    pub body: u64,
}

/// A version and, if it was asked for, its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The facts.
    pub meta: Arc<Meta>,
    /// The JSON given at the write; `None` where only facts were asked for.
    pub body: Option<Bytes>,
}

impl Draft {
    /// The version that this draft becomes as change number `rv`.
    pub fn into_meta(self, rv: u64) -> Meta {
        Meta {
            size: self.body.len() as u64,
            key: self.key,
            resource_version: rv,
            uid: self.uid,
            labels: self.labels,
            created: self.created,
            generation: self.generation,
            deleting: self.deleting,
            finalizers: self.finalizers,
            metadata: self.metadata,
            columns: self.columns,
            body: rv,
        }
    }
}
