//! `netpol simulate`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use kubescape_collect::{Code, Problem};
use kubescape_netpol::{
    JointFlow, JointVerdict, NetworkPolicy, Source, selects, simulate_together,
};

use super::cost::{MOST_STEPS, choosing, judging};
use super::input::Input;
use super::object::Observation;
use super::{complain, complain_of, exit, json, table};
use crate::arguments::{ListFormat, SimulateArguments};
use crate::exit::{Exit, Failure};
use crate::{output, safe_json};

pub(super) fn run(arguments: &SimulateArguments) -> Result<Exit, Failure> {
    let mut input = Input::read(
        &arguments.policy,
        &arguments.input,
        "kubescape netpol simulate",
    )?;
    require(&mut input, arguments);
    complain_of(&input.problems);
    complain_of_foreign(&input);
    if input.observations.is_empty() || input.policies.is_empty() {
        return Ok(Exit::Input);
    }
    let simulation = Simulation::new(&input);
    output::to_stdout(|out| match arguments.format {
        ListFormat::PrettyPrint => table::write(&simulation, arguments.all, out),
        ListFormat::Json => {
            let report = json::Report {
                simulation: &simulation,
                all: arguments.all,
            };
            safe_json::write(&report, out)
        }
    })?;
    for observation in &input.observations {
        for gap in observation.source().gaps() {
            complain(&format!("warning: {observation}: {gap}"));
        }
    }
    complain_of(&simulation.refused.borrow());
    let blocked = simulation.totals.get().blocked;
    if arguments.fail_on_blocked && blocked > 0 {
        return Ok(Exit::Threshold);
    }
    Ok(match exit(&input.problems) {
        Exit::Success => exit(&simulation.refused.borrow()),
        other => other,
    })
}

/// Without policies or without flows there is nothing to say, and that is no
/// success.
fn require(input: &mut Input, arguments: &SimulateArguments) {
    let mut names = arguments.policy.clone();
    if input.policies.is_empty() && input.problems.is_empty() {
        names.extend(arguments.input.files.clone());
        input.empty(
            &names.join(", "),
            "no NetworkPolicy in it",
            "name files with policies: --policy FILE",
        );
    }
    if input.observations.is_empty() && input.problems.is_empty() {
        input.empty(
            &arguments.input.files.join(", "),
            "no NetworkNeighborhood or NetworkNeighbors in it",
            "get them with: kubectl get networkneighborhoods -A -o yaml",
        );
    }
}

fn complain_of_foreign(input: &Input) {
    for (kind, (count, first)) in &input.foreign {
        complain(&format!(
            "note: {first}: {kind} is not considered ({count} in all): only NetworkPolicy of networking.k8s.io is"
        ));
    }
}

/// How many flows of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) allowed: u64,
    pub(super) blocked: u64,
    pub(super) undecidable: u64,
}

impl Counts {
    fn add(&mut self, verdict: JointVerdict) {
        *match verdict {
            JointVerdict::Allowed => &mut self.allowed,
            JointVerdict::Blocked => &mut self.blocked,
            JointVerdict::Undecidable => &mut self.undecidable,
        } += 1;
    }

    pub(super) fn all(self) -> u64 {
        self.allowed + self.blocked + self.undecidable
    }
}

/// For how many workloads a policy is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub(super) certain: usize,
    /// Where what was recorded does not tell.
    pub(super) possible: usize,
}

/// All workloads, to be judged one by one; sums gather on the way.
pub(super) struct Simulation<'i> {
    pub(super) input: &'i Input,
    /// Numbers of the policies of a namespace.
    by_namespace: HashMap<&'i str, Vec<usize>>,
    steps_left: Cell<u64>,
    pub(super) totals: Cell<Counts>,
    /// By policy.
    pub(super) uses: RefCell<Vec<Uses>>,
    /// Workloads that were not judged.
    pub(super) refused: RefCell<Vec<Problem>>,
}

/// A workload with the policies that are or may be for its pods.
pub(super) struct Workload<'i> {
    pub(super) observation: &'i Observation,
    source: Source<'i>,
    /// Their numbers in the input.
    pub(super) policies: Vec<usize>,
    /// They themselves.
    chosen: Vec<&'i NetworkPolicy>,
}

impl<'i> Simulation<'i> {
    fn new(input: &'i Input) -> Self {
        let mut by_namespace: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, policy) in input.policies.iter().enumerate() {
            let namespace = policy.policy.metadata.namespace.as_str();
            by_namespace.entry(namespace).or_default().push(number);
        }
        Self {
            input,
            by_namespace,
            steps_left: Cell::new(MOST_STEPS),
            totals: Cell::default(),
            uses: RefCell::new(vec![Uses::default(); input.policies.len()]),
            refused: RefCell::default(),
        }
    }

    /// Every workload that can be judged; others are refused.
    pub(super) fn workloads(&self) -> impl Iterator<Item = Workload<'i>> {
        let observations = self.input.observations.iter();
        observations.filter_map(|observation| self.workload(observation))
    }

    fn workload(&self, observation: &'i Observation) -> Option<Workload<'i>> {
        let source = observation.source();
        // Policies without a namespace are taken to be in every one.
        let namespace = source.metadata.namespace.as_str();
        let of = |namespace: &str| self.by_namespace.get(namespace).into_iter().flatten();
        let anywhere = of("").filter(|_| !namespace.is_empty());
        let mut numbers: Vec<usize> = of(namespace).chain(anywhere).copied().collect();
        numbers.sort_unstable();
        let policies = &self.input.policies;
        let in_reach: Vec<_> = numbers.iter().map(|it| &policies[*it].policy).collect();

        if !self.afford(choosing(&in_reach, &source)) {
            self.refuse(observation);
            return None;
        }
        let mut workload = Workload {
            observation,
            policies: Vec::new(),
            chosen: Vec::new(),
            source,
        };
        let mut possible = Vec::new();
        for (number, policy) in numbers.into_iter().zip(in_reach) {
            let selects = selects(policy, &workload.source);
            if selects != Some(false) {
                workload.policies.push(number);
                workload.chosen.push(policy);
                possible.push(selects.is_none());
            }
        }
        if !self.afford(judging(&workload.chosen, &workload.source)) {
            self.refuse(observation);
            return None;
        }
        let mut uses = self.uses.borrow_mut();
        for (number, possible) in workload.policies.iter().zip(possible) {
            let uses = &mut uses[*number];
            *if possible {
                &mut uses.possible
            } else {
                &mut uses.certain
            } += 1;
        }
        Some(workload)
    }

    /// Takes steps from those that are left, if there are so many.
    fn afford(&self, steps: u64) -> bool {
        let left = self.steps_left.get().checked_sub(steps);
        self.steps_left.set(left.unwrap_or(self.steps_left.get()));
        left.is_some()
    }

    fn refuse(&self, observation: &Observation) {
        let place = &observation.place;
        let message = format!(
            "{} {} has too many flows for so many policies",
            observation.kind(),
            super::object::full_name(observation.metadata())
        );
        let mut problem = Problem::new(Code::TooLarge, place.to_string(), message);
        "simulate it alone, or with fewer policies".clone_into(&mut problem.remedy);
        self.refused.borrow_mut().push(problem);
    }

    /// Judges the flows of a workload, handing over each, and adds them up.
    pub(super) fn judge(
        &self,
        workload: &Workload<'i>,
        each: &mut dyn FnMut(&JointFlow<'_, '_>),
    ) -> Counts {
        let mut counts = Counts::default();
        simulate_together(&workload.chosen, &workload.source, &mut |flow| {
            counts.add(flow.verdict);
            each(flow);
        });
        let mut totals = self.totals.get();
        totals.allowed += counts.allowed;
        totals.blocked += counts.blocked;
        totals.undecidable += counts.undecidable;
        self.totals.set(totals);
        counts
    }

    /// Whether all of the input was judged.
    pub(super) fn is_complete(&self) -> bool {
        let problems = &self.input.problems;
        problems.iter().all(Problem::is_note) && self.refused.borrow().is_empty()
    }
}
