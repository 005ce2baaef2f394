//! Reports of jobs, for the backend.

use serde_json::{Value, json};

/// How a job fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// It begins.
    Started,
    /// A single action is done.
    Done,
    /// A scope is expanded.
    Success,
    /// Something was left out.
    Warning,
    /// It did not work.
    Failure,
}

impl JobStatus {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// The account.
    pub account: String,
    /// `Websocket`, or `WebSocket` for commands from the socket.
    pub reporter: &'static str,
    /// What the command is about; never its arguments.
    pub target: String,
    /// How it fares.
    pub status: JobStatus,
    /// The command's name.
    pub action: String,
    /// What went wrong.
    pub errors: Vec<String>,
    /// Rises with each report of a job.
    pub number: i64,
    /// The job.
    pub job: String,
    /// The job that led to it.
    pub parent: String,
    /// What is done just now.
    pub details: String,
    /// When, RFC 3339.
    pub timestamp: String,
}

impl JobReport {
    /// The body to post.
    pub fn to_value(&self) -> Value {
        let errors: Vec<String> = self
            .errors
            .iter()
            .map(|error| format!("Action: {}, Error: {error}", self.action))
            .collect();
        json!({
            "customerGUID": self.account,
            "reporter": self.reporter,
            "target": self.target,
            "status": self.status.as_str(),
            "action": self.action,
            "errors": errors,
            "actionID": self.number.to_string(),
            "numSeq": self.number,
            "jobID": self.job,
            "parentAction": self.parent,
            "details": self.details,
            "timestamp": self.timestamp,
        })
    }
}
