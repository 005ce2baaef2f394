//! NetworkPolicies from observed traffic, and what a NetworkPolicy would have
//! blocked of it. Pure: no I/O, clock, thread or async.
//!
//! [`generate`] turns the neighbours that were observed of a workload
//! ([`NetworkNeighbors`] or [`NetworkNeighborhood`]) and the networks that users
//! named ([`KnownServer`]) into a [`GeneratedNetworkPolicy`]; [`simulate`] says
//! which observed flows any policy would have blocked, [`simulate_together`]
//! which ones several would. (storage reference §8.)

mod address;
mod block;
mod facts;
mod generate;
mod generated;
mod judge;
mod known;
mod lenient;
mod merge;
mod metadata;
mod neighbors;
mod policy;
mod ports;
mod rule;
mod selector;
mod simulate;
mod source;
mod together;
mod verdict;
mod volatile;
mod warning;

pub use generate::{Options, generate};
pub use generated::{Generated, GeneratedNetworkPolicy, PolicyRef};
pub use known::{KnownServer, KnownServerEntry, KnownServers};
pub use metadata::Metadata;
pub use neighbors::{
    ContainerNeighbors, NeighborPort, NetworkNeighbor, NetworkNeighborhood,
    NetworkNeighborhoodSpec, NetworkNeighbors, NetworkNeighborsSpec,
};
pub use policy::{
    EgressRule, IngressRule, IpBlock, NetworkPolicy, NetworkPolicySpec, PolicyPeer, PolicyPort,
    PortNumberOrName,
};
pub use selector::{LabelSelector, LabelSelectorRequirement};
pub use simulate::{Direction, Flow, MAX_LISTED_FLOWS, Simulation, isolates, selects, simulate};
pub use source::Source;
pub use together::{JointFlow, JointVerdict, Opinion, simulate_together};
pub use verdict::{Allowed, Blocked, Undecidable, Verdict};
pub use warning::Warning;
