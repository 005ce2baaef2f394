//! The verdict on a flow.

use ipnet::IpNet;

use crate::address::{networks, written};
use crate::block::ReadBlocks;
use crate::facts::{Answer, Facts};
use crate::neighbors::{NeighborPort, NetworkNeighbor};
use crate::policy::{PolicyPeer, PolicyPort};
use crate::ports::ReadPorts;
use crate::simulate::{Direction, Flow, MAX_LISTED_FLOWS, Simulation};
use crate::verdict::{Allowed, Blocked, Undecidable, Verdict};

/// The label by which namespaces are known; the API server sets it.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A rule, read once for many flows.
pub(crate) struct ReadRule<'p> {
    ports: ReadPorts<'p>,
    /// Whether it has no peers, and so is for all.
    everybody: bool,
    blocks: ReadBlocks,
    selectors: Vec<&'p PolicyPeer>,
}

impl<'p> ReadRule<'p> {
    pub(crate) fn new(ports: &'p [PolicyPort], peers: &'p [PolicyPeer]) -> Self {
        Self {
            ports: ReadPorts::new(ports),
            everybody: peers.is_empty(),
            blocks: ReadBlocks::new(peers.iter().filter_map(|it| it.ip_block.as_ref())),
            selectors: peers.iter().filter(|it| it.ip_block.is_none()).collect(),
        }
    }
}

/// Judges the flows of one direction.
pub(crate) struct Judge<'p> {
    pub(crate) direction: Direction,
    /// Whether the policy selects the source's pods.
    pub(crate) selected: Answer<()>,
    /// Whether the policy is for this direction.
    pub(crate) isolated: bool,
    pub(crate) rules: Vec<ReadRule<'p>>,
    pub(crate) policy_namespace: &'p str,
    /// The source's.
    pub(crate) namespace: &'p str,
}

/// What was recorded of a neighbour, at one of its addresses.
struct Peer<'a> {
    /// Labels, if it is pods.
    pods: Option<(Facts<'a>, Facts<'a>)>,
    /// Whether it is known to be outside of the cluster.
    external: bool,
    net: Option<IpNet>,
}

/// Hands over every address that a neighbour has, as written and as a network.
/// One that has none is met once, without.
pub(crate) fn at_addresses<'a>(
    neighbor: &'a NetworkNeighbor,
    mut each: impl FnMut(Option<&'a str>, Option<IpNet>),
) {
    let mut any = false;
    for address in written(neighbor) {
        any = true;
        let nets = networks(address);
        // What is no address is a peer of which nothing is known.
        if nets.is_empty() {
            each(Some(address), None);
        }
        for net in nets {
            each(Some(address), Some(net));
        }
    }
    if !any {
        each(None, None);
    }
}

/// Hands over every port that was recorded of a neighbour, with its protocol and
/// number if it has one. Without any, which were used is not known.
pub(crate) fn on_ports<'a>(
    neighbor: &'a NetworkNeighbor,
    mut each: impl FnMut(Option<&'a NeighborPort>, Option<(&str, i32)>),
) {
    for port in &neighbor.ports {
        let protocol = port.protocol();
        each(Some(port), port.port.map(|it| (protocol.as_str(), it)));
    }
    if neighbor.ports.is_empty() {
        each(None, None);
    }
}

impl Judge<'_> {
    /// Judges the flows with one neighbour, at all its addresses and ports.
    pub(crate) fn neighbor<'a>(
        &self,
        neighbor: &'a NetworkNeighbor,
        simulation: &mut Simulation<'a>,
    ) {
        at_addresses(neighbor, |address, net| {
            let answers = self.has_peers(neighbor, net);
            on_ports(neighbor, |port, number| {
                let verdict = self.verdict(&answers, number);
                let counter = match verdict {
                    Verdict::Allowed(_) => {
                        simulation.allowed += 1;
                        return;
                    }
                    Verdict::Blocked(_) => &mut simulation.blocked,
                    Verdict::Undecidable(_) => &mut simulation.undecidable,
                };
                *counter += 1;
                if simulation.flows.len() < MAX_LISTED_FLOWS {
                    simulation.flows.push(Flow {
                        direction: self.direction,
                        neighbor,
                        address,
                        port,
                        verdict,
                    });
                }
            });
        });
    }

    /// The rules that are, or may be, for this neighbour at this address, by
    /// index.
    pub(crate) fn has_peers(
        &self,
        neighbor: &NetworkNeighbor,
        net: Option<IpNet>,
    ) -> Vec<(usize, Answer<Undecidable>)> {
        let peer = self.peer(neighbor, net);
        let rules = self.rules.iter().enumerate();
        rules
            .map(|(index, rule)| (index, self.has_peer(rule, &peer)))
            .filter(|(_, answer)| *answer != Answer::No)
            .collect()
    }

    fn peer<'a>(&self, neighbor: &'a NetworkNeighbor, net: Option<IpNet>) -> Peer<'a>
    where
        Self: 'a,
    {
        let NetworkNeighbor {
            pod_selector,
            namespace_selector,
            ..
        } = neighbor;
        let is_pods = pod_selector.is_some() || namespace_selector.is_some();
        let pods = is_pods.then(|| {
            let labels = pod_selector.as_ref().map(Facts::of).unwrap_or_default();
            let namespace = match namespace_selector {
                Some(selector) => Facts::of(selector),
                None => Facts::default().with(NAMESPACE_NAME, self.namespace),
            };
            (labels, namespace)
        });
        Peer {
            pods,
            external: neighbor.kind.eq_ignore_ascii_case("external"),
            net,
        }
    }

    /// The verdict on a port, given what [`has_peers`](Self::has_peers) answers.
    pub(crate) fn verdict(
        &self,
        answers: &[(usize, Answer<Undecidable>)],
        port: Option<(&str, i32)>,
    ) -> Verdict {
        if self.selected == Answer::No {
            return Verdict::Allowed(Allowed::PodsNotSelected);
        }
        if !self.isolated {
            return Verdict::Allowed(Allowed::DirectionNotIsolated);
        }
        let mut blocked = Blocked::NoPeer;
        let mut unknown = None;
        for (index, has_peer) in answers {
            let Some(rule) = self.rules.get(*index) else {
                continue;
            };
            match has_peer.clone().and(|| rule.ports.has(port)) {
                Answer::Yes => return Verdict::Allowed(Allowed::Rule(*index)),
                Answer::Unknown(reason) => unknown = unknown.or(Some(reason)),
                Answer::No if *has_peer == Answer::Yes && blocked == Blocked::NoPeer => {
                    blocked = Blocked::NoPort(*index);
                }
                Answer::No => {}
            }
        }
        if let Some(reason) = unknown {
            return Verdict::Undecidable(reason);
        }
        if self.selected != Answer::Yes {
            return Verdict::Undecidable(Undecidable::Selected);
        }
        if self.rules.is_empty() {
            blocked = Blocked::NoRules;
        }
        Verdict::Blocked(blocked)
    }

    /// Whether the rule is for this peer. Without peers it is for all.
    fn has_peer(&self, rule: &ReadRule<'_>, peer: &Peer<'_>) -> Answer<Undecidable> {
        if rule.everybody {
            return Answer::Yes;
        }
        let mut answer = rule.blocks.have(peer.net.as_ref());
        for allowed in &rule.selectors {
            if answer == Answer::Yes {
                break;
            }
            answer = answer.or(|| self.is_selected(allowed, peer));
        }
        answer
    }

    /// Whether a peer by selectors is this one.
    fn is_selected(&self, allowed: &PolicyPeer, peer: &Peer<'_>) -> Answer<Undecidable> {
        if allowed.pod_selector.is_none() && allowed.namespace_selector.is_none() {
            return Answer::No;
        }
        let Some((labels, namespace)) = &peer.pods else {
            // An address in the cluster may be that of a selected pod.
            if peer.external {
                return Answer::No;
            }
            return Answer::Unknown(Undecidable::Address);
        };
        let in_namespace = match &allowed.namespace_selector {
            Some(selector) => namespace.selected_by(selector).map(str::to_owned),
            None => namespace
                .is(NAMESPACE_NAME, self.policy_namespace)
                .map(|()| NAMESPACE_NAME.to_owned()),
        };
        in_namespace
            .map(Undecidable::NamespaceLabel)
            .and(|| match &allowed.pod_selector {
                Some(selector) => labels
                    .selected_by(selector)
                    .map(|key| Undecidable::PodLabel(key.to_owned())),
                None => Answer::Yes,
            })
    }
}
