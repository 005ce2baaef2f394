//! Whether two lists of responses say the same.

use std::fmt;

use kubescape_engine::Response;
use serde_json::{Map, Number, Value as Json};

/// What was expected and did not come, and what came unexpected.
#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    /// Expected responses that did not come.
    pub missing: Vec<Json>,
    /// Responses that nobody expected.
    pub unexpected: Vec<Json>,
}

impl Difference {
    /// Compares two lists without regard to the order of the responses; lists
    /// inside a response keep theirs.
    pub fn between(expected: Vec<Json>, actual: Vec<Json>) -> Option<Self> {
        let mut unexpected = actual;
        let mut missing = Vec::new();
        for response in expected {
            match unexpected.iter().position(|other| *other == response) {
                Some(place) => drop(unexpected.swap_remove(place)),
                None => missing.push(response),
            }
        }
        let equal = missing.is_empty() && unexpected.is_empty();
        (!equal).then_some(Self {
            missing,
            unexpected,
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.missing.len().min(self.unexpected.len());
        for (expected, actual) in self.missing.iter().zip(&self.unexpected) {
            writeln!(out, "    a response differs (- expected, + actual):")?;
            write_difference(out, "", expected, actual)?;
        }
        for response in &self.missing[pairs..] {
            writeln!(out, "    expected, but did not come:\n      - {response}")?;
        }
        for response in &self.unexpected[pairs..] {
            writeln!(out, "    came unexpected:\n      + {response}")?;
        }
        Ok(())
    }
}

fn write_difference(
    out: &mut fmt::Formatter<'_>,
    path: &str,
    expected: &Json,
    actual: &Json,
) -> fmt::Result {
    match (expected, actual) {
        _ if expected == actual => Ok(()),
        (Json::Object(expected), Json::Object(actual)) => {
            let mut keys: Vec<_> = expected.keys().chain(actual.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let of = |map: &Map<String, Json>| map.get(key).cloned().unwrap_or(Json::Null);
                write_difference(out, &format!("{path}.{key}"), &of(expected), &of(actual))?;
            }
            Ok(())
        }
        _ => {
            writeln!(out, "      - {}: {expected}", path.trim_start_matches('.'))?;
            writeln!(out, "      + {}: {actual}", path.trim_start_matches('.'))
        }
    }
}

/// Reads a list of responses as Go does: unknown keys are dropped, keys match
/// without regard to case.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Response>, String> {
    let list: Option<Vec<Json>> =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let canonical = list.unwrap_or_default().into_iter().map(response_keys);
    canonical
        .map(|json| serde_json::from_value(json).map_err(|error| error.to_string()))
        .collect()
}

const KEYS: [&str; 16] = [
    "alertMessage",
    "failedPaths",
    "reviewPaths",
    "deletePaths",
    "fixPaths",
    "fixCommand",
    "ruleStatus",
    "packagename",
    "alertScore",
    "alertObject",
    "relatedObjects",
    "k8sApiObjects",
    "externalObjects",
    "object",
    "path",
    "value",
];

fn response_keys(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let rename = |(key, value): (String, Json)| {
                let known = KEYS.iter().find(|known| known.eq_ignore_ascii_case(&key));
                let key = known.map_or(key, |known| (*known).to_owned());
                let opaque = matches!(key.as_str(), "k8sApiObjects" | "externalObjects" | "object");
                let value = if opaque { value } else { response_keys(value) };
                (key, value)
            };
            // A scalar given as null is its zero value, as in Go.
            let known = map.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(known.map(rename).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(response_keys).collect()),
        other => other,
    }
}

/// The form that is compared: Kubernetes objects cut down to who they are,
/// messages dropped unless they count, all numbers alike.
pub(crate) fn comparable(mut response: Response, messages: bool) -> Json {
    if !messages {
        response.alert_message.clear();
    }
    let about = &mut response.alert_object;
    for object in about.k8s_api_objects.iter_mut().flatten() {
        *object = identity(object);
    }
    if about.k8s_api_objects.as_ref().is_some_and(Vec::is_empty) {
        about.k8s_api_objects = None;
    }
    if response.related_objects.as_ref().is_some_and(Vec::is_empty) {
        response.related_objects = None;
    }
    let mut json = serde_json::to_value(&response).unwrap_or_default();
    unify_numbers(&mut json);
    json
}

pub(crate) fn identity(object: &Json) -> Json {
    let pick = |from: &Json, keys: &[&str]| -> Map<String, Json> {
        let found = keys
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), from.get(key)?.clone())));
        found.filter(|(_, value)| !value.is_null()).collect()
    };
    let mut kept = pick(object, &["apiVersion", "kind"]);
    kept.insert(
        "metadata".to_owned(),
        Json::Object(pick(&object["metadata"], &["name", "labels"])),
    );
    Json::Object(kept)
}

pub(crate) fn unify_numbers(json: &mut Json) {
    match json {
        Json::Number(number) => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64) {
                *number = float;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(unify_numbers),
        Json::Object(map) => map.values_mut().for_each(unify_numbers),
        _ => {}
    }
}
