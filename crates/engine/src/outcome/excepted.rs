//! What exceptions do to statuses, and what became of them.

use super::Outcome;
use crate::exceptions::{Acceptance, Audit, Exceptions, Fate, Inline, Policy, Reach, excusing};
use crate::plan::{Plan, RuleNumber};
use crate::record::{Fault, Origin, Record};
use crate::status::{Status, StatusInfo, SubStatus};

/// Why a rule passes that failed.
#[derive(Debug, Default)]
pub struct Excuse<'o> {
    /// Policies that accept what it found.
    pub policies: Vec<&'o Policy>,
    /// Annotations of the object that do.
    pub inline: Option<&'o Inline>,
}

impl Excuse<'_> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.inline.is_none()
    }

    /// What they are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let policies = self.policies.iter().map(|policy| &*policy.name);
        policies.chain(self.inline.map(|_| Inline::NAME))
    }
}

/// How a rule stands that failed, and whose findings are accepted.
pub(super) const EXCEPTED: StatusInfo<'static> = StatusInfo {
    status: Status::Passed,
    sub_status: SubStatus::WithExceptions,
    info: "",
};

/// Looks up what the exceptions of a plan say of a record that joins made.
pub(crate) fn acceptance_of_made(plan: &Plan, made: &Record, records: &[Record]) -> Acceptance {
    let none = Acceptance::default();
    let of = |number: u32| {
        let record = records.get(number as usize);
        record.map_or(&none, |record| &record.acceptance)
    };
    let related = match made.origin {
        Origin::Subject { binding, role, .. } => [of(binding), of(role)],
        Origin::Input | Origin::Made => [&none, &none],
    };
    plan.exceptions.accepting_subject(made, related)
}

impl Outcome {
    /// What accepts all that a rule of a control found in a resource, in the scan as a
    /// whole; nothing when something is left.
    pub fn excuse_of<'o>(
        &'o self,
        record: &'o Record,
        control: usize,
        rule: RuleNumber,
    ) -> Excuse<'o> {
        self.excuse_in(record, control, rule, None)
    }

    /// Whether a rule of a control found something in a resource, and all is accepted.
    pub fn is_excepted(&self, record: &Record, control: usize, rule: RuleNumber) -> bool {
        self.is_excepted_in(record, control, rule, None)
    }

    pub(super) fn is_excepted_in(
        &self,
        record: &Record,
        control: usize,
        rule: RuleNumber,
        framework: Option<usize>,
    ) -> bool {
        // Almost all resources have no exception.
        !record.acceptance.is_empty()
            && !self.excuse_in(record, control, rule, framework).is_empty()
    }

    fn excuse_in<'o>(
        &'o self,
        record: &'o Record,
        control: usize,
        rule: RuleNumber,
        framework: Option<usize>,
    ) -> Excuse<'o> {
        let faults = record.faults.iter().map(|fault| &**fault);
        let faults: Vec<&Fault> = faults.filter(|fault| fault.rule == rule).collect();
        if faults.is_empty() {
            return Excuse::default();
        }
        let Acceptance { policies, inline } = &record.acceptance;
        let id = self.plan.controls[control].id;
        let at = (control, rule);
        let policies = excusing(&self.reach, policies, &faults, at, framework);
        let given = self.plan.exceptions.policies();
        Excuse {
            policies: policies
                .iter()
                .map(|one| &given[one.policy as usize])
                .collect(),
            inline: inline.as_deref().filter(|inline| inline.accepts(id)),
        }
    }

    /// What became of every exception: policies in their order, then the annotations of
    /// objects.
    pub fn audit(&self) -> Vec<Audit> {
        let exceptions = &self.plan.exceptions;
        let mut tally = Tally::new(exceptions);
        let mut inline = Vec::new();
        for record in self.records.iter().filter(|record| !record.hidden) {
            tally.add(self, record);
            // Those of subjects are those of their bindings and roles.
            if let (Some(own), Origin::Input) = (&record.acceptance.inline, record.origin) {
                inline.push(self.audit_of_annotations(record, own));
            }
        }
        let mut all = exceptions.audit(&self.reach, &tally.findings, &tally.seen);
        all.extend(inline);
        all
    }

    fn audit_of_annotations(&self, record: &Record, own: &Inline) -> Audit {
        let mut notes = Vec::new();
        let mut findings = 0;
        let numbers = |id: &str| {
            let mut controls = self.plan.controls.iter();
            controls.position(|control| control.id.eq_ignore_ascii_case(id))
        };
        for id in &own.controls {
            let Some(control) = numbers(id) else {
                notes.push(format!("{id}: no control of this scan has this ID"));
                continue;
            };
            let rules = self.plan.rules_of[control].iter();
            let fails = rules.filter(|rule| self.is_excepted(record, control, **rule));
            match fails.count() {
                0 => notes.push(format!("{id}: nothing to except here")),
                _ => findings += 1,
            }
        }
        let fate = match (&own.ended, findings) {
            (Some(_), _) => Fate::Expired,
            (None, 0) => Fate::Unused,
            (None, _) => Fate::Used,
        };
        if let Some(ended) = &own.ended {
            notes = vec![ended.to_string()];
        }
        Audit {
            name: Inline::NAME.to_owned(),
            source: record.id.to_string(),
            reason: own.reason.to_string(),
            expiry: own.expiry.to_string(),
            fate,
            findings,
            notes,
        }
    }
}

/// How often policies accept something.
struct Tally {
    findings: Vec<u32>,
    /// Whether an object was there that the policy is for.
    seen: Vec<bool>,
}

impl Tally {
    fn new(exceptions: &Exceptions) -> Self {
        let count = exceptions.policies().len();
        Self {
            findings: vec![0; count],
            seen: vec![false; count],
        }
    }

    fn add(&mut self, outcome: &Outcome, record: &Record) {
        let accepted = &record.acceptance.policies;
        if accepted.is_empty() {
            return;
        }
        for one in accepted {
            self.seen[one.policy as usize] = true;
        }
        let mut rules: Vec<RuleNumber> = record.faults.iter().map(|fault| fault.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let mut found: Vec<(usize, u32)> = Vec::new();
        for rule in rules {
            for control in &outcome.plan.controls_of[usize::from(rule)] {
                let used = used_by(outcome, record, *control, rule);
                found.extend(used.into_iter().map(|policy| (*control, policy)));
            }
        }
        found.sort_unstable();
        found.dedup();
        for (_, policy) in found {
            self.findings[policy as usize] += 1;
        }
    }
}

/// Policies that accept a rule's findings in the scan, or in one of its frameworks.
fn used_by(outcome: &Outcome, record: &Record, control: usize, rule: RuleNumber) -> Vec<u32> {
    let faults = record.faults.iter().map(|fault| &**fault);
    let faults: Vec<&Fault> = faults.filter(|fault| fault.rule == rule).collect();
    let reach: &Reach = &outcome.reach;
    let accepted = &record.acceptance.policies;
    let mut frameworks: Vec<Option<usize>> = vec![None];
    if reach.splits(accepted) {
        frameworks.extend(reach.frameworks_of(control).iter().copied().map(Some));
    }
    let used = frameworks
        .into_iter()
        .flat_map(|framework| excusing(reach, accepted, &faults, (control, rule), framework));
    used.map(|one| one.policy).collect()
}
