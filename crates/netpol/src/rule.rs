//! A rule of either direction.

use crate::address::network;
use crate::policy::{EgressRule, IngressRule, IpBlock, PolicyPeer, PolicyPort};
use crate::selector::LabelSelector;

/// An [`IngressRule`] or an [`EgressRule`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rule {
    pub(crate) ports: Vec<PolicyPort>,
    pub(crate) peers: Vec<PolicyPeer>,
}

impl Rule {
    /// The same effect in one order and without repetitions.
    pub(crate) fn canonical(&self) -> Self {
        let mut peers: Vec<_> = self.peers.iter().map(PolicyPeer::canonical).collect();
        peers.sort_unstable();
        peers.dedup();
        let mut ports = self.ports.clone();
        ports.sort_unstable();
        ports.dedup();
        Self { ports, peers }
    }

    /// Whether a peer is anything but addresses.
    pub(crate) fn has_selector(&self) -> bool {
        let mut peers = self.peers.iter();
        peers.any(|peer| peer.pod_selector.is_some() || peer.namespace_selector.is_some())
    }
}

impl PolicyPeer {
    /// The same peer in the one form that equal ones share.
    pub(crate) fn canonical(&self) -> Self {
        Self {
            pod_selector: self.pod_selector.as_ref().map(LabelSelector::canonical),
            namespace_selector: self
                .namespace_selector
                .as_ref()
                .map(LabelSelector::canonical),
            ip_block: self.ip_block.as_ref().map(IpBlock::canonical),
        }
    }
}

impl IpBlock {
    /// `10.1.2.3/8` is `10.0.0.0/8`. What is no network stays as it is.
    fn canonical(&self) -> Self {
        let text =
            |cidr: &String| network(cidr).map_or_else(|| cidr.clone(), |net| net.to_string());
        let mut except: Vec<_> = self.except.iter().map(text).collect();
        except.sort_unstable();
        except.dedup();
        Self {
            cidr: text(&self.cidr),
            except,
        }
    }
}

impl From<IngressRule> for Rule {
    fn from(rule: IngressRule) -> Self {
        Self {
            ports: rule.ports,
            peers: rule.from,
        }
    }
}

impl From<EgressRule> for Rule {
    fn from(rule: EgressRule) -> Self {
        Self {
            ports: rule.ports,
            peers: rule.to,
        }
    }
}

impl From<Rule> for IngressRule {
    fn from(rule: Rule) -> Self {
        Self {
            ports: rule.ports,
            from: rule.peers,
        }
    }
}

impl From<Rule> for EgressRule {
    fn from(rule: Rule) -> Self {
        Self {
            ports: rule.ports,
            to: rule.peers,
        }
    }
}
