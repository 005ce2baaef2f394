//! What is wrong with a configuration.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Said in the log; the process starts.
    Warning,
    /// The process does not start.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// A file's path, `environment` or `flags`.
    pub source: String,
    /// Path of the field (`kindQueues.sbomsyfts.workerCount`), name of the variable
    /// or flag; empty: the whole file.
    pub field: String,
    /// What is wrong; never a secret's value.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}: {}", self.text, self.remedy)
    }
}

/// Gathers findings while everything is read.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// All findings so far.
    pub fn all(&self) -> &[Problem] {
        &self.0
    }

    /// The warnings, when there is no error.
    ///
    /// # Errors
    ///
    /// All errors at once.
    pub fn into_result(self) -> Result<Vec<Problem>, ConfigErrors> {
        let (errors, warnings): (Vec<_>, Vec<_>) = self
            .0
            .into_iter()
            .partition(|problem| problem.severity == Severity::Error);
        if errors.is_empty() {
            Ok(warnings)
        } else {
            Err(ConfigErrors { errors, warnings })
        }
    }
}

/// Why a configuration cannot be used: every reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// At least one.
    pub errors: Vec<Problem>,
    /// What was also noticed.
    pub warnings: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.as_slice() {
            [one] => write!(f, "the configuration has an error: {one}"),
            many => {
                write!(f, "the configuration has {} errors:", many.len())?;
                many.iter().try_for_each(|one| write!(f, "\n  {one}"))
            }
        }
    }
}

impl std::error::Error for ConfigErrors {}
