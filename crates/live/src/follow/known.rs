//! What has been told of one list, in a few bytes an object. Pure.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::frame::Identity;

/// Of so many objects that are too large, each is named.
const NAMED: usize = 5;

/// Which versions of which objects have been told, so that nothing is told twice,
/// and which ones are too large.
#[derive(Default)]
pub(crate) struct Known {
    hasher: RandomState,
    /// Hash of namespace and name → hash of the version, and the list it was in.
    told: HashMap<u64, (u64, u32)>,
    /// Number of the list.
    list: u32,
    /// Why each object that is too large is missing.
    missing: BTreeMap<(String, String), String>,
}

impl Known {
    /// Whether this very version of the object was told.
    pub(crate) fn has(&self, identity: &Identity) -> bool {
        let told = self
            .told
            .get(&self.key(&identity.namespace, &identity.name));
        !identity.resource_version.is_empty()
            && told.is_some_and(|told| told.0 == self.version(identity))
    }

    /// It has been told, or told again.
    pub(crate) fn tell(&mut self, identity: &Identity) {
        let told = (self.version(identity), self.list);
        self.told
            .insert(self.key(&identity.namespace, &identity.name), told);
    }

    /// The object is gone; whether anybody had been told of it.
    pub(crate) fn forget(&mut self, identity: &Identity) -> bool {
        let key = self.key(&identity.namespace, &identity.name);
        self.told.remove(&key).is_some()
    }

    /// A list begins.
    pub(crate) fn begin_list(&mut self) {
        self.list = self.list.wrapping_add(1);
        self.missing.clear();
    }

    /// It is whole: what was not in it is gone.
    pub(crate) fn end_list(&mut self) {
        let list = self.list;
        self.told.retain(|_, told| told.1 == list);
    }

    /// An object cannot be read; whether that is news.
    pub(crate) fn miss(&mut self, identity: &Identity, reason: &str) -> bool {
        let key = (identity.namespace.clone(), identity.name.clone());
        if !self.missing.contains_key(&key) && self.missing.len() >= MOST_MISSING {
            return false;
        }
        self.missing.insert(key, reason.to_owned()).as_deref() != Some(reason)
    }

    /// An object can be read, or is gone; whether that is news.
    pub(crate) fn find(&mut self, identity: &Identity) -> bool {
        if self.missing.is_empty() {
            return false;
        }
        let key = (identity.namespace.clone(), identity.name.clone());
        self.missing.remove(&key).is_some()
    }

    /// What is missing, as half a sentence.
    pub(crate) fn missing(&self) -> Option<String> {
        if self.missing.is_empty() {
            return None;
        }
        let reasons: Vec<&str> = self
            .missing
            .values()
            .take(NAMED)
            .map(String::as_str)
            .collect();
        let mut text = reasons.join("; ");
        if self.missing.len() > NAMED {
            text.push_str(&format!("; and {} more", self.missing.len() - NAMED));
        }
        Some(text)
    }

    fn key(&self, namespace: &str, name: &str) -> u64 {
        self.hasher.hash_one((namespace, name))
    }

    fn version(&self, identity: &Identity) -> u64 {
        self.hasher.hash_one(&identity.resource_version)
    }
}

/// More are not remembered: the next list tells.
const MOST_MISSING: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, version: &str) -> Identity {
        Identity {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            resource_version: version.to_owned(),
        }
    }

    #[test]
    fn a_version_is_told_once_also_over_lists() {
        let mut known = Known::default();
        known.begin_list();
        assert!(!known.has(&object("a", "1")));
        known.tell(&object("a", "1"));
        known.tell(&object("b", "2"));
        known.end_list();
        assert!(known.has(&object("a", "1")) && !known.has(&object("a", "3")));
        // When it is listed again without b
        known.begin_list();
        known.tell(&object("a", "1"));
        known.end_list();
        // Then b would be news
        assert!(!known.has(&object("b", "2")));
        assert!(known.forget(&object("a", "9")) && !known.forget(&object("a", "9")));
    }

    #[test]
    fn an_object_without_a_version_is_always_news() {
        let mut known = Known::default();
        known.tell(&object("a", ""));
        assert!(!known.has(&object("a", "")));
    }

    #[test]
    fn what_is_missing_is_named_until_it_is_found() {
        let mut known = Known::default();
        assert!(known.miss(&object("a", "1"), "a is too large"));
        assert!(!known.miss(&object("a", "2"), "a is too large"));
        assert_eq!(known.missing().as_deref(), Some("a is too large"));
        assert!(known.find(&object("a", "3")) && !known.find(&object("a", "3")));
        assert_eq!(known.missing(), None);
        for number in 0..2000 {
            known.miss(&object(&number.to_string(), "1"), "x");
        }
        assert_eq!(
            known.missing().as_deref(),
            Some("x; x; x; x; x; and 995 more")
        );
        known.begin_list();
        assert_eq!(known.missing(), None);
    }
}
