//! Objects of the kinds that `netpol` reads.

use std::fmt;

use kubescape_collect::{Code, ParsedObject, Problem, RawDocument, locate};
use kubescape_engine::{Part, Path};
use kubescape_netpol::{
    Direction, KnownServer, Metadata, NetworkNeighborhood, NetworkNeighbors, NetworkPolicy, Source,
    isolates,
};
use kubescape_report::text::cut;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}

/// What was observed of a workload.
#[derive(Debug)]
pub(super) struct Observation {
    pub(super) place: Place,
    pub(super) body: Body,
}

/// The two forms of an observation.
#[derive(Debug)]
pub(super) enum Body {
    Neighbors(NetworkNeighbors),
    Neighborhood(NetworkNeighborhood),
}

impl Observation {
    pub(super) fn source(&self) -> Source<'_> {
        match &self.body {
            Body::Neighbors(object) => object.into(),
            Body::Neighborhood(object) => object.into(),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match &self.body {
            Body::Neighbors(_) => "NetworkNeighbors",
            Body::Neighborhood(_) => "NetworkNeighborhood",
        }
    }

    pub(super) fn metadata(&self) -> &Metadata {
        match &self.body {
            Body::Neighbors(object) => &object.metadata,
            Body::Neighborhood(object) => &object.metadata,
        }
    }

    pub(super) fn metadata_mut(&mut self) -> &mut Metadata {
        match &mut self.body {
            Body::Neighbors(object) => &mut object.metadata,
            Body::Neighborhood(object) => &mut object.metadata,
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = full_name(self.metadata());
        write!(out, "{} {name} ({})", self.kind(), self.place)
    }
}

/// A policy to simulate.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) place: Place,
    pub(super) policy: NetworkPolicy,
}

impl Policy {
    /// The directions that it is for.
    pub(super) fn directions(&self) -> Vec<String> {
        let both = [Direction::Ingress, Direction::Egress].into_iter();
        let own = both.filter(|it| isolates(&self.policy, *it));
        own.map(|it| it.to_string()).collect()
    }
}

/// `namespace/name`, not longer than anyone wants to read.
pub(super) fn full_name(metadata: &Metadata) -> String {
    let name = short_name(metadata);
    match metadata.namespace.as_str() {
        "" => name,
        namespace => format!("{}/{name}", cut(namespace, LONGEST)),
    }
}

pub(super) fn short_name(metadata: &Metadata) -> String {
    match metadata.name.as_str() {
        "" => "(no name)".to_owned(),
        name => cut(name, LONGEST),
    }
}

/// Kubernetes' limit on names; only hostile ones are longer.
const LONGEST: usize = 253;

/// An object of a kind that matters here.
#[derive(Debug)]
pub(super) enum Known {
    Observation(Body),
    Server(KnownServer),
    Policy(NetworkPolicy),
    /// A policy that only some network plug-in knows.
    Foreign(String),
    /// Anything else.
    Other,
}

/// Reads an object by its kind.
pub(super) fn read(object: &ParsedObject<'_>) -> Result<Known, Fault> {
    let api_version = object.value.at("apiVersion").str();
    let kind = object.value.at("kind").str();
    let group = api_version.split_once('/').map_or("", |parts| parts.0);
    match (group, kind) {
        (OURS, "NetworkNeighbors") => {
            let body = Body::Neighbors(decode(object, &[])?);
            observation(object, body)
        }
        (OURS, "NetworkNeighborhood") => {
            let body = Body::Neighborhood(decode(object, &[])?);
            observation(object, body)
        }
        (OURS, "KnownServer") => Ok(Known::Server(decode(object, &[])?)),
        (OURS, "GeneratedNetworkPolicy") => policy(object, &["spec"]),
        ("networking.k8s.io", "NetworkPolicy") => policy(object, &[]),
        _ if kind.ends_with("NetworkPolicy") => Ok(Known::Foreign(format!("{api_version} {kind}"))),
        _ => Ok(Known::Other),
    }
}

const OURS: &str = "spdx.softwarecomposition.kubescape.io";

/// Results name what they are about.
fn observation(object: &ParsedObject<'_>, body: Body) -> Result<Known, Fault> {
    if object.value.dig(&["metadata", "name"]).is_empty() {
        let keys = ["metadata", "name"].map(|key| Part::Key(key.into()));
        return Err(Fault {
            path: Path(keys.to_vec()),
            message: "there is no name".to_owned(),
        });
    }
    Ok(Known::Observation(body))
}

/// A policy that Kubernetes would refuse is none: judging by it would say
/// something about a policy that cannot be.
fn policy(object: &ParsedObject<'_>, inside: &[&'static str]) -> Result<Known, Fault> {
    let policy: NetworkPolicy = decode(object, inside)?;
    let types = policy.spec.policy_types.iter();
    for (number, name) in (0..).zip(types) {
        if name != "Ingress" && name != "Egress" {
            let keys = inside.iter().copied().chain(["spec", "policyTypes"]);
            let mut path: Vec<_> = keys.map(|key| Part::Key(key.into())).collect();
            path.push(Part::Index(number));
            return Err(Fault {
                path: Path(path),
                message: format!("\"{}\" is neither Ingress nor Egress", cut(name, 64)),
            });
        }
    }
    Ok(Known::Policy(policy))
}

/// What is wrong with an object, and where in it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) path: Path<'static>,
    pub(super) message: String,
}

/// What is at some keys of an object, as a type.
fn decode<T: DeserializeOwned>(
    object: &ParsedObject<'_>,
    inside: &[&'static str],
) -> Result<T, Fault> {
    let start = || inside.iter().map(|key| Part::Key((*key).into()));
    // Text in between is a fraction of what a tree of values takes.
    let text = serde_json::to_string(&object.value.dig(inside)).map_err(|error| Fault {
        path: Path(start().collect()),
        message: error.to_string(),
    })?;
    let reader = &mut serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let segments = error.path().iter();
        let parts = segments.map_while(|segment| match segment {
            Segment::Seq { index } => Some(Part::Index(u32::try_from(*index).ok()?)),
            Segment::Map { key } => Some(Part::Key(key.clone().into())),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Fault {
            path: Path(start().chain(parts).collect()),
            message: cut(without_place(&error.inner().to_string()), 200),
        }
    })
}

/// A message without the place in the text in between, which nobody wrote.
fn without_place(message: &str) -> &str {
    message
        .rfind(" at line ")
        .map_or(message, |end| &message[..end])
}

/// Most places of one document that are looked up; further ones are said to be
/// in its first line.
const LOCATED: usize = 200;

/// Where an object of a list, or what is wrong with it, is in its document.
pub(super) fn path_to(prefix: &str, fault: Option<&Fault>) -> Path<'static> {
    let prefix = prefix.trim_end_matches('.');
    let mut path = Path::parse(prefix).map_or(Vec::new(), |path| owned(&path));
    path.extend(fault.iter().flat_map(|fault| fault.path.0.iter().cloned()));
    Path(path)
}

/// The lines of the file that paths of a document lead to.
pub(super) fn lines(document: &RawDocument, paths: &[Path<'_>]) -> Vec<u64> {
    // Looking for a place means parsing once more.
    if paths.iter().all(|path| path.0.is_empty()) {
        return vec![first_line(document); paths.len()];
    }
    let places = locate(document, &paths[..paths.len().min(LOCATED)]);
    let mut lines: Vec<_> = places.iter().map(|it| it.whole().start.line).collect();
    lines.resize(paths.len(), document.line);
    for line in &mut lines {
        *line = (*line).max(document.line);
    }
    lines
}

/// The line of the first content.
fn first_line(document: &RawDocument) -> u64 {
    let before = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '%']) || line == "---"
    };
    document.line + document.text.lines().take_while(before).count() as u64
}

impl Fault {
    /// The problem that it is, at a path and a line.
    pub(super) fn problem(&self, path: &Path<'_>, place: &Place, document: u32) -> Problem {
        let message = match cut(&path.to_string(), 200).as_str() {
            "" => self.message.clone(),
            path => format!("{path}: {}", self.message),
        };
        Problem::new(Code::BadField, &place.file, message).of_place(place.line, document)
    }
}

fn owned(path: &Path<'_>) -> Vec<Part<'static>> {
    let part = |part: &Part<'_>| match part {
        Part::Key(key) => Part::Key(key.clone().into_owned().into()),
        Part::Index(index) => Part::Index(*index),
    };
    path.0.iter().map(part).collect()
}
