//! How judging ends. (config-scanning reference §5.)

/// The status of a rule, control, framework or resource; worst first in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing is wrong, or nothing is there that could be.
    Passed,
    /// Not judged, for a reason.
    Skipped,
    /// Something is wrong.
    Failed,
}

impl Status {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// Why a status is what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SubStatus {
    /// Nothing special.
    #[default]
    None,
    /// Passed, because there is nothing to judge.
    Irrelevant,
    /// Skipped, because its inputs are empty.
    Configuration,
    /// Skipped, because a person has to look at what failed.
    RequiresReview,
    /// Skipped, because a person has to judge it.
    ManualReview,
    /// Skipped, because data or an integration is missing.
    Integration,
    /// Passed, because users accept what failed.
    WithExceptions,
}

impl SubStatus {
    /// The name on the wire; empty for none.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Irrelevant => "irrelevant",
            Self::Configuration => "configuration",
            Self::RequiresReview => "requires review",
            Self::ManualReview => "manual review",
            Self::Integration => "integration",
            Self::WithExceptions => "w/exceptions",
        }
    }
}

/// A status with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusInfo<'a> {
    /// The status.
    pub status: Status,
    /// What kind of reason it has.
    pub sub_status: SubStatus,
    /// The reason in words; empty when there is none.
    pub info: &'a str,
}

impl StatusInfo<'_> {
    /// A status without reason.
    pub fn plain(status: Status) -> Self {
        Self {
            status,
            sub_status: SubStatus::None,
            info: "",
        }
    }
}

/// How many resources ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
    /// Those of the passed that would have failed without exceptions.
    pub excepted: u32,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
    }

    /// All of them.
    pub fn all(self) -> u32 {
        self.passed + self.failed + self.skipped
    }

    /// Failed if any failed, else skipped if any was skipped, else passed.
    pub fn worst(self) -> Status {
        if self.failed > 0 {
            Status::Failed
        } else if self.skipped > 0 {
            Status::Skipped
        } else {
            Status::Passed
        }
    }
}
