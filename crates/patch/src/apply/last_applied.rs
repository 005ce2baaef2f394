//! The annotation in which kubectl's client-side apply keeps what it applied,
//! for the change over to server-side apply. (managedfields: lastAppliedManager)

use serde_json::Value;

use super::{compare, fields, strip};
use crate::managed::FieldSet;
use crate::typed::{DEEPEST, Type};
use crate::value::deeper;

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Longest text of the annotation, as Kubernetes limits all of them together.
const LONGEST: usize = 256 << 10;

/// The fields that client-side apply set and nobody changed since.
pub(crate) fn owned(of: Type, live: &Value) -> FieldSet {
    let text = live
        .pointer("/metadata/annotations")
        .and_then(|all| all.get(ANNOTATION));
    let applied = text
        .and_then(Value::as_str)
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(|applied| !deeper(applied, DEEPEST));
    let Some(applied) = applied else {
        return FieldSet::new();
    };
    if applied.get("apiVersion").and_then(Value::as_str) != Some(kubescape_api::API_VERSION) {
        return FieldSet::new();
    }
    let difference = compare(of, &applied, live);
    fields::fields(of, &applied)
        .difference(&difference.modified)
        .difference(&difference.added)
        .difference(&difference.removed)
}

/// Writes what was applied into the annotation, where there is one.
pub(crate) fn refresh(object: &mut Value, config: &Value) {
    let annotations = object.pointer_mut("/metadata/annotations");
    let Some(Value::Object(annotations)) = annotations else {
        return;
    };
    let Some(known) = annotations.get_mut(ANNOTATION) else {
        return;
    };
    if known.as_str().is_none_or(str::is_empty) {
        return;
    }
    let mut config = config.clone();
    strip(&mut config);
    if let Some(Value::Object(annotations)) = config.pointer_mut("/metadata/annotations") {
        annotations.remove(ANNOTATION);
    }
    let text = format!("{config}\n");
    if text.len() > LONGEST {
        annotations.remove(ANNOTATION);
    } else {
        *known = text.into();
    }
}
