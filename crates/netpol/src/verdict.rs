//! Whether a policy allows a flow, and why.

use std::fmt;

/// Whether a policy allows a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Allowed(Allowed),
    /// It does not. Another policy for the same pods may, as policies add up.
    Blocked(Blocked),
    /// What was recorded does not tell.
    Undecidable(Undecidable),
}

/// Why a flow is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// The policy is not for these pods.
    PodsNotSelected,
    /// The policy is not for this direction.
    DirectionNotIsolated,
    /// By the rule of this index in its direction.
    Rule(usize),
}

/// Why a flow is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The direction has no rules.
    NoRules,
    /// No rule has such a peer.
    NoPeer,
    /// The rule of this index has the peer, but no rule that does has the port.
    NoPort(usize),
}

/// What would have to be known of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecidable {
    /// Whether the policy selects the workload's pods.
    Selected,
    /// The pod's label of this key.
    PodLabel(String),
    /// The label of the pod's namespace of this key.
    NamespaceLabel(String),
    /// The address of a pod, or whether an address is one of the cluster's pods.
    Address,
    /// Which number the port of this name has.
    NamedPort(String),
    /// Which ports were used.
    Port,
    /// What the policy means: this CIDR is wrong.
    Cidr(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(reason) => write!(f, "allowed: {reason}"),
            Self::Blocked(reason) => write!(f, "blocked: {reason}"),
            Self::Undecidable(reason) => write!(f, "undecidable: {reason}"),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PodsNotSelected => f.write_str("the policy does not select these pods"),
            Self::DirectionNotIsolated => f.write_str("the policy is not for this direction"),
            Self::Rule(index) => write!(f, "by rule {index}"),
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRules => f.write_str("the policy denies this direction altogether"),
            Self::NoPeer => f.write_str("no rule has this peer"),
            Self::NoPort(index) => write!(f, "rule {index} has this peer, but not this port"),
        }
    }
}

impl fmt::Display for Undecidable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selected => f.write_str("whether the policy selects these pods is not known"),
            Self::PodLabel(key) => write!(f, "label `{key}` of the pod was not recorded"),
            Self::NamespaceLabel(key) => {
                write!(f, "label `{key}` of the namespace was not recorded")
            }
            Self::Address => f.write_str("which address the peer has as a pod was not recorded"),
            Self::NamedPort(name) => {
                write!(f, "which number port `{name}` has was not recorded")
            }
            Self::Port => f.write_str("the ports were not recorded"),
            Self::Cidr(text) => write!(f, "the policy has a wrong CIDR, `{text}`"),
        }
    }
}
