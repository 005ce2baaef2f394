//! The numbers of a scan that its metrics need, without the scan.

use std::collections::BTreeMap;

use kubescape_engine::{Counts, Outcome, Status, nearest};
use kubescape_scan::Scan;

/// What one cluster, framework, control or resource came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) compliance: f32,
    pub(super) coverage: f32,
    pub(super) resources: Counts,
    pub(super) controls: Counts,
}

impl Numbers {
    pub(super) fn compliance(&self) -> u64 {
        rounded(self.compliance)
    }

    pub(super) fn coverage(&self) -> u64 {
        rounded(self.coverage)
    }
}

/// A score as a whole number; what is below 100 never reads as 100.
fn rounded(score: f32) -> u64 {
    let score = score.clamp(0.0, 100.0);
    let most = if score < 100.0 { 99.0 } else { 100.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 100"
    )]
    {
        score.round().min(most) as u64
    }
}

/// What a control came to.
#[derive(Clone, Debug)]
pub(super) struct ControlSum {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) severity: &'static str,
    pub(super) numbers: Numbers,
    status: Status,
    covered: bool,
}

/// What a resource came to.
#[derive(Clone, Debug)]
pub(super) struct ResourceSum {
    pub(super) labels: [Box<str>; 4],
    pub(super) numbers: Numbers,
}

#[derive(Clone, Debug)]
struct FrameworkSum {
    name: &'static str,
    /// Numbers of its controls.
    controls: Vec<usize>,
    numbers: Numbers,
}

/// All that metrics need of a scan: some kilobytes, whatever its size.
#[derive(Clone, Debug)]
pub struct Sums {
    cluster: Numbers,
    frameworks: Vec<FrameworkSum>,
    controls: Vec<ControlSum>,
    /// How many resources there are for each way to fare by the frameworks, so
    /// that any choice of frameworks can be added up without counting a resource
    /// twice. By framework: 0 not judged, then as [`rank`].
    groups: BTreeMap<Box<[u8]>, u32>,
    resources: Vec<ResourceSum>,
    partial: bool,
}

/// A framework that a scan did not judge by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFramework {
    /// What was asked for.
    pub name: String,
    /// One that is called nearly so.
    pub near: Option<&'static str>,
    /// What the scan judged by.
    pub known: Vec<&'static str>,
}

impl std::fmt::Display for UnknownFramework {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name: String = self.name.chars().take(64).collect();
        write!(
            out,
            "the last full scan did not judge by framework {name:?}"
        )?;
        match self.near {
            Some(near) => write!(out, "; did you mean {near:?}?"),
            None => write!(out, "; it did by {}", self.known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownFramework {}

/// What is written, of all or of some frameworks.
pub(super) struct View<'s> {
    pub(super) cluster: Numbers,
    pub(super) frameworks: Vec<(&'static str, Numbers)>,
    pub(super) controls: Vec<&'s ControlSum>,
    pub(super) resources: &'s [ResourceSum],
}

impl Sums {
    /// Adds up; with `resources`, also what each single resource fails, which
    /// makes as many samples as there are resources.
    pub fn new(scan: &Scan, resources: bool) -> Self {
        Self::of(&scan.outcome, scan.is_partial(), resources)
    }

    /// The same of what objects come to that are followed; `partial` when not all
    /// of them can be read.
    pub fn of(outcome: &Outcome, partial: bool, resources: bool) -> Self {
        let controls: Vec<ControlSum> = (0..outcome.controls.len())
            .map(|number| control(outcome, number))
            .collect();
        let mut sums = Self {
            cluster: Numbers::default(),
            frameworks: frameworks(outcome, &controls),
            groups: BTreeMap::new(),
            resources: Vec::new(),
            partial,
            controls,
        };
        sums.cluster = Numbers {
            compliance: outcome.total.compliance,
            coverage: outcome.coverage().percent(),
            resources: outcome.total.counts,
            controls: counted(sums.controls.iter()),
        };
        sums.count(outcome, resources);
        sums
    }

    /// Names of the frameworks that the scan judged by.
    pub fn frameworks(&self) -> impl Iterator<Item = &'static str> {
        self.frameworks.iter().map(|framework| framework.name)
    }

    /// Whether something could not be read.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    fn count(&mut self, outcome: &Outcome, resources: bool) {
        let mut memberships = vec![Vec::new(); self.controls.len()];
        for (place, framework) in self.frameworks.iter().enumerate() {
            for control in &framework.controls {
                memberships[*control].push(place);
            }
        }
        for record in outcome.records.iter().filter(|record| !record.hidden) {
            let verdicts = outcome.verdicts(record);
            let mut group = vec![0u8; self.frameworks.len()].into_boxed_slice();
            let mut counts = Counts::default();
            for verdict in &verdicts {
                counts.add(verdict.status.status);
                for place in &memberships[verdict.control] {
                    group[*place] = group[*place].max(rank(verdict.status.status));
                }
            }
            *self.groups.entry(group).or_default() += 1;
            if resources && counts.failed + counts.skipped > 0 {
                self.resources.push(ResourceSum {
                    labels: [
                        record.api_version.clone(),
                        record.kind.clone(),
                        record.namespace.clone(),
                        record.name.clone(),
                    ],
                    numbers: Numbers {
                        controls: counts,
                        ..Numbers::default()
                    },
                });
            }
        }
    }

    pub(super) fn view(&self, names: &[&str]) -> Result<View<'_>, UnknownFramework> {
        if names.is_empty() {
            return Ok(View {
                cluster: self.cluster,
                frameworks: self
                    .frameworks
                    .iter()
                    .map(|framework| (framework.name, framework.numbers))
                    .collect(),
                controls: self.controls.iter().collect(),
                resources: &self.resources,
            });
        }
        let mut places = names
            .iter()
            .map(|name| self.place(name))
            .collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        places.dedup();
        Ok(self.view_of(&places))
    }

    fn place(&self, name: &str) -> Result<usize, UnknownFramework> {
        self.frameworks()
            .position(|known| known.eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFramework {
                name: name.to_owned(),
                near: nearest(name, self.frameworks()),
                known: self.frameworks().collect(),
            })
    }

    fn view_of(&self, places: &[usize]) -> View<'_> {
        let chosen = || places.iter().map(|place| &self.frameworks[*place]);
        let mut numbers: Vec<usize> = chosen()
            .flat_map(|framework| framework.controls.iter().copied())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let controls: Vec<&ControlSum> = numbers
            .iter()
            .map(|number| &self.controls[*number])
            .collect();
        let mut resources = Counts::default();
        for (group, count) in &self.groups {
            match places.iter().map(|place| group[*place]).max() {
                Some(3) => resources.failed += count,
                Some(2) => resources.skipped += count,
                Some(1) => resources.passed += count,
                _ => {}
            }
        }
        View {
            cluster: Numbers {
                resources,
                ..numbers_of(controls.iter().copied())
            },
            frameworks: chosen()
                .map(|framework| (framework.name, framework.numbers))
                .collect(),
            controls,
            resources: &[],
        }
    }
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Passed => 1,
        Status::Skipped => 2,
        Status::Failed => 3,
    }
}

fn control(outcome: &Outcome, number: usize) -> ControlSum {
    let control = outcome.plan.controls[number];
    let result = &outcome.controls[number];
    ControlSum {
        id: control.id,
        name: control.name,
        severity: control.severity().name(),
        numbers: Numbers {
            compliance: result.compliance,
            resources: result.counts,
            ..Numbers::default()
        },
        status: result.status,
        covered: outcome.is_covered(number),
    }
}

/// Those with a control that makes sense for the cluster.
fn frameworks(outcome: &Outcome, controls: &[ControlSum]) -> Vec<FrameworkSum> {
    let frameworks = outcome.plan.frameworks.iter().zip(&outcome.frameworks);
    frameworks
        .filter(|((_, numbers), _)| !numbers.is_empty())
        .map(|((framework, numbers), summary)| FrameworkSum {
            name: framework.name,
            controls: numbers.clone(),
            numbers: Numbers {
                compliance: summary.compliance,
                resources: summary.counts,
                ..numbers_of(numbers.iter().map(|number| &controls[*number]))
            },
        })
        .collect()
}

fn counted<'c>(controls: impl Iterator<Item = &'c ControlSum>) -> Counts {
    let mut counts = Counts::default();
    controls.for_each(|control| counts.add(control.status));
    counts
}

/// Means and counts over controls; of resources nothing.
fn numbers_of<'c>(controls: impl Iterator<Item = &'c ControlSum> + Clone) -> Numbers {
    let all = controls.clone().count();
    if all == 0 {
        return Numbers {
            compliance: 100.0,
            coverage: 100.0,
            ..Numbers::default()
        };
    }
    let compliance: f32 = controls
        .clone()
        .map(|control| control.numbers.compliance)
        .sum();
    let covered = controls.clone().filter(|control| control.covered).count();
    Numbers {
        compliance: compliance / all as f32,
        coverage: 100.0 * covered as f32 / all as f32,
        resources: Counts::default(),
        controls: counted(controls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_below_100_never_reads_as_100() {
        assert_eq!(rounded(100.0), 100);
        assert_eq!(rounded(99.999), 99);
        assert_eq!(rounded(49.5), 50);
        assert_eq!(rounded(0.2), 0);
    }
}
