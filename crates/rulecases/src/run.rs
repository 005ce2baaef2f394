//! Running a case.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use kubescape_collect::yaml::from_yaml;
use kubescape_engine::{Arena, Corpus, Inputs, Library, Response, Rule, Value, enumerate, judge};
use serde_json::Value as Json;

use crate::compare::{Difference, comparable, identity, read, unify_numbers};
use crate::find::Case;

/// Something that can run rules by name.
pub trait Judge {
    /// The responses of a rule to these objects.
    ///
    /// # Errors
    ///
    /// The reason when there is no such rule or it cannot run.
    fn responses(
        &self,
        rule: &str,
        objects: &[Value<'_>],
        inputs: &Inputs,
    ) -> Result<Vec<Response>, String>;

    /// The objects that count as judged by the rule.
    ///
    /// # Errors
    ///
    /// The reason when there is no such rule or it cannot run.
    fn enumerated(
        &self,
        rule: &str,
        objects: &[Value<'_>],
        inputs: &Inputs,
    ) -> Result<Vec<Json>, String>;
}

/// The built-in checks.
pub struct Native(pub &'static Library);

impl Native {
    fn rule(&self, name: &str) -> Result<&'static Rule, String> {
        self.0
            .rule(name)
            .ok_or_else(|| format!("the library has no rule \"{name}\""))
    }
}

impl Judge for Native {
    fn responses(
        &self,
        rule: &str,
        objects: &[Value<'_>],
        inputs: &Inputs,
    ) -> Result<Vec<Response>, String> {
        let rule = self.rule(rule)?;
        let arena = Arena::new();
        let corpus = Corpus::of_values(objects, &arena);
        let findings = judge(rule, &corpus, inputs)?;
        Ok(findings
            .iter()
            .map(|finding| Response::new(rule, finding))
            .collect())
    }

    fn enumerated(
        &self,
        rule: &str,
        objects: &[Value<'_>],
        _: &Inputs,
    ) -> Result<Vec<Json>, String> {
        let rule = self.rule(rule)?;
        let arena = Arena::new();
        let corpus = Corpus::of_values(objects, &arena);
        let objects = enumerate(rule, &corpus);
        Ok(objects
            .iter()
            .map(|object| serde_json::to_value(object.value).unwrap_or_default())
            .collect())
    }
}

/// How to run cases.
pub struct Options {
    /// What inputs are when a case sets none.
    pub default_inputs: Inputs,
    /// Whether messages must be equal, too.
    pub compare_messages: bool,
}

/// How a case ended.
#[derive(Debug)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Otherwise.
    Failed(Vec<Difference>),
}

/// Why a case could not be run.
#[derive(Debug)]
pub struct CaseError {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for CaseError {}

fn fail(path: &Path) -> impl Fn(String) -> CaseError {
    let path = path.to_owned();
    move |problem| CaseError {
        path: path.clone(),
        problem,
    }
}

/// Runs one case.
///
/// # Errors
///
/// Files that cannot be read, and rules that cannot run.
pub fn run(case: &Case, by: &dyn Judge, options: &Options) -> Result<Outcome, CaseError> {
    let arena = Arena::new();
    let objects = objects(&case.folder, &arena)?;
    let inputs = inputs(&case.folder, &options.default_inputs)?;
    let in_case = fail(&case.folder);
    let path = case.folder.join("expected.json");
    let expected = fs::read(&path).map_err(|error| fail(&path)(error.to_string()))?;
    let expected = read(&expected).map_err(fail(&path))?;
    let actual = by
        .responses(&case.rule, &objects, &inputs)
        .map_err(&in_case)?;
    let form = |responses: Vec<Response>| {
        responses
            .into_iter()
            .map(|response| comparable(response, options.compare_messages))
            .collect()
    };
    let mut differences: Vec<_> = Difference::between(form(expected), form(actual))
        .into_iter()
        .collect();
    let path = case.folder.join("expected-filter.json");
    if path.is_file() {
        let text = fs::read(&path).map_err(|error| fail(&path)(error.to_string()))?;
        let expected = filtered(&text).map_err(fail(&path))?;
        let actual = by
            .enumerated(&case.rule, &objects, &inputs)
            .map_err(&in_case)?;
        let actual = actual.iter().map(identity).collect();
        differences.extend(Difference::between(expected, actual));
    }
    Ok(if differences.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Failed(differences)
    })
}

/// Writes the responses that the case gives now as its expectation.
///
/// # Errors
///
/// As [`run`], and files that cannot be written.
pub fn bless(case: &Case, by: &dyn Judge, options: &Options) -> Result<(), CaseError> {
    let arena = Arena::new();
    let objects = objects(&case.folder, &arena)?;
    let inputs = inputs(&case.folder, &options.default_inputs)?;
    let actual = by
        .responses(&case.rule, &objects, &inputs)
        .map_err(fail(&case.folder))?;
    let form: Vec<_> = actual
        .into_iter()
        .map(|response| {
            let mut json = comparable(response.clone(), true);
            json["alertScore"] = serde_json::json!(response.alert_score);
            json
        })
        .collect();
    let path = case.folder.join("expected.json");
    let text = serde_json::to_string_pretty(&form).unwrap_or_default() + "\n";
    fs::write(&path, text).map_err(|error| fail(&path)(error.to_string()))
}

/// The objects of a case's `input` folder, by file name.
///
/// # Errors
///
/// Files that cannot be read, or are no YAML or JSON.
pub fn objects<'a>(folder: &Path, arena: &'a Arena) -> Result<Vec<Value<'a>>, CaseError> {
    let folder = folder.join("input");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let in_folder = fail(&folder);
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| in_folder(error.to_string()))? {
        paths.push(entry.map_err(|error| in_folder(error.to_string()))?.path());
    }
    paths.sort();
    let mut objects = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| fail(&path)(error.to_string()))?;
        let value =
            from_yaml(arena.str(&text), arena).map_err(|error| fail(&path)(error.to_string()))?;
        objects.extend(value);
    }
    Ok(objects)
}

/// The inputs of a case: the defaults, overlaid with its `data.json`.
///
/// # Errors
///
/// A file that cannot be read, or is no JSON.
pub fn inputs(folder: &Path, defaults: &Inputs) -> Result<Inputs, CaseError> {
    let mut inputs = defaults.clone();
    let path = folder.join("data.json");
    if !path.is_file() {
        return Ok(inputs);
    }
    let text = fs::read(&path).map_err(|error| fail(&path)(error.to_string()))?;
    let data: Json =
        serde_json::from_slice(&text).map_err(|error| fail(&path)(error.to_string()))?;
    for (name, values) in data["postureControlInputs"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let values = values.as_array().into_iter().flatten();
        let text = |value: &Json| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        inputs.set(name.clone(), values.map(text).collect());
    }
    if let Some(provider) = data["dataControlInputs"]["cloudProvider"].as_str() {
        provider.clone_into(&mut inputs.cloud_provider);
    }
    Ok(inputs)
}

/// The objects named by an `expected-filter.json`, which lists responses.
fn filtered(text: &[u8]) -> Result<Vec<Json>, String> {
    let responses = read(text)?;
    let mut objects = Vec::new();
    for response in responses {
        objects.extend(response.alert_object.k8s_api_objects.unwrap_or_default());
    }
    objects.iter_mut().for_each(unify_numbers);
    Ok(objects.iter().map(identity).collect())
}
