//! What a policy would have blocked.

use std::fmt;

use crate::facts::{Answer, Facts};
use crate::judge::{Judge, ReadRule};
use crate::neighbors::{NeighborPort, NetworkNeighbor};
use crate::policy::NetworkPolicy;
use crate::source::Source;
use crate::verdict::Verdict;

/// Most flows that a [`Simulation`] lists. It counts all.
pub const MAX_LISTED_FLOWS: usize = 10_000;

/// Ingress or egress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the workload's pods.
    Ingress,
    /// From the workload's pods.
    Egress,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        })
    }
}

/// Recorded connections with one neighbour, at one address and port.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow<'a> {
    /// Which way.
    pub direction: Direction,
    /// With whom.
    pub neighbor: &'a NetworkNeighbor,
    /// At which of the neighbour's addresses, if it has any.
    pub address: Option<&'a str>,
    /// On which of the neighbour's ports, if any was recorded.
    pub port: Option<&'a NeighborPort>,
    /// Whether the policy allows it.
    pub verdict: Verdict,
}

/// What a policy does to recorded flows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulation<'a> {
    /// How many flows it allows.
    pub allowed: usize,
    /// How many it blocks.
    pub blocked: usize,
    /// Of how many what was recorded does not tell.
    pub undecidable: usize,
    /// The flows that are not allowed; at most [`MAX_LISTED_FLOWS`].
    pub flows: Vec<Flow<'a>>,
}

/// Judges all recorded flows by one policy alone, as Kubernetes defines it: pods
/// that a policy selects are isolated in its directions but for its rules. A
/// policy without a namespace is taken to be in the source's.
///
/// Only recorded labels are known of pods and namespaces, not all: where others
/// would matter, and for ports by name, the verdict is
/// [`Undecidable`](Verdict::Undecidable).
pub fn simulate<'a>(policy: &NetworkPolicy, source: &Source<'a>) -> Simulation<'a> {
    let mut simulation = Simulation::default();
    for direction in [Direction::Ingress, Direction::Egress] {
        let judge = judge(policy, source, direction);
        for neighbor in source.neighbors(direction) {
            judge.neighbor(neighbor, &mut simulation);
        }
    }
    simulation
}

/// Whether a policy selects a source's pods; `None` if what was recorded does
/// not tell. A policy without a namespace is taken to be in the source's.
pub fn selects(policy: &NetworkPolicy, source: &Source<'_>) -> Option<bool> {
    match selected(policy, source) {
        Answer::Yes => Some(true),
        Answer::No => Some(false),
        Answer::Unknown(()) => None,
    }
}

fn selected(policy: &NetworkPolicy, source: &Source<'_>) -> Answer<()> {
    let namespace = source.metadata.namespace.as_str();
    if policy_namespace(policy, source) != namespace {
        return Answer::No;
    }
    let facts = Facts::of(source.selector);
    facts.selected_by(&policy.spec.pod_selector).map(|_| ())
}

fn policy_namespace<'p>(policy: &'p NetworkPolicy, source: &Source<'p>) -> &'p str {
    match policy.metadata.namespace.as_str() {
        "" => source.metadata.namespace.as_str(),
        own => own,
    }
}

/// What judges the flows of one direction by one policy.
pub(crate) fn judge<'p>(
    policy: &'p NetworkPolicy,
    source: &Source<'p>,
    direction: Direction,
) -> Judge<'p> {
    Judge {
        direction,
        selected: selected(policy, source),
        isolated: isolates(policy, direction),
        rules: rules(policy, direction),
        policy_namespace: policy_namespace(policy, source),
        namespace: source.metadata.namespace.as_str(),
    }
}

/// Whether a policy is for this direction. Without `policyTypes`, it is for
/// ingress, and for egress if it has egress rules.
pub fn isolates(policy: &NetworkPolicy, direction: Direction) -> bool {
    let spec = &policy.spec;
    if spec.policy_types.is_empty() {
        return direction == Direction::Ingress
            || spec.egress.as_ref().is_some_and(|rules| !rules.is_empty());
    }
    let name = direction.to_string();
    spec.policy_types.contains(&name)
}

fn rules(policy: &NetworkPolicy, direction: Direction) -> Vec<ReadRule<'_>> {
    let spec = &policy.spec;
    match direction {
        Direction::Ingress => {
            let rules = spec.ingress.iter().flatten();
            rules.map(|it| ReadRule::new(&it.ports, &it.from)).collect()
        }
        Direction::Egress => {
            let rules = spec.egress.iter().flatten();
            rules.map(|it| ReadRule::new(&it.ports, &it.to)).collect()
        }
    }
}
