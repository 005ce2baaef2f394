//! What is said of an object's result.

use serde::{Deserialize, Serialize};

use crate::facts::Controls;
use crate::object::{ObjectRef, Owner};

/// How it is with the result of an object, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The object.
    pub object: ObjectRef,
    /// In a word.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Why, as sentences; the first is the main one.
    pub reasons: Vec<String>,
    /// What to do; empty when nothing is to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Namespace and name of the stored result: `shop/deployment-cart`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Since when the stored result says what it says, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Version of the program that judged what is stored, or else what is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// Version of its library of controls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library_version: Option<String>,
    /// Digest of the object that the stored result is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_digest: Option<String>,
    /// Digest of the object as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present_digest: Option<String>,
    /// What controls say now, or else what the stored result says that they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Controls>,
    /// What could not be found out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// A control that could not say whether an object passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedControl {
    /// `C-0016`.
    #[serde(rename = "controlID")]
    pub id: String,
    /// Why; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How it is with a result, in a word. JSON: the field `verdict`, and beside it what
/// some of them say more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Verdict {
    /// The stored result is of the object as it is now.
    Current,
    /// The stored result is of something that has changed since.
    Stale,
    /// The stored result is of the object as it is now, but something was missing.
    Partial,
    /// There will be a result; it is too early.
    NotYet,
    /// There is no such kind.
    NoSuchKind,
    /// Objects of its namespace are not read.
    NamespaceExcluded,
    /// It is judged through its owner.
    OwnedByParent {
        /// Who that is.
        owner: Owner,
    },
    /// Objects of its kind may not be read.
    Forbidden,
    /// Objects of its kind cannot be read, or are not to be.
    Unreadable,
    /// The result waits to be stored.
    Waiting,
    /// The storage does not take the result.
    Refused {
        /// In its words.
        error: String,
    },
    /// The object is gone, its result not yet.
    Gone,
    /// There is no such object.
    NoSuchObject,
    /// No control that judges here reads objects of its kind.
    NotJudged,
    /// What is known does not suffice.
    Unknown,
}

impl Verdict {
    /// As half a sentence about a result.
    pub(crate) fn headline(&self) -> &'static str {
        match self {
            Self::Current => "Current: the stored result is of the object as it is now",
            Self::Stale => "Stale: the stored result is of something that has changed since",
            Self::Partial => "Partial: something was missing when it was judged",
            Self::NotYet => "Not yet: it is too early for a result",
            Self::NoSuchKind => "No such kind: there can be no result",
            Self::NamespaceExcluded => "Namespace excluded: it is not judged",
            Self::OwnedByParent { .. } => "Owned: it is judged through its owner",
            Self::Forbidden => "Forbidden: it may not be read",
            Self::Unreadable => "Unreadable: it is not read",
            Self::Waiting => "Waiting: its result is still to be stored",
            Self::Refused { .. } => "Refused: the storage does not take its result",
            Self::Gone => "Gone: the object is not there any more, its result still is",
            Self::NoSuchObject => "No such object: there can be no result",
            Self::NotJudged => "Not judged: no control reads it",
            Self::Unknown => "Unknown: what can be seen from here does not tell",
        }
    }
}
