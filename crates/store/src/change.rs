//! What may happen to an object.

use crate::key::Key;
use crate::object::{Draft, Meta};

/// What must hold for a change to happen (`preconditions` of the API).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The stored object has this version.
    pub resource_version: Option<u64>,
    /// The stored object has this uid.
    pub uid: Option<String>,
}

impl Expect {
    /// No condition.
    pub fn any() -> Self {
        Self::default()
    }

    /// The stored object is still at this version.
    pub fn version(rv: u64) -> Self {
        Self {
            resource_version: Some(rv),
            uid: None,
        }
    }

    /// How the stored object breaks the condition: by its uid (`true`) or by its
    /// version (`false`), as [`crate::Error::Conflict`] says it.
    pub(crate) fn broken_by(&self, current: &Meta) -> Option<bool> {
        let other_uid = self.uid.as_ref().is_some_and(|uid| *uid != current.uid);
        let version = self.resource_version;
        let other_version = version.is_some_and(|rv| rv != current.resource_version);
        (other_uid || other_version).then_some(other_uid)
    }
}

/// One change; each takes one resource version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new object; [`crate::Error::AlreadyExists`] if the key is taken.
    Create(Draft),
    /// A new version of an existing object with the same uid.
    Update(Draft, Expect),
    /// The object goes; its last state stays readable to watches.
    Delete(Key, Expect),
}

impl Change {
    /// What it happens to.
    pub fn key(&self) -> &Key {
        match self {
            Change::Create(draft) | Change::Update(draft, _) => &draft.key,
            Change::Delete(key, _) => key,
        }
    }

    /// Bytes that wait in memory until the change is committed.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Change::Create(d) | Change::Update(d, _) => {
                d.body.len() + d.metadata.len() + d.columns.len() + 256
            }
            Change::Delete(..) => 256,
        }
    }
}
