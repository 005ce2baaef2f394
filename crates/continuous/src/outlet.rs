//! Where results go.

use std::collections::HashSet;
use std::future::Future;

use kubescape_posture::{Key, ResultObject};

/// One result that is to be stored or deleted.
#[derive(Clone, Debug)]
pub enum Change {
    /// Store it, unless it is stored already.
    Put(ResultObject),
    /// Delete both results of a resource.
    Delete(Key),
}

/// Which stored results stay when all that is known has been given.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// Those of resources that are there.
    pub keys: HashSet<Key>,
    /// Those of objects of these kinds, in lower case, because they cannot be read
    /// now: what is not seen is not gone.
    pub unread_kinds: HashSet<String>,
}

/// Kinds that results of subjects are made of.
const ACCESS: [&str; 4] = ["role", "clusterrole", "rolebinding", "clusterrolebinding"];

impl Keep {
    /// Whether a stored result stays. `kind` is that of the resource, in any case;
    /// `of_subject` says that it is a subject with what it may do.
    pub fn keeps(&self, key: &Key, kind: &str, of_subject: bool) -> bool {
        let unread = |kind: &str| self.unread_kinds.contains(kind);
        self.keys.contains(key)
            || unread(&kind.to_lowercase())
            || of_subject && ACCESS.iter().any(|kind| unread(kind))
    }
}

/// Stores results, in the background. What it cannot store yet it keeps for later,
/// within bounds.
pub trait Outlet: Send + Sync + 'static {
    /// Takes changes; the last of one resource counts. Waits for room, but never for
    /// a storage that is away: what it has no room for then it forgets, and says so
    /// later.
    fn apply(&self, changes: Vec<Change>) -> impl Future<Output = ()> + Send;

    /// Deletes stored results that `keep` does not keep, after all changes so far.
    /// Does not wait for it.
    fn retain(&self, keep: Keep);

    /// Resources whose changes it had to forget, for want of room or because
    /// somebody else changed what is stored: they have to be given again.
    fn forgotten(&self) -> Forgotten;
}

/// What an outlet had to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// These, perhaps none.
    Some(Vec<Key>),
    /// So many that it does not know which.
    Everything,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key {
            namespace: "shop".into(),
            name: name.into(),
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_gone() {
        let keep = Keep {
            keys: [key("deployment-cart")].into(),
            unread_kinds: ["role".to_owned(), "configmap".to_owned()].into(),
        };
        assert!(keep.keeps(&key("deployment-cart"), "Deployment", false));
        assert!(!keep.keeps(&key("deployment-gone"), "Deployment", false));
        assert!(keep.keeps(&key("configmap-a"), "ConfigMap", false));
        assert!(keep.keeps(&key("user-a"), "User", true));
        assert!(!keep.keeps(&key("user-a"), "User", false));
    }
}
