//! What several policies do together.

use crate::facts::Answer;
use crate::judge::{Judge, at_addresses, on_ports};
use crate::neighbors::{NeighborPort, NetworkNeighbor};
use crate::policy::NetworkPolicy;
use crate::simulate::{Direction, judge};
use crate::source::Source;
use crate::verdict::{Undecidable, Verdict};

/// What policies together do to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JointVerdict {
    /// No policy is for these pods and this direction, or one that is allows it.
    Allowed,
    /// There are policies for these pods and this direction, and none allows it.
    Blocked,
    /// What was recorded does not tell.
    Undecidable,
}

/// What one policy that is, or may be, for a flow's pods and direction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Which of the policies, counted from 0.
    pub policy: usize,
    /// Whether the policy is known to select the pods, rather than only not
    /// known not to.
    pub selects: bool,
    /// Whether the policy alone allows the flow.
    pub verdict: Verdict,
}

/// Recorded connections with one neighbour, at one address and port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointFlow<'a, 'o> {
    /// Which way.
    pub direction: Direction,
    /// With whom.
    pub neighbor: &'a NetworkNeighbor,
    /// At which of the neighbour's addresses, if it has any.
    pub address: Option<&'a str>,
    /// On which of the neighbour's ports, if any was recorded.
    pub port: Option<&'a NeighborPort>,
    /// Whether the policies together allow it.
    pub verdict: JointVerdict,
    /// What each of the policies says that is or may be for it, in their order.
    pub opinions: &'o [Opinion],
}

/// Judges all recorded flows by policies that are in force at once, as
/// Kubernetes defines it: policies add up, and a flow of pods that any policy
/// isolates in its direction needs one of these policies to allow it. Flows are
/// handed over one by one, ingress first, and not kept.
///
/// As with [`simulate`](crate::simulate), a policy without a namespace is taken
/// to be in the source's, and only recorded labels are known. What is not known
/// of two policies is taken to be independent, which can only make a verdict
/// [`Undecidable`](JointVerdict::Undecidable).
///
/// The work grows as flows times rules.
pub fn simulate_together<'a>(
    policies: &[&NetworkPolicy],
    source: &Source<'a>,
    each: &mut dyn FnMut(&JointFlow<'a, '_>),
) {
    for direction in [Direction::Ingress, Direction::Egress] {
        let judges = policies
            .iter()
            .map(|policy| judge(policy, source, direction));
        let in_force =
            |(_, judge): &(usize, Judge<'_>)| judge.isolated && judge.selected != Answer::No;
        let judges: Vec<_> = judges.enumerate().filter(in_force).collect();
        for neighbor in source.neighbors(direction) {
            at_addresses(neighbor, |address, net| {
                let answers: Vec<_> = judges
                    .iter()
                    .map(|(_, judge)| judge.has_peers(neighbor, net))
                    .collect();
                on_ports(neighbor, |port, number| {
                    let judged = judges.iter().zip(&answers);
                    let opinions: Vec<_> = judged
                        .map(|((policy, judge), answers)| Opinion {
                            policy: *policy,
                            selects: judge.selected == Answer::Yes,
                            verdict: judge.verdict(answers, number),
                        })
                        .collect();
                    each(&JointFlow {
                        direction,
                        neighbor,
                        address,
                        port,
                        verdict: joint(&opinions),
                        opinions: &opinions,
                    });
                });
            });
        }
    }
}

/// The verdict of all. It is certain if it is the same whatever the truth is
/// about all that is not known.
fn joint(opinions: &[Opinion]) -> JointVerdict {
    let allows = |it: &Opinion| matches!(it.verdict, Verdict::Allowed(_));
    // `Selected` is the verdict of a policy that blocks if it is for the pods.
    let blocks = |it: &Opinion| {
        matches!(
            it.verdict,
            Verdict::Blocked(_) | Verdict::Undecidable(Undecidable::Selected)
        )
    };
    let saved = opinions.iter().any(|it| it.selects && allows(it));
    let may_be_blocked = !saved && opinions.iter().any(|it| !allows(it));
    let may_be_free = opinions.iter().all(|it| !it.selects);
    let may_be_allowed = may_be_free || opinions.iter().any(|it| !blocks(it));
    match (may_be_allowed, may_be_blocked) {
        (_, false) => JointVerdict::Allowed,
        (false, true) => JointVerdict::Blocked,
        (true, true) => JointVerdict::Undecidable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Allowed, Blocked};
    use proptest::prelude::*;

    /// A policy as it is: whether it selects the pods and whether it has a rule
    /// for the flow; `None` if that is not known.
    type Truth = (Option<bool>, Option<bool>);

    fn opinion(policy: usize, (selects, rule): Truth) -> Opinion {
        let verdict = match (selects, rule) {
            (_, Some(true)) => Verdict::Allowed(Allowed::Rule(0)),
            (_, None) => Verdict::Undecidable(Undecidable::Port),
            (Some(_), Some(false)) => Verdict::Blocked(Blocked::NoPeer),
            (None, Some(false)) => Verdict::Undecidable(Undecidable::Selected),
        };
        let selects = selects.is_some();
        Opinion {
            policy,
            selects,
            verdict,
        }
    }

    /// All that may be true.
    fn worlds(truths: &[Truth]) -> Vec<Vec<(bool, bool)>> {
        let both = |known: Option<bool>| known.map_or(vec![true, false], |it| vec![it]);
        truths
            .iter()
            .fold(vec![Vec::new()], |worlds, (selects, rule)| {
                let mut more = Vec::new();
                for world in worlds {
                    for selects in both(*selects) {
                        for rule in both(*rule) {
                            let mut world = world.clone();
                            world.push((selects, rule));
                            more.push(world);
                        }
                    }
                }
                more
            })
    }

    proptest! {
        #[test]
        fn a_verdict_is_what_all_possible_worlds_agree_on(
            truths in prop::collection::vec(
                (prop::sample::select(vec![Some(true), None]), prop::option::of(any::<bool>())), 0..5
            )
        ) {
            let allowed: Vec<bool> = worlds(&truths).iter().map(|world| {
                let mut in_force = world.iter().filter(|policy| policy.0).peekable();
                in_force.peek().is_none() || in_force.any(|policy| policy.1)
            }).collect();
            let expected = match (allowed.contains(&true), allowed.contains(&false)) {
                (true, false) => JointVerdict::Allowed,
                (false, _) => JointVerdict::Blocked,
                (true, true) => JointVerdict::Undecidable,
            };
            let opinions: Vec<_> = truths.iter().enumerate().map(|(at, truth)| opinion(at, *truth)).collect();
            prop_assert_eq!(joint(&opinions), expected);
        }
    }
}
