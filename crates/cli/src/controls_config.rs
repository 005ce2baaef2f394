//! `--controls-config`: inputs of controls from a file.

use std::fs;
use std::path::Path;

use kubescape_controls::default_inputs;
use kubescape_engine::{Arena, Inputs, Value, nearest};

use crate::exit::Failure;

/// The default inputs, overlaid with those of a file: a map from name to a
/// list of strings, in JSON or YAML, perhaps wrapped in
/// `settings.postureControlInputs` as frameworks are published.
pub(crate) fn inputs(path: Option<&Path>) -> Result<Inputs, Failure> {
    let mut inputs = default_inputs();
    let Some(path) = path else { return Ok(inputs) };
    let fail = |problem: String| Failure::input(format!("{}: {problem}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let arena = Arena::new();
    let value = kubescape_collect::yaml::from_yaml(&text, &arena)
        .map_err(|error| fail(error.to_string()))?;
    let value = value.unwrap_or_default();
    let wrapped = value.dig(&["settings", "postureControlInputs"]);
    let map = if wrapped.is_object() { wrapped } else { value };
    if !map.is_object() {
        return Err(fail(
            "is no map from the names of inputs to lists".to_owned(),
        ));
    }
    let known: Vec<String> = inputs.iter().map(|(name, _)| name.to_owned()).collect();
    for (name, values) in map.entries() {
        if !known.iter().any(|known| known == name) {
            let near = nearest(name, known.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            return Err(fail(format!("there is no input \"{name}\"{hint}")));
        }
        inputs.set(*name, strings(name, *values).map_err(fail)?);
        if let Some((pattern, problem)) = patterns_of(name)
            .then(|| inputs.invalid_patterns(name).into_iter().next())
            .flatten()
        {
            return Err(fail(format!(
                "{name}: \"{pattern}\" is no regular expression: {problem}"
            )));
        }
    }
    Ok(inputs)
}

fn strings(name: &str, values: Value<'_>) -> Result<Vec<String>, String> {
    let Value::Array(items) = values else {
        return Err(format!("{name} is no list"));
    };
    let text = |item: &Value<'_>| match *item {
        Value::Str(text) => Ok(text.to_owned()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        _ => Err(format!("{name} has an item that is no string")),
    };
    items.iter().map(text).collect()
}

/// Inputs whose values are regular expressions.
fn patterns_of(name: &str) -> bool {
    matches!(name, "sensitiveValues" | "sensitiveValuesAllowed")
}
