//! `scanCoverage`: how much of a cluster was judged. (config-scanning reference §7,
//! "later".)

use kubescape_engine::Lack;
use kubescape_scan::Scan;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScanCoverage<'s> {
    /// Share of controls that had all that they read, 0 to 100; as in the report
    /// for people, without the deductions that upstream makes.
    coverage_score: f32,
    evaluated_controls: usize,
    total_controls: usize,
    #[serde(rename = "failedGVRPulls")]
    failed_pulls: Vec<Pull<'s>>,
    #[serde(rename = "partialGVRPulls")]
    partial_pulls: [(); 0],
    not_evaluated_controls: Vec<&'s str>,
    policy_degradations: [(); 0],
    degraded: bool,
}

/// A kind that was not read, or not whole.
#[derive(Serialize)]
struct Pull<'s> {
    group: &'s str,
    kind: &'s str,
    reason: &'s str,
}

impl<'s> ScanCoverage<'s> {
    pub(super) fn new(scan: &'s Scan) -> Self {
        let outcome = &scan.outcome;
        let coverage = outcome.coverage();
        let unread = outcome.gaps.iter().filter(|gap| gap.lack == Lack::Unread);
        let failed_pulls: Vec<_> = unread
            .map(|gap| Pull {
                group: &gap.group,
                kind: &gap.kind,
                reason: &gap.reason,
            })
            .collect();
        let numbered = outcome.plan.controls.iter().enumerate();
        Self {
            coverage_score: coverage.percent(),
            evaluated_controls: coverage.judged,
            total_controls: coverage.all,
            degraded: !failed_pulls.is_empty(),
            failed_pulls,
            partial_pulls: [],
            not_evaluated_controls: numbered
                .filter(|(number, _)| !outcome.is_covered(*number))
                .map(|(_, control)| control.id)
                .collect(),
            policy_degradations: [],
        }
    }
}
