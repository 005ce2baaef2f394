//! What a check found.

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and something should be looked at.
    Warn,
    /// It does not work.
    Fail,
    /// It was not looked at; what was found says why.
    Skipped,
}

impl State {
    /// `ok`, `warn`, `fail`, `skipped`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which check.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found, in words.
    pub found: String,
    /// What to do; empty when nothing is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// What a check has to say; its name comes from where it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) state: State,
    pub(crate) found: String,
    pub(crate) remedy: String,
}

impl Said {
    pub(crate) fn ok(found: impl Into<String>) -> Self {
        Self::new(State::Ok, found, "")
    }

    pub(crate) fn warn(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Warn, found, remedy)
    }

    pub(crate) fn fail(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Fail, found, remedy)
    }

    /// Why it was not looked at.
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self::new(State::Skipped, why, "")
    }

    fn new(state: State, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state,
            found: found.into(),
            remedy: remedy.into(),
        }
    }
}
