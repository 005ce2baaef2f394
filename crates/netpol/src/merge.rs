//! Putting rules together: the last step of generating.

use std::collections::{BTreeMap, HashSet};

use crate::policy::{PolicyPeer, PolicyPort, PortNumberOrName};
use crate::rule::Rule;

/// Most peers that rules by port may have. Beyond, rules stay as they are, which
/// allows the same: a source of a megabyte must not become a policy of gigabytes
/// (the product of its ports and addresses).
const MAX_EXPLODED: usize = 100_000;

/// The rules of one direction: those with addresses only, one a port, sorted by
/// port and protocol (all ports first), their peers sorted by CIDR as text; then
/// the others in their order. Rules and peers that say the same come once.
pub(crate) fn merge(rules: impl Iterator<Item = Rule>) -> Vec<Rule> {
    let mut merged = Merged::default();
    for rule in rules {
        if rule.has_selector() || !merged.explode(&rule) {
            merged.keep(rule);
        }
    }
    let Merged { by_port, kept, .. } = merged;
    by_port
        .into_values()
        .map(PortRule::into_rule)
        .chain(kept)
        .collect()
}

#[derive(Default)]
struct Merged {
    by_port: BTreeMap<Key, PortRule>,
    exploded: usize,
    kept: Vec<Rule>,
    seen: HashSet<Rule>,
}

/// Port (`None` for all of them), then protocol: the order of rules.
type Key = (Option<PortNumberOrName>, Option<String>);

struct PortRule {
    port: Option<PolicyPort>,
    /// By their canonical form. Of networks that are the same, like
    /// `10.0.0.1/8` and `10.0.0.0/8`, the lesser text stays.
    peers: BTreeMap<PolicyPeer, PolicyPeer>,
}

impl Merged {
    /// Adds a rule of addresses to the rules by port; `false` if that is too much.
    fn explode(&mut self, rule: &Rule) -> bool {
        let size = rule.ports.len().max(1).saturating_mul(rule.peers.len());
        if self.exploded.saturating_add(size) > MAX_EXPLODED {
            return false;
        }
        self.exploded += size;
        if rule.ports.is_empty() {
            self.add(None, &rule.peers);
        }
        for port in &rule.ports {
            self.add(Some(port), &rule.peers);
        }
        true
    }

    fn add(&mut self, port: Option<&PolicyPort>, peers: &[PolicyPeer]) {
        let key = port.map_or((None, None), |it| (it.port.clone(), it.protocol.clone()));
        let rule = self.by_port.entry(key).or_insert_with(|| PortRule {
            port: port.cloned(),
            peers: BTreeMap::new(),
        });
        for peer in peers {
            let known = rule
                .peers
                .entry(peer.canonical())
                .or_insert_with(|| peer.clone());
            if peer < known {
                *known = peer.clone();
            }
        }
    }

    /// Adds a rule as it is, unless there is one that says the same.
    fn keep(&mut self, mut rule: Rule) {
        let mut seen = HashSet::new();
        rule.peers.retain(|peer| seen.insert(peer.canonical()));
        if self.seen.insert(rule.canonical()) {
            self.kept.push(rule);
        }
    }
}

impl PortRule {
    fn into_rule(self) -> Rule {
        let mut peers: Vec<_> = self.peers.into_values().collect();
        peers.sort_unstable();
        Rule {
            ports: self.port.into_iter().collect(),
            peers,
        }
    }
}
