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
    let mut cases = Vec::new();
    for candidate in folders(folder)? {
        if is_case(&candidate) {
            cases.push(candidate);
        } else if file_name(&candidate) == "test" {
            cases.extend(
                folders(&candidate)?
                    .into_iter()
                    .filter(|folder| is_case(folder)),
            );
        }
    }
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let rule = rule_name(folder)?;
    let case = |folder: PathBuf| Case {
        rule: rule.clone(),
        name: file_name(&folder),
        folder,
    };
    Ok(cases.into_iter().map(case).collect())
}

fn is_case(folder: &Path) -> bool {
    folder.join("expected.json").is_file()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes cases in a new folder and tells which are found.
    fn found(cases: &[&str]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for case in cases {
            let folder = root.path().join(case);
            fs::create_dir_all(folder.join("input")).unwrap();
            fs::write(folder.join("expected.json"), "[]").unwrap();
        }
        let cases = find(root.path()).unwrap();
        cases
            .iter()
            .map(|case| format!("{}/{}", case.rule, case.name))
            .collect()
    }

    #[test]
    fn cases_stand_in_the_rule_or_in_its_test_folder() {
        assert_eq!(found(&["a/one", "b/test/two"]), ["a/one", "b/two"]);
    }

    #[test]
    fn a_case_may_itself_be_called_test() {
        assert_eq!(found(&["a/test", "a/other"]), ["a/other", "a/test"]);
    }

    #[test]
    fn the_metadata_beside_names_the_rule() {
        let root = tempfile::tempdir().unwrap();
        let case = root.path().join("folder/test/one");
        fs::create_dir_all(&case).unwrap();
        fs::write(case.join("expected.json"), "[]").unwrap();
        fs::write(
            root.path().join("folder/rule.metadata.json"),
            r#"{"name":"the-rule"}"#,
        )
        .unwrap();
        assert_eq!(find(root.path()).unwrap()[0].rule, "the-rule");
    }
}
