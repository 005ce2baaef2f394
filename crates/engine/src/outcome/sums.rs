//! Adding up what resources come to.

use super::{Outcome, SeverityCounts, Verdict};
use crate::plan::Plan;
use crate::record::Record;
use crate::status::{Counts, Status, SubStatus};

/// What adding up keeps of a control.
#[derive(Clone, Copy, Default)]
pub(super) struct ControlSum {
    pub(super) counts: Counts,
    /// Weights of failed and of all resources.
    pub(super) weights: (f32, f32),
}

impl ControlSum {
    fn add(&mut self, record: &Record, verdict: &Verdict<'_>) {
        let status = verdict.status.status;
        self.counts.add(status);
        if verdict.status.sub_status == SubStatus::WithExceptions {
            self.counts.excepted += 1;
        }
        self.weights.1 += record.weight;
        if status == Status::Failed {
            self.weights.0 += record.weight;
        }
    }
}

/// What adding up keeps per control and framework.
pub(super) struct Sums {
    pub(super) controls: Vec<ControlSum>,
    /// The same by framework, where exceptions make a difference.
    pub(super) in_frameworks: Vec<Vec<ControlSum>>,
    pub(super) frameworks: Vec<Counts>,
    pub(super) total: Counts,
    pub(super) failed_resources: SeverityCounts,
}

/// The worst of some verdicts of a resource.
#[derive(Clone, Copy, Default)]
struct Worst {
    status: Option<Status>,
    excepted: bool,
}

impl Worst {
    fn add(&mut self, verdict: &Verdict<'_>) {
        self.status = self.status.max(Some(verdict.status.status));
        self.excepted |= verdict.status.sub_status == SubStatus::WithExceptions;
    }

    fn count(self, counts: &mut Counts) {
        let Some(status) = self.status else { return };
        counts.add(status);
        if status == Status::Passed && self.excepted {
            counts.excepted += 1;
        }
    }
}

impl Sums {
    pub(super) fn new(plan: &Plan, by_framework: bool) -> Self {
        let controls = vec![ControlSum::default(); plan.controls.len()];
        let frameworks = if by_framework {
            plan.frameworks.len()
        } else {
            0
        };
        Self {
            in_frameworks: vec![controls.clone(); frameworks],
            controls,
            frameworks: vec![Counts::default(); plan.frameworks.len()],
            total: Counts::default(),
            failed_resources: SeverityCounts::default(),
        }
    }

    pub(super) fn add(&mut self, record: &Record, outcome: &Outcome) {
        let verdicts = outcome.verdicts(record);
        let mut worst = Worst::default();
        let mut by_framework = vec![Worst::default(); self.frameworks.len()];
        let splits = outcome.reach.splits(&record.acceptance.policies);
        for verdict in &verdicts {
            let number = verdict.control;
            self.controls[number].add(record, verdict);
            worst.add(verdict);
            if verdict.status.status == Status::Failed {
                let severity = outcome.plan.controls[number].severity();
                self.failed_resources.add(severity);
            }
            if !splits {
                for place in outcome.reach.frameworks_of(number) {
                    by_framework[*place].add(verdict);
                    if let Some(sums) = self.in_frameworks.get_mut(*place) {
                        sums[number].add(record, verdict);
                    }
                }
            }
        }
        if splits {
            for (place, worst) in by_framework.iter_mut().enumerate() {
                self.add_in(place, record, outcome, worst);
            }
        }
        worst.count(&mut self.total);
        for (counts, worst) in self.frameworks.iter_mut().zip(by_framework) {
            worst.count(counts);
        }
    }

    /// What the resource comes to in one framework.
    fn add_in(&mut self, place: usize, record: &Record, outcome: &Outcome, worst: &mut Worst) {
        for verdict in outcome.verdicts_in(record, Some(place)) {
            if outcome
                .reach
                .frameworks_of(verdict.control)
                .contains(&place)
            {
                worst.add(&verdict);
                self.in_frameworks[place][verdict.control].add(record, &verdict);
            }
        }
    }
}
