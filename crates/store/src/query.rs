//! Questions for lists, and their pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::key::Key;
use crate::object::{Labels, Object};
use kubescape_apimachinery::selector::Selector;

/// The most rows of one page, whatever was asked for.
pub const MAX_PAGE: usize = 10_000;

/// Which objects a list or a watch is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The plural of the kind.
    pub resource: String,
    /// One namespace, or all; `Some("")` is cluster-scoped objects.
    pub namespace: Option<String>,
    /// One name (`metadata.name=` of a field selector), or all.
    pub name: Option<String>,
    /// Labels.
    pub selector: Selector,
}

impl Filter {
    /// All objects of a resource.
    pub fn all(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            namespace: None,
            name: None,
            selector: Selector::default(),
        }
    }

    /// The same, of one namespace only.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The same, with labels.
    #[must_use]
    pub fn labelled(mut self, selector: Selector) -> Self {
        self.selector = selector;
        self
    }

    /// Whether the key fits; labels are not asked.
    pub fn covers(&self, key: &Key) -> bool {
        self.resource == key.resource
            && self.namespace.as_ref().is_none_or(|n| *n == key.namespace)
            && self.name.as_ref().is_none_or(|n| *n == key.name)
    }

    /// Whether key and labels fit.
    pub fn matches(&self, key: &Key, labels: &Labels) -> bool {
        self.covers(key) && self.selector.matches(labels)
    }

    /// Whether every object of the resource fits.
    pub(crate) fn is_whole(&self) -> bool {
        self.namespace.is_none() && self.name.is_none() && self.is_plain()
    }

    /// Whether only keys decide, so that rows can be counted without reading labels.
    pub(crate) fn is_plain(&self) -> bool {
        self.selector.is_empty()
    }
}

/// Whether a list brings bodies along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bodies {
    /// Facts only; bodies are not touched.
    #[default]
    None,
    /// With bodies. A page ends before the bodies pass this many bytes, but has
    /// at least one row: memory is bounded by this or by one body.
    UpTo(usize),
}

/// Which state of the store a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// The newest.
    #[default]
    Now,
    /// Exactly as it was after that change (`resourceVersionMatch=Exact`).
    Version(u64),
    /// The page after the one that gave this position.
    After(Position),
}

/// One page of a list, please.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which objects.
    pub filter: Filter,
    /// Which state.
    pub at: At,
    /// Rows of a page; at most [`MAX_PAGE`], at least one.
    pub limit: usize,
    /// With bodies?
    pub bodies: Bodies,
}

impl Query {
    /// The first page of the newest state, facts only.
    pub fn new(filter: Filter, limit: usize) -> Self {
        Self {
            filter,
            at: At::Now,
            limit,
            bodies: Bodies::None,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.limit.clamp(1, MAX_PAGE)
    }

    /// Whether another body of `next` bytes still belongs to a page of `rows`
    /// rows with `sum` bytes of bodies.
    pub(crate) fn fits(&self, rows: usize, sum: u64, next: u64) -> bool {
        match self.bodies {
            Bodies::None => true,
            Bodies::UpTo(most) => rows == 0 || sum.saturating_add(next) <= most as u64,
        }
    }
}

/// One page, ordered by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub items: Vec<Object>,
    /// The state that they are of: the same for all pages of a list.
    pub resource_version: u64,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Position>,
    /// Rows after this page; `None` where a selector makes counting dear.
    pub remaining: Option<u64>,
}

/// A place between two rows of a list of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The state that is listed.
    #[serde(rename = "rv")]
    pub resource_version: u64,
    /// Namespace of the last row that was given.
    #[serde(rename = "ns")]
    pub namespace: String,
    /// Name of the last row that was given.
    #[serde(rename = "n")]
    pub name: String,
    /// Rows after the place, if they were counted.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
}

/// A namespace (63) and a name (253) with JSON and base64 around them are far shorter.
const MAX_TOKEN: usize = 4096;

impl Position {
    /// The text that a client sends back as `continue`.
    pub fn to_token(&self) -> String {
        // Numbers and strings always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// # Errors
    ///
    /// [`Error::BadToken`] for anything that [`Position::to_token`] did not write.
    pub fn from_token(token: &str) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN {
            return Err(Error::BadToken);
        }
        let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::BadToken)?;
        serde_json::from_slice(&json).map_err(|_| Error::BadToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_as_token_is_a_position_or_an_error(text in ".{0,200}") {
            let _ = Position::from_token(&text);
        }

        #[test]
        fn a_position_survives_its_token(
            resource_version in any::<u64>(), namespace in ".{0,20}", name in ".{0,20}",
            remaining in any::<Option<u64>>(),
        ) {
            let position = Position { resource_version, namespace, name, remaining };
            prop_assert_eq!(Position::from_token(&position.to_token()).unwrap(), position);
        }
    }

    #[test]
    fn a_huge_token_is_refused_unread() {
        assert!(matches!(
            Position::from_token(&"A".repeat(1 << 20)),
            Err(Error::BadToken)
        ));
    }
}
