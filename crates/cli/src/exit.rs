//! Exit codes, and errors that carry one. `docs/exit-codes.md` documents them.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and no threshold is broken.
    Success,
    /// Done, and a threshold is broken, or a rule case failed.
    Threshold,
    /// The command line makes no sense. (Also what clap uses.)
    Usage,
    /// Some of the input could not be read; the rest was judged.
    Input,
    /// The program or its surroundings failed: a full disk, a bug.
    Internal,
    /// The report was written, but did not reach the backend.
    Submission,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Threshold => 1,
            Exit::Usage => 2,
            Exit::Input => 3,
            Exit::Internal => 4,
            Exit::Submission => 5,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::new(Exit::Input, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Internal, error)
    }
}
