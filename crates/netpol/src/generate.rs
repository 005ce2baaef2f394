//! From neighbours to a policy. (storage reference §8.)

use std::collections::{BTreeMap, HashSet};

use ipnet::IpNet;
use kubescape_names::{annotation, label};

use crate::address::{networks, written};
use crate::generated::{Generated, GeneratedNetworkPolicy, PolicyRef};
use crate::known::KnownServers;
use crate::merge::merge;
use crate::metadata::Metadata;
use crate::neighbors::{NeighborPort, NetworkNeighbor};
use crate::policy::{
    IpBlock, NetworkPolicy, NetworkPolicySpec, PolicyPeer, PolicyPort, PortNumberOrName,
};
use crate::rule::Rule;
use crate::source::Source;
use crate::volatile::without_volatile;
use crate::warning::{LeftOut, Warning, shown};

/// How a policy is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The `creationTimestamp` of the result, RFC 3339; upstream's is the time
    /// of the request.
    pub creation_timestamp: Option<String>,
    /// Whether a direction in which nothing was observed is denied (as later
    /// upstream does) rather than left alone.
    pub deny_unseen_directions: bool,
}

/// Most entries of `policyRef`. A hostile source could ask for the product of
/// its names, its addresses and the known servers.
const MAX_REFERENCES: usize = 10_000;

/// The policy that allows what was observed and, in the observed directions,
/// denies the rest.
///
/// Rules by selector come in the order of the neighbours; rules by address come
/// before them, one a port, sorted. Equal rules, ports, peers and references
/// come once. What cannot be expressed is left out and warned of, never widened.
pub fn generate(source: &Source<'_>, known: &KnownServers<'_>, options: &Options) -> Generated {
    let mut draft = Draft::new(known);
    let ingress = draft.rules(&source.ingress);
    let egress = draft.rules(&source.egress);

    let mut warnings = source_warnings(source);
    if ingress.is_empty() && egress.is_empty() {
        warnings.push(Warning::NothingObserved);
    }
    let references = draft.references;
    warnings.extend(draft.left_out.warnings(references.len()));

    let seen =
        |rules: Vec<Rule>| (options.deny_unseen_directions || !rules.is_empty()).then_some(rules);
    let (ingress, egress) = (seen(ingress), seen(egress));
    let mut types = Vec::new();
    types.extend(ingress.as_ref().map(|_| "Ingress".to_owned()));
    types.extend(egress.as_ref().map(|_| "Egress".to_owned()));

    let spec = NetworkPolicySpec {
        pod_selector: source.selector.clone(),
        ingress: ingress.map(|rules| rules.into_iter().map(Into::into).collect()),
        egress: egress.map(|rules| rules.into_iter().map(Into::into).collect()),
        policy_types: types,
    };
    let object = wrap(source, spec, references, &warnings, options);
    Generated { object, warnings }
}

/// Puts the rules into the policy, and the policy into the object.
fn wrap(
    source: &Source<'_>,
    spec: NetworkPolicySpec,
    policy_ref: Vec<PolicyRef>,
    warnings: &[Warning],
    options: &Options,
) -> GeneratedNetworkPolicy {
    let mut labels = source.metadata.labels.clone();
    labels.remove(label::INSTANCE_TEMPLATE_HASH.as_str());

    let mut annotations = BTreeMap::new();
    if !warnings.is_empty() {
        let texts: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        annotations.insert(annotation::WARNING.as_str().to_owned(), texts.join("; "));
    }
    let policy = NetworkPolicy {
        kind: "NetworkPolicy".to_owned(),
        api_version: "networking.k8s.io/v1".to_owned(),
        metadata: Metadata {
            name: source.policy_name.clone().into_owned(),
            namespace: source.metadata.namespace.clone(),
            creation_timestamp: None,
            labels: labels.clone(),
            annotations: BTreeMap::from([("generated-by".to_owned(), "kubescape".to_owned())]),
        },
        spec,
    };
    GeneratedNetworkPolicy {
        api_version: "spdx.softwarecomposition.kubescape.io/v1beta1".to_owned(),
        kind: "GeneratedNetworkPolicy".to_owned(),
        metadata: Metadata {
            name: source.metadata.name.clone(),
            namespace: source.metadata.namespace.clone(),
            creation_timestamp: options.creation_timestamp.clone(),
            labels,
            annotations,
        },
        spec: policy,
        policy_ref,
    }
}

/// Warnings that the source deserves whatever it holds.
fn source_warnings(source: &Source<'_>) -> Vec<Warning> {
    let mut warnings = source.gaps();
    if source.selector.is_empty() {
        warnings.push(Warning::SelectsAllPods);
    }
    warnings
}

/// What gathers while neighbours are read.
struct Draft<'a> {
    known: &'a KnownServers<'a>,
    references: Vec<PolicyRef>,
    listed: HashSet<PolicyRef>,
    left_out: LeftOut,
}

impl<'a> Draft<'a> {
    fn new(known: &'a KnownServers<'a>) -> Self {
        Self {
            known,
            references: Vec::new(),
            listed: HashSet::new(),
            left_out: LeftOut::default(),
        }
    }

    /// The rules of one direction.
    fn rules(&mut self, neighbors: &[&NetworkNeighbor]) -> Vec<Rule> {
        merge(neighbors.iter().filter_map(|neighbor| self.rule(neighbor)))
    }

    /// The rule of one neighbour. A rule without peers would allow everybody, one
    /// without ports all of them: where only wrong ones are known, there is none.
    fn rule(&mut self, neighbor: &NetworkNeighbor) -> Option<Rule> {
        let ports = self.ports(&neighbor.ports);
        if ports.is_empty() && !neighbor.ports.is_empty() {
            return None;
        }
        let mut peers: Vec<_> = self.pods(neighbor).into_iter().collect();
        self.addresses(neighbor, &mut peers);
        if peers.is_empty() {
            if written(neighbor).next().is_none() {
                let name = neighbor.names().next().unwrap_or_default();
                self.left_out.peers.add(name);
            }
            return None;
        }
        Some(Rule { ports, peers })
    }

    /// The peer by its labels.
    fn pods(&mut self, neighbor: &NetworkNeighbor) -> Option<PolicyPeer> {
        let pod_selector = neighbor.pod_selector.as_ref().map(|selector| {
            if selector.is_empty() {
                self.left_out.unlabelled.add("");
            }
            without_volatile(selector).unwrap_or_else(|| {
                self.left_out.volatile.add("");
                selector.clone()
            })
        });
        let namespace_selector = neighbor.namespace_selector.clone();
        (pod_selector.is_some() || namespace_selector.is_some()).then_some(PolicyPeer {
            pod_selector,
            namespace_selector,
            ip_block: None,
        })
    }

    /// The peers by their addresses: the known networks that contain them, or
    /// they themselves.
    fn addresses(&mut self, neighbor: &NetworkNeighbor, peers: &mut Vec<PolicyPeer>) {
        let mut seen: HashSet<IpNet> = HashSet::new();
        for text in written(neighbor) {
            let nets = networks(text);
            if nets.is_empty() {
                self.left_out.addresses.add(text);
            }
            for net in nets.into_iter().filter(|net| seen.insert(*net)) {
                self.address(text, net, neighbor, peers);
            }
        }
    }

    fn address(
        &mut self,
        text: &str,
        net: IpNet,
        neighbor: &NetworkNeighbor,
        peers: &mut Vec<PolicyPeer>,
    ) {
        let reference = |ip_block: &str| PolicyRef {
            ip_block: ip_block.to_owned(),
            original_ip: text.to_owned(),
            ..PolicyRef::default()
        };
        let entries = self.known.containing(&net);
        for entry in &entries {
            peers.push(block(&entry.ip_block));
            let reference = PolicyRef {
                name: entry.name.clone(),
                server: entry.server.clone(),
                ..reference(&entry.ip_block)
            };
            if neighbor.names().next().is_none() {
                self.refer(reference);
            } else {
                self.refer_by_name(neighbor, &reference);
            }
        }
        if entries.is_empty() {
            let cidr = net.to_string();
            peers.push(block(&cidr));
            self.refer_by_name(neighbor, &reference(&cidr));
        }
    }

    /// One reference for every name of the neighbour.
    fn refer_by_name(&mut self, neighbor: &NetworkNeighbor, reference: &PolicyRef) {
        for dns in neighbor.names() {
            if self.left_out.references {
                return;
            }
            self.refer(PolicyRef {
                dns: dns.to_owned(),
                ..reference.clone()
            });
        }
    }

    fn refer(&mut self, reference: PolicyRef) {
        if self.listed.contains(&reference) {
            return;
        }
        if self.references.len() >= MAX_REFERENCES {
            self.left_out.references = true;
            return;
        }
        self.references.push(reference.clone());
        self.listed.insert(reference);
    }

    /// The ports that a policy may have, in their order, each once.
    fn ports(&mut self, ports: &[NeighborPort]) -> Vec<PolicyPort> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for port in ports {
            let protocol = port.protocol();
            let known = matches!(protocol.as_str(), "TCP" | "UDP" | "SCTP");
            let Some(number) = port.port.filter(|it| known && (1..=65535).contains(it)) else {
                let number = port.port.map(|it| it.to_string()).unwrap_or_default();
                self.left_out
                    .ports
                    .add(&format!("{}-{number}", shown(&protocol)));
                continue;
            };
            if seen.insert((number, protocol.clone())) {
                found.push(PolicyPort {
                    port: Some(PortNumberOrName::Number(number)),
                    end_port: None,
                    protocol: Some(protocol),
                });
            }
        }
        found
    }
}

fn block(cidr: &str) -> PolicyPeer {
    PolicyPeer {
        ip_block: Some(IpBlock {
            cidr: cidr.to_owned(),
            except: Vec::new(),
        }),
        ..PolicyPeer::default()
    }
}
