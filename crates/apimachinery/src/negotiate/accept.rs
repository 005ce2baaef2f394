//! Answers: the first clause of `Accept` that can be served.

use super::clause::{Clause, clauses};
use super::{Format, SUPPORTED};
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

const WATCH_SUPPORTED: &[&str] = &["application/json;stream=watch"];

/// The formats in the order in which `*/*` finds them.
const FORMATS: [(Format, &str); 2] = [(Format::Json, "json"), (Format::Yaml, "yaml")];

impl Representation {
    /// The `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        match (self.format, self.stream) {
            (Format::Json, true) => "application/json;stream=watch",
            (format, _) => format.media_type(),
        }
    }
}

impl Discovery {
    /// The `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Plain(format) => format.media_type(),
            Self::V2 => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            Self::V2Beta1 => {
                "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
            }
        }
    }
}

/// Chooses the representation of an answer; no header means JSON. Watches are
/// JSON only: a stream of YAML documents has no reader.
///
/// # Errors
///
/// 406 with what is served, and for a list shape of an object or the other way
/// round.
pub fn accept(header: Option<&str>, target: Target) -> Result<Representation, Failure> {
    let Some(header) = present(header) else {
        return Ok(Representation::default());
    };
    let clauses = clauses(header);
    let served = clauses.iter().find_map(|clause| serve(clause, target));
    let Some((representation, list)) = served else {
        let supported = match target {
            Target::Watch => WATCH_SUPPORTED,
            _ => SUPPORTED,
        };
        return Err(Failure::not_acceptable(supported));
    };
    match (list, target) {
        (Some(false), Target::List) => Err(Failure::not_acceptable_because(
            "you requested PartialObjectMetadata, but the requested object is a list",
        )),
        (Some(true), Target::Object | Target::Watch) => Err(Failure::not_acceptable_because(
            "you requested PartialObjectMetadataList, but the requested object is not a list",
        )),
        _ => Ok(representation),
    }
}

/// What a clause gets, and, of metadata, whether it was asked for as a list.
fn serve(clause: &Clause<'_>, target: Target) -> Option<(Representation, Option<bool>)> {
    let (format, _) = FORMATS
        .into_iter()
        .filter(|(format, _)| target != Target::Watch || *format == Format::Json)
        .find(|(_, sub)| clause.covers("application", sub))?;
    let stream = match clause.parameter("stream") {
        "" => false,
        "watch" if format == Format::Json => true,
        _ => return None,
    };
    if !clause.parameter("sv").is_empty() {
        return None;
    }
    let (shape, list) = shape(clause, target)?;
    let representation = Representation {
        format,
        shape,
        stream,
        pretty: clause.parameter("pretty") == "1",
    };
    Some((representation, list))
}

fn shape(clause: &Clause<'_>, target: Target) -> Option<(Shape, Option<bool>)> {
    let (kind, group, version) = (
        clause.parameter("as"),
        clause.parameter("g"),
        clause.parameter("v"),
    );
    if kind.is_empty() && group.is_empty() && version.is_empty() {
        return Some((Shape::Whole, None));
    }
    let beta = match version {
        "v1" => false,
        "v1beta1" => true,
        _ => return None,
    };
    if group != "meta.k8s.io" || target == Target::Fixed {
        return None;
    }
    match kind {
        "Table" => Some((Shape::Table { beta }, None)),
        "PartialObjectMetadata" => Some((Shape::Metadata { beta }, Some(false))),
        "PartialObjectMetadataList" => Some((Shape::Metadata { beta }, Some(true))),
        _ => None,
    }
}

/// Chooses the form of discovery. Only `/api` and `/apis` have aggregated forms:
/// pass `aggregated: false` for the others.
///
/// # Errors
///
/// 406 with what is served.
pub fn accept_discovery(header: Option<&str>, aggregated: bool) -> Result<Discovery, Failure> {
    let Some(header) = present(header) else {
        return Ok(Discovery::Plain(Format::Json));
    };
    let form = |clause: &Clause<'_>| {
        let (kind, group, version) = (
            clause.parameter("as"),
            clause.parameter("g"),
            clause.parameter("v"),
        );
        if kind.is_empty() && group.is_empty() && version.is_empty() {
            return serve(clause, Target::Fixed).map(|(plain, _)| Discovery::Plain(plain.format));
        }
        let json = clause.covers("application", "json");
        let known = kind == "APIGroupDiscoveryList" && group == "apidiscovery.k8s.io";
        match version {
            "v2" if aggregated && json && known => Some(Discovery::V2),
            "v2beta1" if aggregated && json && known => Some(Discovery::V2Beta1),
            _ => None,
        }
    };
    let chosen = clauses(header).iter().find_map(form);
    chosen.ok_or_else(|| Failure::not_acceptable(SUPPORTED))
}

/// Chooses the format of an OpenAPI document, which is always JSON here. A
/// client that takes only the protobuf form gets 406 and asks again.
///
/// # Errors
///
/// 406 where JSON is not taken.
pub fn accept_openapi(header: Option<&str>) -> Result<Format, Failure> {
    let Some(header) = present(header) else {
        return Ok(Format::Json);
    };
    let json = |clause: &Clause<'_>| clause.covers("application", "json");
    if clauses(header).iter().any(json) {
        return Ok(Format::Json);
    }
    Err(Failure::not_acceptable(&["application/json"]))
}

fn present(header: Option<&str>) -> Option<&str> {
    header.filter(|header| !header.trim().is_empty())
}
