//! How much work a simulation is. It grows as flows times rules, so that a few
//! small files could keep a machine busy for days.

use kubescape_netpol::{
    Direction, LabelSelector, NetworkNeighbor, NetworkPolicy, PolicyPeer, Source,
};

/// Steps that one run may take: up to some ten seconds of work. A thousand
/// workloads of a hundred flows each under three policies of thirty rules take a
/// twentieth of it.
pub(super) const MOST_STEPS: u64 = 200_000_000;

/// About how many steps it takes to find the policies for a source.
pub(super) fn choosing(policies: &[&NetworkPolicy], source: &Source<'_>) -> u64 {
    let own = selector(source.selector) + 1;
    let policies = policies.iter();
    let sizes = policies.map(|policy| own.saturating_add(selector(&policy.spec.pod_selector)));
    sizes.fold(0, u64::saturating_add)
}

/// About how many steps it takes to judge a source by policies.
pub(super) fn judging(policies: &[&NetworkPolicy], source: &Source<'_>) -> u64 {
    let count = len(policies.len());
    let (mut rules, mut peers) = (0_u64, 0_u64);
    for policy in policies {
        let of = weight(policy);
        rules = rules.saturating_add(of.0);
        peers = peers.saturating_add(of.1);
    }
    let neighbors = [Direction::Ingress, Direction::Egress]
        .into_iter()
        .flat_map(|direction| source.neighbors(direction));
    let of_neighbors = neighbors.map(|neighbor| {
        let addresses = addresses(neighbor);
        let flows = addresses.saturating_mul(len(neighbor.ports.len()).max(1));
        let facts = labels(neighbor).saturating_mul(count);
        let at_address = peers.saturating_add(facts);
        let at_port = rules.saturating_add(1);
        addresses
            .saturating_mul(at_address)
            .saturating_add(flows.saturating_mul(at_port))
    });
    of_neighbors.fold(peers, u64::saturating_add)
}

fn addresses(neighbor: &NetworkNeighbor) -> u64 {
    let first = usize::from(!neighbor.ip_address.is_empty());
    len(first + neighbor.ip_addresses.len()).max(1)
}

fn labels(neighbor: &NetworkNeighbor) -> u64 {
    let both = [&neighbor.pod_selector, &neighbor.namespace_selector];
    both.into_iter().flatten().map(selector).sum::<u64>() + 1
}

/// How many rules a policy has, and how large they are together.
fn weight(policy: &NetworkPolicy) -> (u64, u64) {
    let spec = &policy.spec;
    let ingress = spec.ingress.iter().flatten();
    let ingress = ingress.map(|rule| (rule.ports.len(), &rule.from));
    let egress = spec.egress.iter().flatten();
    let egress = egress.map(|rule| (rule.ports.len(), &rule.to));
    let selected = selector(&spec.pod_selector) + 1;
    ingress
        .chain(egress)
        .fold((0, selected), |(rules, size), (ports, peers)| {
            let peers: u64 = peers.iter().map(peer).sum();
            (rules + 1, size + 1 + len(ports) + peers)
        })
}

fn peer(peer: &PolicyPeer) -> u64 {
    let both = [&peer.pod_selector, &peer.namespace_selector];
    let labels: u64 = both.into_iter().flatten().map(selector).sum();
    let block = peer.ip_block.as_ref().map_or(0, |it| len(it.except.len()));
    1 + labels + block
}

fn selector(selector: &LabelSelector) -> u64 {
    let expressions = selector.match_expressions.iter();
    let expressions: usize = expressions.map(|it| 1 + it.values.len()).sum();
    len(selector.match_labels.len() + expressions)
}

fn len(length: usize) -> u64 {
    length as u64
}
