//! What is stored, and how it replaces what was.

use std::collections::BTreeMap;

use kubescape_names::annotation;
pub use kubescape_posture::{ResultKey, ResultObject, ResultResource};
use serde::Serialize;
use serde_json::value::RawValue;

/// The annotation that keeps [`ResultObject::digest`].
pub const DIGEST: &str = annotation::RESULT_DIGEST.as_str();

/// A JSON patch that makes a stored object this one. An update would have to name the
/// version that it replaces, which nobody needs to know here.
///
/// # Errors
///
/// The spec is no JSON.
pub(crate) fn patch(object: &ResultObject) -> Result<Patch<'_>, serde_json::Error> {
    let spec = serde_json::from_str(&object.spec)?;
    Ok(Patch([
        Operation::add("/metadata/labels", Part::Labels(&object.labels)),
        Operation::add(
            "/metadata/annotations",
            Part::Annotations(object.all_annotations()),
        ),
        Operation::add("/spec", Part::Spec(spec)),
    ]))
}

/// See [`patch`].
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
