//! How far continuous scanning is.

use serde::{Deserialize, Serialize};

/// How far continuous scanning is, as `GET /v1/progress` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// In a word.
    pub phase: Phase,
    /// Why it has not begun; empty when it has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Objects that are known.
    pub objects: usize,
    /// Whether every kind has been read once.
    pub synced: bool,
    /// Resources whose results the first lap, or one that repeats it, has still to
    /// give away.
    pub to_write: usize,
    /// Results that wait to be stored.
    pub pending_results: usize,
    /// Whether all that is known is stored.
    pub settled: bool,
    /// Events so far.
    pub events: u64,
    /// Resources whose results were given away so far.
    pub results: u64,
    /// What cannot be read, with reasons.
    pub gaps: Vec<String>,
}

/// Where continuous scanning stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The cluster has not answered yet.
    #[default]
    Connecting,
    /// Everything is read for the first time.
    Reading,
    /// Results of everything are given away.
    Lap,
    /// Changes are followed.
    Following,
}

impl Progress {
    /// In one line, for logs.
    pub fn line(&self) -> String {
        let Self {
            objects,
            to_write,
            pending_results,
            ..
        } = self;
        match self.phase {
            Phase::Connecting => format!("connecting: {}", self.message),
            Phase::Reading => format!("reading: {objects} objects so far"),
            Phase::Lap => format!(
                "judged {objects} objects; {to_write} resources to give away, {pending_results} results to store"
            ),
            Phase::Following => {
                format!("following {objects} objects; {pending_results} results to store")
            }
        }
    }
}
