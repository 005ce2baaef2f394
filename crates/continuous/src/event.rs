//! What happens in what is followed.

use std::sync::Arc;

use kubescape_engine::Gap;

use crate::desk::{KindName, Notice};

/// One thing that happened. Texts are JSON without managed fields and without
/// values of Secrets.
#[derive(Clone, Debug)]
pub enum Event {
    /// A list of all objects of the kind begins.
    Listing(Arc<KindName>),
    /// An object is there; it may have changed, or not.
    Put(Arc<KindName>, String),
    /// An object is gone: namespace and name.
    Gone(Arc<KindName>, Box<str>, Box<str>),
    /// The list is complete: what was not put since it began is gone.
    Listed(Arc<KindName>),
    /// The kind cannot be read, or can be again.
    Gap(Arc<KindName>, Option<Gap>),
    /// Something that people should know.
    Notice(Notice),
    /// Every kind has been listed or has a gap. Once.
    Synced,
}
