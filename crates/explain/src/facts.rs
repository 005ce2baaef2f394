//! What is known of an object and its result.

use serde::{Deserialize, Serialize};

use crate::object::Owner;

/// Everything that an explanation follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether everything has been read once: before that no result is made.
    pub synced: bool,
    /// Resources whose results this lap has still to give away.
    pub to_write: usize,
    /// How it is with the object's kind.
    pub kind: KindState,
    /// Whether objects of its namespace are read.
    pub namespace_followed: bool,
    /// Whether the object is there.
    pub presence: Presence,
    /// What judging it came to; `None` when no control says anything of it.
    pub judged: Option<Judged>,
    /// What the storage has.
    pub stored: Stored,
    /// What became of writing the result.
    pub delivery: Delivery,
    /// What whoever gathered these could not find out, as half sentences.
    pub unknown: Vec<String>,
}

impl Facts {
    /// What there is to say when nobody could look for the object, for that reason.
    pub fn unknown(synced: bool, why: impl Into<String>) -> Self {
        Self {
            synced,
            to_write: 0,
            kind: KindState::Read,
            namespace_followed: true,
            presence: Presence::Unknown(why.into()),
            judged: None,
            stored: Stored::Nothing,
            delivery: Delivery::Unknown,
            unknown: Vec::new(),
        }
    }
}

/// How it is with a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindState {
    /// It is read.
    Read,
    /// No control that judges here reads it.
    NotJudged,
    /// There is no such kind; with the reason.
    Absent(String),
    /// A rules file leaves it out; with the reason.
    LeftOut(String),
    /// It may not be read; with the server's words.
    Forbidden(String),
    /// It cannot be read, or not wholly; with the reason.
    Unread(String),
}

/// Whether an object is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is, and is judged through its owner.
    Owned(Owner),
    /// It is not.
    Missing,
    /// Nobody could look; with the reason.
    Unknown(String),
}

/// What judging an object as it is now came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Digest of the object, as results say it: `sha256-128:…`.
    pub input_digest: String,
    /// Digest of the result, to compare with what is stored; `None` when the object
    /// was only looked at.
    pub result_digest: Option<String>,
    /// Version of the program.
    pub engine_version: String,
    /// Version of the library of controls.
    pub library_version: String,
    /// What controls lacked, as half sentences; empty when they had all they read.
    pub gaps: Vec<String>,
    /// What controls say; `None` when the object was only looked at.
    pub controls: Option<Controls>,
}

/// What controls say of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Controls {
    /// Failed ones, the most severe first.
    pub failed: Vec<FailedControl>,
    /// How many passed.
    pub passed: usize,
    /// Those that could not say.
    pub skipped: Vec<crate::SkippedControl>,
}

/// A control that an object fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedControl {
    /// `C-0016`.
    #[serde(rename = "controlID")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// `High`.
    pub severity: String,
}

/// What the storage has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No result of the object.
    Nothing,
    /// This one.
    Result(Box<StoredResult>),
    /// It could not be asked; with the reason.
    Unknown(String),
}

/// What a stored result says of itself. Empty texts: it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredResult {
    /// Where it is.
    pub namespace: String,
    /// What it is called.
    pub name: String,
    /// Since when it says this, RFC 3339.
    pub since: String,
    /// Of the object that was judged.
    pub input_digest: String,
    /// Of the result.
    pub result_digest: String,
    /// Version of the program that judged.
    pub engine_version: String,
    /// Version of its library of controls.
    pub library_version: String,
    /// What was missing; empty when nothing was.
    pub gaps: String,
    /// What controls said, where that was read.
    pub controls: Option<Controls>,
}

/// What became of writing a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was stored so, as far as the writer knows.
    Done,
    /// Nothing of the object waits, and something else or nothing is stored.
    Idle,
    /// It waits, with how many others.
    Waiting {
        /// All that wait.
        pending: usize,
    },
    /// The storage does not answer; what waits is written when it does.
    Away {
        /// For so many seconds.
        seconds: u64,
        /// What was seen.
        why: String,
    },
    /// The storage does not take it; with its words.
    Refused(String),
    /// The writer has not read yet what is stored.
    NotReady,
    /// Nobody knows.
    Unknown,
}
