//! What of the input is missing, and what that means for rules and controls.
//!
//! A rule that looks at one object alone is right about every object that it
//! has seen; only its silence about the others means nothing. A rule that joins
//! objects may be wrong about all of them (a workload "without" a policy that
//! nobody was allowed to read), so it does not run at all.

use crate::plan::{Plan, RuleNumber};
use crate::rule::{KindMatch, Rule};

/// How the objects of a kind are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The cluster does not have the kind, so there are no objects of it.
    Absent,
    /// There may be objects that were not read.
    Unread,
}

/// Objects of one kind that a scan should have had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// API group; `""` is the core group, `*` any.
    pub group: Box<str>,
    /// Kind.
    pub kind: Box<str>,
    /// How they are missing.
    pub lack: Lack,
    /// Why, as half a sentence: `pods: forbidden: …`.
    pub reason: Box<str>,
}

impl Gap {
    fn is_of(&self, kind: &KindMatch) -> bool {
        kind.matches(&self.group, &self.kind)
            || kind.group == &*self.group && kind.kind.eq_ignore_ascii_case(&self.kind)
    }
}

/// For each rule of a plan, what gaps do to it.
pub(crate) struct Effects {
    /// Why it did not run.
    pub(crate) stopped: Vec<Option<String>>,
    /// Why there may be more than it saw, so that its silence means nothing.
    pub(crate) partial: Vec<Option<String>>,
}

impl Effects {
    pub(crate) fn new(plan: &Plan, gaps: &[Gap]) -> Self {
        let mut effects = Self {
            stopped: vec![None; plan.rules.len()],
            partial: vec![None; plan.rules.len()],
        };
        if gaps.is_empty() {
            return effects;
        }
        for (number, rule) in plan.rules.iter().enumerate() {
            if let Some(reason) = unread(rule, gaps) {
                if rule.check.joins() {
                    effects.stopped[number] = Some(reason.clone());
                }
                effects.partial[number] = Some(reason);
            } else {
                effects.stopped[number] = absent(rule, gaps);
            }
        }
        effects
    }
}

/// What is said of a rule that panicked.
const BROKEN: &str = "judging by this rule failed inside the program, which is a bug";

impl Effects {
    /// Books rules that failed inside the program: what they said is not known.
    pub(crate) fn stop_broken<'r>(&mut self, rules: impl IntoIterator<Item = &'r RuleNumber>) {
        for rule in rules {
            self.stopped[usize::from(*rule)] = Some(BROKEN.to_owned());
            self.partial[usize::from(*rule)] = Some(BROKEN.to_owned());
        }
    }
}

/// Why some objects that the rule reads were not read.
fn unread(rule: &Rule, gaps: &[Gap]) -> Option<String> {
    let gaps = gaps.iter().filter(|gap| gap.lack == Lack::Unread);
    let of_rule = gaps.filter(|gap| rule.kinds.iter().any(|kind| gap.is_of(kind)));
    joined(of_rule.map(|gap| &*gap.reason))
}

/// Why there is nothing that the rule reads.
fn absent(rule: &Rule, gaps: &[Gap]) -> Option<String> {
    let of = |kind: &KindMatch| {
        gaps.iter()
            .find(|gap| gap.lack == Lack::Absent && gap.is_of(kind))
    };
    if rule.kinds.is_empty() {
        return None;
    }
    let gaps: Vec<_> = rule.kinds.iter().map(of).collect::<Option<_>>()?;
    joined(gaps.iter().map(|gap| &*gap.reason))
}

/// Reasons beyond these are only counted.
const REASONS: usize = 3;

fn joined<'g>(reasons: impl Iterator<Item = &'g str>) -> Option<String> {
    let mut all: Vec<&str> = Vec::new();
    for reason in reasons {
        if !all.contains(&reason) {
            all.push(reason);
        }
    }
    let more = all.len().saturating_sub(REASONS);
    all.truncate(REASONS);
    let text = all.join("; ");
    match (text.is_empty(), more) {
        (true, _) => None,
        (_, 0) => Some(text),
        (_, more) => Some(format!("{text}; and {more} more")),
    }
}
