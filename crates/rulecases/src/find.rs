//! Which cases there are below a folder.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// A case on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The rule it tests.
    pub rule: String,
    /// The name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// A folder that cannot be read.
#[derive(Debug)]
pub struct FindError {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for FindError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for FindError {}

/// The cases below `root`, by rule and name. `root` may also be the folder of
/// one rule.
///
/// # Errors
///
/// A folder or `rule.metadata.json` that cannot be read.
pub fn find(root: &Path) -> Result<Vec<Case>, FindError> {
    let mut cases = cases_of_rule(root)?;
    if cases.is_empty() {
        for folder in folders(root)? {
            cases.extend(cases_of_rule(&folder)?);
        }
    }
    cases.sort();
    Ok(cases)
}

fn cases_of_rule(folder: &Path) -> Result<Vec<Case>, FindError> {
    let test = folder.join("test");
    let parent = if test.is_dir() {
        test
    } else {
        folder.to_owned()
    };
    let mut cases = Vec::new();
    for case in folders(&parent)? {
        if case.join("expected.json").is_file() {
            cases.push(Case {
                rule: rule_name(folder)?,
                name: file_name(&case),
                folder: case,
            });
        }
    }
    Ok(cases)
}

/// The `name` of `rule.metadata.json` when that stands in the folder, else the
/// folder's own name.
fn rule_name(folder: &Path) -> Result<String, FindError> {
    let path = folder.join("rule.metadata.json");
    if !path.is_file() {
        return Ok(file_name(folder));
    }
    let fail = |problem: String| FindError {
        path: path.clone(),
        problem,
    };
    let text = fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
    let metadata: Json = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    metadata["name"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| fail("has no `name`".to_owned()))
}

fn file_name(path: &Path) -> String {
    path.canonicalize()
        .ok()
        .and_then(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_default()
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>, FindError> {
    let fail = |error: std::io::Error| FindError {
        path: parent.to_owned(),
        problem: error.to_string(),
    };
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
