//! What a recorded selector says about labels, and what follows for another
//! selector. Recorded are some labels only, so there are three answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::selector::{LabelSelector, LabelSelectorRequirement};

/// The answer to a question about a recorded thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer<R> {
    Yes,
    No,
    /// It depends on this.
    Unknown(R),
}

impl<R> Answer<R> {
    /// Yes if both are; the reason is the first's.
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => other(),
            Self::No => Self::No,
            Self::Unknown(reason) => match other() {
                Self::No => Self::No,
                _ => Self::Unknown(reason),
            },
        }
    }

    /// Yes if one is; the reason is the first's.
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Unknown(reason) => match other() {
                Self::Yes => Self::Yes,
                _ => Self::Unknown(reason),
            },
        }
    }

    pub(crate) fn map<S>(self, map: impl FnOnce(R) -> S) -> Answer<S> {
        match self {
            Self::Yes => Answer::Yes,
            Self::No => Answer::No,
            Self::Unknown(reason) => Answer::Unknown(map(reason)),
        }
    }
}

/// Which labels things have that a recorded selector selects.
#[derive(Debug, Default)]
pub(crate) struct Facts<'a> {
    labels: BTreeMap<&'a str, Possible<'a>>,
}

/// What the label of a key may be.
#[derive(Clone, Debug)]
struct Possible<'a> {
    /// One of these; `None` for any.
    values: Option<BTreeSet<&'a str>>,
    /// None of these.
    excluded: BTreeSet<&'a str>,
    present: bool,
    absent: bool,
}

/// What is known of a label that nothing was recorded of.
static ANYTHING: Possible<'static> = Possible {
    values: None,
    excluded: BTreeSet::new(),
    present: true,
    absent: true,
};

impl<'a> Facts<'a> {
    /// What follows from a recorded selector. Unknown operators say nothing.
    pub(crate) fn of(selector: &'a LabelSelector) -> Self {
        let mut facts = Self::default();
        for (key, value) in &selector.match_labels {
            facts.label(key).restrict(std::iter::once(value.as_str()));
        }
        for LabelSelectorRequirement {
            key,
            operator,
            values,
        } in &selector.match_expressions
        {
            let label = facts.label(key);
            let values = values.iter().map(String::as_str);
            match operator.as_str() {
                "In" => label.restrict(values),
                "NotIn" => label.excluded.extend(values),
                "Exists" => label.absent = false,
                "DoesNotExist" => label.present = false,
                _ => {}
            }
        }
        facts
    }

    /// That the label of `key` is `value`.
    pub(crate) fn with(mut self, key: &'a str, value: &'a str) -> Self {
        self.label(key).restrict(std::iter::once(value));
        self
    }

    fn label(&mut self, key: &'a str) -> &mut Possible<'a> {
        self.labels.entry(key).or_insert_with(|| ANYTHING.clone())
    }

    /// Whether a thing with these labels is selected; if that is unknown, the
    /// first key that it depends on.
    pub(crate) fn selected_by<'s>(&self, selector: &'s LabelSelector) -> Answer<&'s str> {
        let mut answer = Answer::Yes;
        for (key, value) in &selector.match_labels {
            let holds = || self.is_in(key, std::slice::from_ref(value));
            answer = answer.and(|| holds().map(|()| key.as_str()));
        }
        for requirement in &selector.match_expressions {
            answer = answer.and(|| self.holds(requirement).map(|()| requirement.key.as_str()));
        }
        answer
    }

    /// Whether the label of `key` is `value`.
    pub(crate) fn is(&self, key: &str, value: &str) -> Answer<()> {
        self.is_in(key, &[value])
    }

    fn holds(&self, requirement: &LabelSelectorRequirement) -> Answer<()> {
        let LabelSelectorRequirement {
            key,
            operator,
            values,
        } = requirement;
        match operator.as_str() {
            "In" => self.is_in(key, values),
            "NotIn" => opposite(self.is_in(key, values)),
            "Exists" => self.exists(key),
            "DoesNotExist" => opposite(self.exists(key)),
            // Kubernetes refuses such a policy.
            _ => Answer::Unknown(()),
        }
    }

    fn exists(&self, key: &str) -> Answer<()> {
        let label = self.labels.get(key).unwrap_or(&ANYTHING);
        answer(label.may_be_present(), label.absent)
    }

    fn is_in<S: AsRef<str>>(&self, key: &str, values: &[S]) -> Answer<()> {
        let label = self.labels.get(key).unwrap_or(&ANYTHING);
        let listed = |value: &str| values.iter().any(|it| it.as_ref() == value);
        let inside = values.iter().any(|value| label.may_be(value.as_ref()));
        let outside = label.present
            && match &label.values {
                None => true,
                Some(known) => known.iter().any(|it| label.may_be(it) && !listed(it)),
            };
        answer(inside, outside || label.absent)
    }
}

impl<'a> Possible<'a> {
    /// It is there, with one of these values.
    fn restrict(&mut self, values: impl Iterator<Item = &'a str>) {
        let values: BTreeSet<_> = values.collect();
        self.values = Some(match self.values.take() {
            Some(known) => known.intersection(&values).copied().collect(),
            None => values,
        });
        self.absent = false;
    }

    fn may_be(&self, value: &str) -> bool {
        let known = self.values.as_ref().is_none_or(|it| it.contains(value));
        self.present && known && !self.excluded.contains(value)
    }

    fn may_be_present(&self) -> bool {
        let mut values = self.values.iter().flatten();
        self.present && (self.values.is_none() || values.any(|it| self.may_be(it)))
    }
}

/// From whether it may hold and whether it may not.
fn answer(may: bool, may_not: bool) -> Answer<()> {
    match (may, may_not) {
        (true, false) => Answer::Yes,
        (false, true) => Answer::No,
        // With neither, the recorded conditions contradict each other.
        _ => Answer::Unknown(()),
    }
}

fn opposite(answer: Answer<()>) -> Answer<()> {
    match answer {
        Answer::Yes => Answer::No,
        Answer::No => Answer::Yes,
        unknown @ Answer::Unknown(()) => unknown,
    }
}
