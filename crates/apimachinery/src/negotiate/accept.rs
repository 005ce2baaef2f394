//! Answers: the first clause of `Accept` that can be served.

use super::Format;
use crate::failure::Failure;

/// What an answer is going to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One object.
    Object,
    /// A list.
    List,
    /// A stream of events, each about one object.
    Watch,
    /// Something with one shape only, such as a `Status` or `/version`.
    Fixed,
}

/// How objects are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// As they are.
    #[default]
    Whole,
    /// As rows of a `Table` of `meta.k8s.io`.
    Table {
        /// Whether `v1beta1` was asked for and not `v1`.
        beta: bool,
    },
    /// As `PartialObjectMetadata`, or a `PartialObjectMetadataList` of them.
    Metadata {
        /// Whether `v1beta1` was asked for and not `v1`.
        beta: bool,
    },
}

/// The representation that was agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Representation {
    /// The text format.
    pub format: Format,
    /// The shape of objects.
    pub shape: Shape,
    /// Whether the clause had `stream=watch`; the answer then repeats it.
    pub stream: bool,
    /// Whether the clause had `pretty=1`.
    pub pretty: bool,
}

/// Which form of discovery the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// `APIGroupList`, `APIGroup` or `APIResourceList`.
    Plain(Format),
    /// `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`, as JSON.
    V2,
    /// `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2beta1`, as JSON.
    V2Beta1,
}

impl Representation {
    /// The `Content-Type` of the answer.
    pub fn content_type(self, target: Target) -> String {
        let _ = target;
        todo!()
    }
}

impl Discovery {
    /// The `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        todo!()
    }
}

/// Chooses the representation of an answer; no header means JSON.
///
/// # Errors
///
/// 406 with what is served.
pub fn accept(header: Option<&str>, target: Target) -> Result<Representation, Failure> {
    let _ = (header, target);
    todo!()
}

/// Chooses the form of discovery. Only `/api` and `/apis` have aggregated forms.
///
/// # Errors
///
/// 406 with what is served.
pub fn accept_discovery(header: Option<&str>) -> Result<Discovery, Failure> {
    let _ = header;
    todo!()
}

/// Chooses the format of an OpenAPI document: always JSON.
///
/// # Errors
///
/// 406 where JSON is not taken.
pub fn accept_openapi(header: Option<&str>) -> Result<Format, Failure> {
    let _ = header;
    todo!()
}
