//! What is stored, in the forms in which it is sent.

use std::collections::BTreeMap;

use kubescape_names::annotation;
use kubescape_posture::API_VERSION;
pub use kubescape_posture::{ResultKey, ResultObject, ResultResource};
use serde::Serialize;
use serde_json::value::RawValue;

/// The annotation that keeps [`ResultObject::digest`].
pub const DIGEST: &str = annotation::RESULT_DIGEST.as_str();

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

/// The forms in which a result is sent.
pub(crate) trait Wire {
    /// The whole object, to be written as JSON.
    ///
    /// # Errors
    ///
    /// The spec is no JSON.
    fn wire(&self) -> Result<Document<'_>, serde_json::Error>;

    /// A JSON patch that makes a stored object this one. An update would have to name
    /// the version that it replaces, which nobody needs to know here.
    ///
    /// # Errors
    ///
    /// The spec is no JSON.
    fn patch(&self) -> Result<Patch<'_>, serde_json::Error>;
}

impl Wire for ResultObject {
    fn wire(&self) -> Result<Document<'_>, serde_json::Error> {
        Ok(Document {
            api_version: API_VERSION,
            kind: self.resource.kind(),
            metadata: Metadata {
                name: &self.name,
                namespace: &self.namespace,
                labels: &self.labels,
                annotations: all_annotations(self),
            },
            spec: serde_json::from_str(&self.spec)?,
        })
    }

    fn patch(&self) -> Result<Patch<'_>, serde_json::Error> {
        let spec = serde_json::from_str(&self.spec)?;
        Ok(Patch([
            Operation::add("/metadata/labels", Part::Labels(&self.labels)),
            Operation::add(
                "/metadata/annotations",
                Part::Annotations(all_annotations(self)),
            ),
            Operation::add("/spec", Part::Spec(spec)),
        ]))
    }
}

fn all_annotations(object: &ResultObject) -> BTreeMap<&str, &str> {
    let text = object.annotations.iter();
    let mut all: BTreeMap<_, _> = text
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    all.insert(DIGEST, &object.digest);
    all
}

/// See [`Wire::patch`].
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
