//! What is stored: one result, and its names.

use std::collections::BTreeMap;

use kubescape_api::{API_VERSION, Resource};
use serde::Serialize;
use serde_json::value::RawValue;

/// The annotation that keeps [`ResultObject::digest`].
pub const DIGEST: &str = "kubescape.io/result-digest";

/// Which kind of result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultResource {
    /// All that was found in one object: `WorkloadConfigurationScan`.
    Configuration,
    /// The short form: `WorkloadConfigurationScanSummary`.
    Summary,
}

impl ResultResource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Configuration, Self::Summary];

    /// As paths have it.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Configuration => "workloadconfigurationscans",
            Self::Summary => "workloadconfigurationscansummaries",
        }
    }

    /// The kind of its objects.
    pub fn kind(self) -> &'static str {
        Resource::by_plural(self.plural()).map_or("", |resource| resource.kind)
    }
}

/// One object to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultObject {
    /// Which kind of result.
    pub resource: ResultResource,
    /// Where it is stored.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// By which it is found.
    pub labels: BTreeMap<String, String>,
    /// What else is said of it. The digest is added.
    pub annotations: BTreeMap<String, String>,
    /// JSON.
    pub spec: Box<str>,
    /// Of all the above: an equal one means that there is nothing to write.
    pub digest: Box<str>,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultKey {
    /// Which kind of result.
    pub resource: ResultResource,
    /// Where it is stored.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

impl std::fmt::Display for ResultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (resource, namespace, name) = (self.resource.plural(), &self.namespace, &self.name);
        write!(f, "{resource} {namespace}/{name}")
    }
}

/// An object as the API has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    spec: &'a RawValue,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    namespace: &'a str,
    labels: &'a BTreeMap<String, String>,
    annotations: BTreeMap<&'a str, &'a str>,
}

impl ResultObject {
    /// Which object it is.
    pub fn key(&self) -> ResultKey {
        ResultKey {
            resource: self.resource,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// About how much memory it takes.
    pub fn weight(&self) -> usize {
        let texts = |map: &BTreeMap<String, String>| -> usize {
            let each = |(key, value): (&String, &String)| key.len() + value.len() + 64;
            map.iter().map(each).sum()
        };
        let short = self.namespace.len() + self.name.len() + self.digest.len();
        256 + short + self.spec.len() + texts(&self.labels) + texts(&self.annotations)
    }

    /// The whole object, to be written as JSON.
    ///
    /// # Errors
    ///
    /// The spec is no JSON.
    pub(crate) fn document(&self) -> Result<Document<'_>, serde_json::Error> {
        Ok(Document {
            api_version: API_VERSION,
            kind: self.resource.kind(),
            metadata: Metadata {
                name: &self.name,
                namespace: &self.namespace,
                labels: &self.labels,
                annotations: self.all_annotations(),
            },
            spec: serde_json::from_str(&self.spec)?,
        })
    }

    /// A JSON patch that makes a stored object this one. An update would have to name
    /// the version that it replaces, which nobody needs to know here.
    ///
    /// # Errors
    ///
    /// The spec is no JSON.
    pub(crate) fn patch(&self) -> Result<Patch<'_>, serde_json::Error> {
        let spec = serde_json::from_str(&self.spec)?;
        let annotations = self.all_annotations();
        Ok(Patch([
            Operation::add("/metadata/labels", Part::Labels(&self.labels)),
            Operation::add("/metadata/annotations", Part::Annotations(annotations)),
            Operation::add("/spec", Part::Spec(spec)),
        ]))
    }

    fn all_annotations(&self) -> BTreeMap<&str, &str> {
        let text = self.annotations.iter();
        let mut all: BTreeMap<_, _> = text
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        all.insert(DIGEST, &self.digest);
        all
    }
}

/// See [`ResultObject::patch`].
#[derive(Serialize)]
pub(crate) struct Patch<'a>([Operation<'a>; 3]);

/// `add` replaces what is there.
#[derive(Serialize)]
struct Operation<'a> {
    op: &'static str,
    path: &'static str,
    value: Part<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Labels(&'a BTreeMap<String, String>),
    Annotations(BTreeMap<&'a str, &'a str>),
    Spec(&'a RawValue),
}

impl<'a> Operation<'a> {
    fn add(path: &'static str, value: Part<'a>) -> Self {
        let op = "add";
        Self { op, path, value }
    }
}
