//! What is stored, in 32 bytes an object: hashes of names and of digests. Pure.

use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::object::{ResultKey, ResultResource};

/// Stands for a [`ResultKey`]; two of the same are not to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyHash(u128);

/// Stands for the content of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content(u128);

/// What is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index(FxHashMap<KeyHash, Option<Content>>);

impl KeyHash {
    pub(crate) fn of(key: &ResultKey) -> Self {
        Self::of_parts(key.resource, &key.namespace, &key.name)
    }

    pub(crate) fn of_parts(resource: ResultResource, namespace: &str, name: &str) -> Self {
        // Neither part may have a zero byte.
        Self(hash(&[resource.plural(), "\0", namespace, "\0", name]))
    }
}

impl Content {
    pub(crate) fn of(digest: &str) -> Self {
        Self(hash(&[digest]))
    }
}

fn hash(parts: &[&str]) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let bytes: [u8; 32] = hasher.finalize().into();
    bytes
        .iter()
        .take(16)
        .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

impl Index {
    pub(crate) fn has(&self, key: KeyHash) -> bool {
        self.0.contains_key(&key)
    }

    /// Whether exactly that is stored.
    pub(crate) fn holds(&self, key: KeyHash, content: Content) -> bool {
        self.0.get(&key) == Some(&Some(content))
    }

    pub(crate) fn put(&mut self, key: KeyHash, content: Option<Content>) {
        self.0.insert(key, content);
    }

    pub(crate) fn remove(&mut self, key: KeyHash) {
        self.0.remove(&key);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = KeyHash> {
        self.0.keys().copied()
    }

    /// Whether something is not as it was, gone or replaced, beside what is `open`.
    pub(crate) fn lost(&self, now: &Self, open: impl Fn(&KeyHash) -> bool) -> bool {
        let same = |(key, content): (&KeyHash, &Option<Content>)| {
            now.0.get(key) == Some(content) || open(key)
        };
        !self.0.iter().all(same)
    }
}
