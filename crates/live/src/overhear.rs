//! What an object is joined to, from somebody who follows the cluster anyway.

use kubescape_collect::{Format, RawDocument};
use kubescape_engine::Gap;

use crate::wanted::List;

/// Objects of one kind that a scan of another object listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Only of this namespace.
    pub namespace: Option<String>,
    /// Only that of this name.
    pub name: Option<String>,
}

/// What somebody knows of neighbours.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What joins read of each, as JSON.
    pub objects: Vec<Box<[u8]>>,
    /// What of the cluster cannot be read.
    pub gaps: Vec<Gap>,
}

/// Follows the cluster, and so spares scans of single objects their lists.
pub trait Overhear: Send + Sync {
    /// What is known of these neighbours; `None` when that is not all there is, or
    /// not soon: then they are read. Called on a thread that may wait.
    fn overhear(&self, neighbours: &[Neighbours]) -> Option<Known>;
}

impl Neighbours {
    /// Whom a list would bring.
    pub(crate) fn of(list: &List) -> Self {
        Self {
            group: list.resource.group.clone(),
            kind: list.resource.kind.clone(),
            namespace: list.namespace.clone(),
            name: list
                .field_selector
                .strip_prefix("metadata.name=")
                .map(str::to_owned),
        }
    }
}

/// Each as a document of that source.
pub(crate) fn documents(known: &Known, source: u32) -> impl Iterator<Item = RawDocument> {
    let texts = known.objects.iter().zip(0..);
    texts.filter_map(move |(text, item)| {
        // It was written as text.
        let text = std::str::from_utf8(text).ok()?;
        Some(RawDocument {
            source,
            index: 0,
            item: Some(item),
            offset: 0,
            line: 1,
            column: 1,
            format: Format::Json,
            text: text.to_owned(),
            inherited: None,
        })
    })
}
