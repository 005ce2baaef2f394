//! What a scan comes to: a status for every resource, control and framework,
//! counters and scores. (config-scanning reference §5.)

mod excepted;
mod sums;

use std::collections::HashSet;

use crate::exceptions::Reach;
use crate::gap::{Effects, Gap};
use crate::library::{ActionRequired, Severity};
use crate::plan::{Plan, RuleNumber};
use crate::record::Record;
use crate::rule::Check;
use crate::status::{Counts, Status, StatusInfo, SubStatus};
use excepted::EXCEPTED;
use sums::{ControlSum, Sums};

pub use excepted::Excuse;
pub(crate) use excepted::acceptance_of_made;

/// What a control came to.
#[derive(Clone, Debug)]
pub struct ControlResult {
    /// Its status.
    pub status: Status,
    /// What kind of reason that has.
    pub sub_status: SubStatus,
    /// The reason in words.
    pub info: String,
    /// Its resources by status.
    pub counts: Counts,
    /// Share of passed resources, 0 to 100.
    pub compliance: f32,
    /// Weighted share of failed resources, 0 to 100.
    pub risk: f32,
}

/// What a framework, or all of them together, came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The worst status of its resources.
    pub status: Status,
    /// Its resources, each with its worst status.
    pub counts: Counts,
    /// Mean compliance of its controls, 0 to 100.
    pub compliance: f32,
    /// Weighted share of failures, 0 to 100.
    pub risk: f32,
}

impl Summary {
    const EMPTY: Self = Self {
        status: Status::Passed,
        counts: Counts {
            passed: 0,
            skipped: 0,
            failed: 0,
            excepted: 0,
        },
        compliance: 0.0,
        risk: 0.0,
    };
}

/// Numbers by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts([u32; 5]);

impl SeverityCounts {
    /// The number for one severity.
    pub fn of(&self, severity: Severity) -> u32 {
        self.0[severity as usize]
    }

    fn add(&mut self, severity: Severity) {
        self.0[severity as usize] += 1;
    }
}

/// What one control says of one resource.
#[derive(Clone, Debug)]
pub struct Verdict<'o> {
    /// Number of the control in the plan.
    pub control: usize,
    /// Status with its reason.
    pub status: StatusInfo<'o>,
}

/// How many controls had all that they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Those that had.
    pub judged: usize,
    /// All of the plan.
    pub all: usize,
}

impl Coverage {
    /// 0 to 100; of nothing, 100.
    pub fn percent(self) -> f32 {
        match self.all {
            0 => 100.0,
            all => 100.0 * self.judged as f32 / all as f32,
        }
    }
}

/// Everything a scan came to.
pub struct Outcome {
    /// What was judged.
    pub plan: Plan,
    /// The resources, in input order; subjects and made-up ones at the end.
    pub records: Vec<Record>,
    /// By the control's number in the plan.
    pub controls: Vec<ControlResult>,
    /// By the framework's place in the plan.
    pub frameworks: Vec<Summary>,
    /// All together.
    pub total: Summary,
    /// Failed (resource, control) pairs.
    pub failed_resources: SeverityCounts,
    /// Failed controls.
    pub failed_controls: SeverityCounts,
    /// What of the input was missing.
    pub gaps: Vec<Gap>,
    /// For each rule, why it could not judge what it did not fail.
    rule_skips: Vec<Option<String>>,
    /// For each rule, why there may be more to judge than it saw.
    rule_gaps: Vec<Option<String>>,
    /// For each control, a status that overrides its resources' own.
    overrides: Vec<Option<(SubStatus, String)>>,
    /// What exceptions accept.
    reach: Reach,
    /// By framework and control, where exceptions make a difference.
    in_frameworks: Vec<Vec<ControlResult>>,
}

impl Outcome {
    pub(crate) fn new(
        plan: Plan,
        mut records: Vec<Record>,
        gaps: Vec<Gap>,
        effects: Effects,
    ) -> Self {
        for record in &mut records {
            record.hidden |= !is_judged(&plan, record);
        }
        let overrides = (0..plan.controls.len())
            .map(|number| override_of(&plan, number))
            .collect();
        let reach = Reach::new(&plan.exceptions, &plan);
        let mut outcome = Self {
            reach,
            in_frameworks: Vec::new(),
            controls: Vec::new(),
            frameworks: Vec::new(),
            total: Summary::EMPTY,
            failed_resources: SeverityCounts::default(),
            failed_controls: SeverityCounts::default(),
            plan,
            records,
            gaps: Vec::new(),
            rule_skips: Vec::new(),
            rule_gaps: Vec::new(),
            overrides,
        };
        outcome.learn(gaps, effects);
        outcome.add_up();
        outcome
    }

    /// Takes in what of the input is missing; whether rules now say something else
    /// of what they did not fail.
    pub(crate) fn learn(&mut self, gaps: Vec<Gap>, effects: Effects) -> bool {
        let missing = rule_skips(&self.plan, &self.records);
        let stopped = effects.stopped.into_iter().zip(missing);
        let rule_skips = stopped.map(|(gap, missing)| missing.or(gap)).collect();
        let changed = rule_skips != self.rule_skips || effects.partial != self.rule_gaps;
        self.rule_skips = rule_skips;
        self.rule_gaps = effects.partial;
        self.gaps = gaps;
        changed
    }

    /// How many controls had all that they read: none of their rules lacked
    /// objects, node data or cloud data.
    pub fn coverage(&self) -> Coverage {
        let all = self.plan.controls.len();
        Coverage {
            judged: (0..all).filter(|number| self.is_covered(*number)).count(),
            all,
        }
    }

    /// Whether a control had all that it reads.
    pub fn is_covered(&self, control: usize) -> bool {
        !self.plan.rules_of[control].iter().any(|rule| {
            let rule = usize::from(*rule);
            self.rule_skips[rule].is_some() || self.rule_gaps[rule].is_some()
        })
    }

    /// Whether objects that the control reads were not all there.
    pub fn has_gap(&self, control: usize) -> bool {
        self.gap_of(control).is_some()
    }

    /// Why there may be more to judge than the control saw.
    pub fn gap_of(&self, control: usize) -> Option<&str> {
        let mut rules = self.plan.rules_of[control].iter();
        rules.find_map(|rule| self.rule_gaps[usize::from(*rule)].as_deref())
    }

    /// What the controls of the plan say of a resource, by control.
    pub fn verdicts(&self, record: &Record) -> Vec<Verdict<'_>> {
        self.verdicts_in(record, None)
    }

    /// The same in one framework, whose exceptions may be its own.
    fn verdicts_in(&self, record: &Record, framework: Option<usize>) -> Vec<Verdict<'_>> {
        let mut statuses: Vec<(usize, StatusInfo<'_>)> = Vec::new();
        for (rule, status) in self.rule_statuses(record) {
            for control in &self.plan.controls_of[usize::from(rule)] {
                let excepted = status.status == Status::Failed
                    && self.is_excepted_in(record, *control, rule, framework);
                statuses.push((*control, if excepted { EXCEPTED } else { status }));
            }
        }
        statuses.sort_by_key(|(control, status)| {
            let excepted = status.sub_status == SubStatus::WithExceptions;
            (*control, std::cmp::Reverse((status.status, excepted)))
        });
        statuses.dedup_by_key(|(control, _)| *control);
        let verdict = |(control, status)| Verdict {
            control,
            status: self.adjusted(control, status),
        };
        statuses.into_iter().map(verdict).collect()
    }

    /// What the rules of a control say of a resource, in the control's order.
    pub fn rules_of(&self, record: &Record, control: usize) -> Vec<(RuleNumber, StatusInfo<'_>)> {
        let statuses = self.rule_statuses(record);
        let wanted = &self.plan.rules_of[control];
        wanted
            .iter()
            .filter_map(|rule| statuses.iter().find(|(number, _)| number == rule).copied())
            .map(|(rule, status)| {
                let excepted =
                    status.status == Status::Failed && self.is_excepted(record, control, rule);
                (rule, if excepted { EXCEPTED } else { status })
            })
            .collect()
    }

    /// The rules that judged a resource, and those that failed it beyond that.
    fn rule_statuses(&self, record: &Record) -> Vec<(RuleNumber, StatusInfo<'_>)> {
        let mut failed: Vec<_> = record.faults.iter().map(|fault| fault.rule).collect();
        failed.sort_unstable();
        failed.dedup();
        let judged = |rule: &RuleNumber| {
            let status = match &self.rule_skips[usize::from(*rule)] {
                _ if failed.binary_search(rule).is_ok() => StatusInfo::plain(Status::Failed),
                Some(info) => StatusInfo {
                    status: Status::Skipped,
                    sub_status: SubStatus::Integration,
                    info,
                },
                None => StatusInfo::plain(Status::Passed),
            };
            (*rule, status)
        };
        let mut statuses: Vec<_> = record.rules.iter().map(judged).collect();
        let beyond = failed.iter().filter(|rule| !record.rules.contains(rule));
        statuses.extend(beyond.map(|rule| (*rule, StatusInfo::plain(Status::Failed))));
        statuses
    }

    fn adjusted<'o>(&'o self, control: usize, status: StatusInfo<'o>) -> StatusInfo<'o> {
        if let Some((sub_status, info)) = &self.overrides[control] {
            return StatusInfo {
                status: Status::Skipped,
                sub_status: *sub_status,
                info,
            };
        }
        let review =
            self.plan.controls[control].action_required == Some(ActionRequired::RequiresReview);
        if review && status.status == Status::Failed {
            let info = "a person has to review what was found";
            return StatusInfo {
                status: Status::Skipped,
                sub_status: SubStatus::RequiresReview,
                info,
            };
        }
        status
    }

    /// Adds up what the records say now.
    pub(crate) fn add_up(&mut self) {
        self.controls.clear();
        self.failed_controls = SeverityCounts::default();
        let mut sums = Sums::new(&self.plan, self.reach.differs);
        for record in &self.records {
            sums.add(record, self);
        }
        self.failed_resources = sums.failed_resources;
        for number in 0..self.plan.controls.len() {
            let result = self.control_result(number, &sums.controls[number]);
            if result.status == Status::Failed {
                self.failed_controls
                    .add(self.plan.controls[number].severity());
            }
            self.controls.push(result);
        }
        let results = |sums: &Vec<ControlSum>| {
            let numbered = sums.iter().enumerate();
            let results = numbered.map(|(number, sum)| self.control_result(number, sum));
            results.collect()
        };
        self.in_frameworks = sums.in_frameworks.iter().map(results).collect();
        let of_frameworks = self.plan.frameworks.iter().zip(&sums.frameworks);
        let frameworks = of_frameworks
            .enumerate()
            .map(|(place, ((_, numbers), counts))| {
                let own = sums.in_frameworks.get(place).unwrap_or(&sums.controls);
                self.summary(numbers, *counts, own, |number| {
                    self.control_in(place, number)
                })
            })
            .collect();
        self.frameworks = frameworks;
        let all: Vec<usize> = (0..self.plan.controls.len()).collect();
        let of = |number: usize| &self.controls[number];
        self.total = self.summary(&all, sums.total, &sums.controls, of);
    }

    /// What a control came to in a framework, by the framework's place in the plan:
    /// exceptions may hold in some frameworks only.
    pub fn control_in(&self, framework: usize, control: usize) -> &ControlResult {
        let own = self.in_frameworks.get(framework);
        own.map_or(&self.controls[control], |own| &own[control])
    }

    fn control_result(&self, number: usize, sum: &ControlSum) -> ControlResult {
        let counts = sum.counts;
        let (status, sub_status, info) = match (&self.overrides[number], counts.all()) {
            (Some((sub_status, info)), _) => (Status::Skipped, *sub_status, info.clone()),
            (None, 0) => self.status_without_resources(number),
            // What was seen is fine, but not all was seen.
            (None, _) if counts.worst() == Status::Passed && self.has_gap(number) => (
                Status::Skipped,
                SubStatus::Integration,
                self.gap_of(number).unwrap_or_default().to_owned(),
            ),
            (None, _) => (
                counts.worst(),
                self.sub_status_with_resources(number, counts),
                self.info(number, counts),
            ),
        };
        let compliance = match (status, counts.all()) {
            (Status::Passed, _) => 100.0,
            (_, 0) => 0.0,
            (_, all) => 100.0 * counts.passed as f32 / all as f32,
        };
        let (failed, all) = sum.weights;
        let risk = if all > 0.0 { 100.0 * failed / all } else { 0.0 };
        ControlResult {
            status,
            sub_status,
            info,
            counts,
            compliance,
            risk,
        }
    }

    fn sub_status_with_resources(&self, number: usize, counts: Counts) -> SubStatus {
        match counts.worst() {
            Status::Skipped
                if self.plan.controls[number].action_required
                    == Some(ActionRequired::RequiresReview) =>
            {
                SubStatus::RequiresReview
            }
            Status::Skipped => SubStatus::Integration,
            Status::Passed if counts.excepted > 0 => SubStatus::WithExceptions,
            _ => SubStatus::None,
        }
    }

    /// Why some of its resources were skipped.
    fn info(&self, number: usize, counts: Counts) -> String {
        let gap = self.gap_of(number).unwrap_or_default();
        if counts.skipped == 0 {
            return gap.to_owned();
        }
        let rules = self.plan.rules_of[number].iter();
        let mut reasons = rules.filter_map(|rule| self.rule_skips[usize::from(*rule)].clone());
        reasons.next().unwrap_or_else(|| gap.to_owned())
    }

    fn status_without_resources(&self, number: usize) -> (Status, SubStatus, String) {
        if let Some(gap) = self.gap_of(number) {
            return (Status::Skipped, SubStatus::Integration, gap.to_owned());
        }
        let rules = &self.plan.rules_of[number];
        let reasons: Vec<_> = rules
            .iter()
            .filter_map(|rule| self.rule_skips[usize::from(*rule)].as_ref())
            .collect();
        // With several rules, one that could run makes "nothing to judge" true.
        match reasons.first() {
            Some(reason) if reasons.len() == rules.len() => {
                (Status::Skipped, SubStatus::Integration, (*reason).clone())
            }
            _ => (Status::Passed, SubStatus::Irrelevant, String::new()),
        }
    }

    fn summary<'o>(
        &'o self,
        numbers: &[usize],
        counts: Counts,
        sums: &[ControlSum],
        result: impl Fn(usize) -> &'o ControlResult,
    ) -> Summary {
        let mut compliance = 0.0;
        let (mut failed, mut all) = (0.0, 0.0);
        for number in numbers {
            compliance += result(*number).compliance;
            let score = self.plan.controls[*number].base_score;
            failed += score * sums[*number].weights.0;
            all += score * sums[*number].weights.1;
        }
        let compliance = if numbers.is_empty() {
            100.0
        } else {
            compliance / numbers.len() as f32
        };
        let risk = if all > 0.0 { 100.0 * failed / all } else { 0.0 };
        Summary {
            status: counts.worst(),
            counts,
            compliance,
            risk,
        }
    }
}

/// Whether a rule of a control of the plan judged it.
pub(crate) fn is_judged(plan: &Plan, record: &Record) -> bool {
    let judged = |rule: &RuleNumber| !plan.controls_of[usize::from(*rule)].is_empty();
    record.rules.iter().any(judged) || record.faults.iter().any(|fault| judged(&fault.rule))
}

fn override_of(plan: &Plan, number: usize) -> Option<(SubStatus, String)> {
    let control = plan.controls[number];
    let manual = control.action_required == Some(ActionRequired::ManualReview);
    if manual
        || (!control.rules.is_empty()
            && control
                .rules
                .iter()
                .all(|rule| matches!(rule.check, Check::Manual)))
    {
        return Some((
            SubStatus::ManualReview,
            "a person has to judge this control".to_owned(),
        ));
    }
    if plan.lacks_configuration(number) {
        let inputs = control.inputs().join(", ");
        let info = format!("its configuration is empty: set {inputs} with --controls-config");
        return Some((SubStatus::Configuration, info));
    }
    None
}

/// For each rule, why it could not judge: it never can, or it reads node or
/// cloud data and the input has none of these kinds.
fn rule_skips(plan: &Plan, records: &[Record]) -> Vec<Option<String>> {
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for record in records {
        let group = record.group();
        if crate::is_external_group(group) {
            seen.insert((group.to_owned(), record.kind.to_ascii_lowercase()));
        }
    }
    let reason = |rule: &&'static crate::Rule| {
        if let Check::Unavailable(reason) = rule.check {
            return Some(reason.to_owned());
        }
        let external: Vec<_> = rule
            .kinds
            .iter()
            .filter(|kind| kind.is_external())
            .collect();
        let present = external
            .iter()
            .any(|kind| seen.contains(&(kind.group.to_owned(), kind.kind.to_ascii_lowercase())));
        if external.is_empty() || present {
            return None;
        }
        let mut names: Vec<_> = external.iter().map(|kind| kind.kind).collect();
        names.dedup();
        let of_kind = |wanted: &str| external.iter().any(|kind| kind.kind == wanted);
        let of_nodes = external
            .iter()
            .any(|kind| kind.group == "hostdata.kubescape.cloud");
        // Nobody can write results of image scans into a file.
        let remedy = "; --descriptions FILE gives it (a scanner: KS_DESCRIPTIONS_PATH)";
        let (source, remedy) = match () {
            () if of_nodes => ("a node agent", remedy),
            () if of_kind("ImageVulnerabilities") => ("image scans", ""),
            () if of_kind("APIServerInfo") => ("the API server", remedy),
            () => ("the cloud provider", remedy),
        };
        Some(format!(
            "needs {} from {source}, and the input has none{remedy}",
            names.join(" or ")
        ))
    };
    plan.rules.iter().map(reason).collect()
}
