//! What became of each exception.

use super::{Exceptions, Reach};

/// How an exception fared in a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It accepted something.
    Used,
    /// It can, but there was nothing to accept.
    Unused,
    /// Its time is over.
    Expired,
    /// Nothing can ever match it.
    NeverMatches,
}

impl Fate {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Expired => "expired",
            Self::NeverMatches => "neverMatches",
        }
    }
}

/// What to tell about an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Its name.
    pub name: String,
    /// Where it stands: a file, or the object whose annotations have it.
    pub source: String,
    /// Why it was made; may be empty.
    pub reason: String,
    /// When it ends; empty when it does not.
    pub expiry: String,
    /// How it fared.
    pub fate: Fate,
    /// Findings (an object that fails a control) that it accepts, alone or with others.
    pub findings: u32,
    /// Why it, or a part of it, accepts nothing.
    pub notes: Vec<String>,
}

impl Audit {
    /// Whether somebody should look at it.
    pub fn wants_attention(&self) -> bool {
        self.fate != Fate::Used || !self.notes.is_empty()
    }
}

impl Exceptions {
    /// What became of each policy: the numbers of findings that it accepts, and whether
    /// an object was there that it is for.
    pub(crate) fn audit(&self, reach: &Reach, findings: &[u32], seen: &[bool]) -> Vec<Audit> {
        let numbers = 0..self.policies.len();
        let one = |number: usize| {
            let policy = &self.policies[number];
            let mut notes = [&*self.notes[number], &*reach.notes[number]].concat();
            let fate = match &self.ended[number] {
                Some(ended) => {
                    notes = vec![ended.clone()];
                    Fate::Expired
                }
                None if findings[number] > 0 => Fate::Used,
                None if self.never_matches(number) || reach.is_broken(number, policy) => {
                    Fate::NeverMatches
                }
                None => Fate::Unused,
            };
            if fate == Fate::Unused && notes.is_empty() {
                notes.push(unused(seen[number]).to_owned());
            }
            Audit {
                name: policy.name.clone(),
                source: policy.source.clone(),
                reason: policy.reason.clone(),
                expiry: policy.expiry.to_string(),
                fate,
                findings: findings[number],
                notes,
            }
        };
        numbers.map(one).collect()
    }
}

fn unused(seen: bool) -> &'static str {
    if seen {
        "what it is for passes without it"
    } else {
        "no object of this scan is meant"
    }
}
