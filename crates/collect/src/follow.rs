//! What happens in a followed world, be it a cluster or a folder of manifests.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use kubescape_engine::Gap;

use crate::problem::Problem;

/// Number of a followed list in its [`Kinds`]: a kind, or a kind in one namespace
/// where namespaces are followed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(u32);

impl KindId {
    /// A number from 0, to index a table with.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a [`KindId`] stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kind {
    /// API group; `""` is the core group.
    pub group: Box<str>,
    /// Its version; empty for a kind that the cluster does not have.
    pub version: Box<str>,
    /// `Deployment`.
    pub kind: Box<str>,
    /// `deployments`; empty when nobody said.
    pub resource: Box<str>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// The only namespace whose objects are meant; for `Namespace` its name.
    /// Empty for all.
    pub only: Box<str>,
}

impl fmt::Display for Kind {
    /// `deployments.apps in namespace shop`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.resource.is_empty() {
            &self.kind
        } else {
            &self.resource
        };
        out.write_str(name)?;
        if !self.group.is_empty() {
            write!(out, ".{}", self.group)?;
        }
        if !self.only.is_empty() {
            write!(out, " in namespace {}", self.only)?;
        }
        Ok(())
    }
}

/// The kinds of a followed world. Only ever grows; clones share the table.
#[derive(Clone, Debug, Default)]
pub struct Kinds(Arc<RwLock<Vec<Arc<Kind>>>>);

impl Kinds {
    /// The number of a kind, a new one if it has none.
    pub fn id(&self, kind: Kind) -> KindId {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = table.iter().position(|known| **known == kind);
        let place = known.unwrap_or_else(|| {
            table.push(Arc::new(kind));
            table.len() - 1
        });
        KindId(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// What a number stands for; the empty kind for a number of another table.
    pub fn get(&self, id: KindId) -> Arc<Kind> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(id.index()).cloned().unwrap_or_default()
    }

    /// All of them, by number.
    pub fn all(&self) -> Vec<Arc<Kind>> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.clone()
    }
}

/// What happened in the followed world. Texts are JSON, stripped of what no
/// control reads: managed fields, last-applied annotations, values of Secrets.
///
/// Events of one [`KindId`] come in order; those of several may mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A list begins: what is neither [`Event::Put`] nor [`Event::Same`] until
    /// [`Event::Listed`] is gone. A second one before that starts it anew.
    Listing {
        /// Of this kind.
        kind: KindId,
    },
    /// An object as it is now.
    Put {
        /// Its kind.
        kind: KindId,
        /// The object.
        text: Box<str>,
    },
    /// An object of a list is what the last [`Event::Put`] said it to be.
    Same {
        /// Its kind.
        kind: KindId,
        /// Its namespace; empty without one.
        namespace: Box<str>,
        /// Its name.
        name: Box<str>,
    },
    /// An object is gone, or cannot be read any more.
    Gone {
        /// Its kind.
        kind: KindId,
        /// Its namespace; empty without one.
        namespace: Box<str>,
        /// Its name.
        name: Box<str>,
    },
    /// The list is whole.
    Listed {
        /// Of this kind.
        kind: KindId,
    },
    /// The kind cannot be read, or not wholly; with `None` it can again.
    Gap {
        /// The kind.
        kind: KindId,
        /// How it is missing, and why.
        gap: Option<Gap>,
    },
    /// What is the matter with a file, all of it: none when all is well again.
    Problems {
        /// The file.
        path: Box<str>,
        /// What is wrong with it, and what is only worth a note.
        problems: Vec<Problem>,
    },
    /// Everything has been listed or has a gap: sent once.
    Synced,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_keeps_its_number_and_says_what_it_is() {
        let kinds = Kinds::default();
        let deployment = Kind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            resource: "deployments".into(),
            namespaced: true,
            only: "shop".into(),
        };
        let all = Kind {
            only: "".into(),
            ..deployment.clone()
        };
        let ids = [&deployment, &all, &deployment].map(|kind| kinds.id(kind.clone()));
        assert_eq!(ids.map(KindId::index), [0, 1, 0]);
        assert_eq!(*kinds.clone().get(ids[1]), all);
        assert_eq!(deployment.to_string(), "deployments.apps in namespace shop");
    }
}
