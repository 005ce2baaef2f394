//! What to know before relying on a generated policy.

use std::fmt;

/// Something that makes a generated policy narrower or wider than the workload's
/// real traffic. Texts from outside are cut to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No traffic that a policy can express was observed. Applied, such a policy
    /// denies all ingress.
    NothingObserved,
    /// The observation is not finished.
    Incomplete {
        /// Its `kubescape.io/status`, or `""`.
        status: String,
    },
    /// The workload had been running before the observation began.
    StartNotObserved,
    /// The source selects every pod of the namespace.
    SelectsAllPods,
    /// Neighbours that have neither a selector nor an address.
    NoPeer {
        /// How many.
        count: usize,
        /// A name of the first, or `""`.
        dns: String,
    },
    /// Addresses that are none.
    BadAddress {
        /// How many.
        count: usize,
        /// The first.
        address: String,
    },
    /// Ports without a number from 1 to 65535 or with an unknown protocol.
    BadPort {
        /// How many.
        count: usize,
        /// The first, as in `TCP-0`.
        port: String,
    },
    /// Neighbours of which nothing but volatile labels is known; those were kept.
    VolatileLabelsOnly {
        /// How many.
        count: usize,
    },
    /// Neighbours that are pods without labels: only all pods include them.
    AllPodsAsPeer {
        /// How many.
        count: usize,
    },
    /// More references than are listed; the rules are complete.
    TooManyReferences {
        /// How many are listed.
        listed: usize,
    },
}

/// How much of a foreign text a warning repeats, in characters.
const SHOWN: usize = 64;

/// The start of a foreign text, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let printable = text.chars().take(SHOWN);
    printable
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingObserved => f.write_str(
                "no traffic was observed: applied, this policy denies all ingress to the selected pods",
            ),
            Self::Incomplete { status } if status.is_empty() => {
                f.write_str("the observation has no status: traffic may be missing")
            }
            Self::Incomplete { status } => write!(
                f,
                "the observation is not finished (status `{status}`): traffic may be missing"
            ),
            Self::StartNotObserved => f.write_str(
                "the workload started before the observation: restart it to also learn its traffic at start",
            ),
            Self::SelectsAllPods => f.write_str(
                "the source has no pod selector: the policy is for every pod of the namespace",
            ),
            Self::NoPeer { count, dns } if dns.is_empty() => write!(
                f,
                "{count} neighbour(s) with neither selector nor address are left out"
            ),
            Self::NoPeer { count, dns } => write!(
                f,
                "{count} neighbour(s) with neither selector nor address are left out, as `{dns}`: a NetworkPolicy knows no domain names"
            ),
            Self::BadAddress { count, address } => {
                write!(f, "{count} wrong address(es) are left out, as `{address}`")
            }
            Self::BadPort { count, port } => {
                write!(f, "{count} wrong port(s) are left out, as `{port}`")
            }
            Self::VolatileLabelsOnly { count } => write!(
                f,
                "{count} neighbour(s) have only labels that change with every rollout"
            ),
            Self::AllPodsAsPeer { count } => write!(
                f,
                "{count} neighbour(s) are pods without labels: every pod of their namespace is allowed"
            ),
            Self::TooManyReferences { listed } => write!(
                f,
                "policyRef lists the first {listed} references only; the rules are complete"
            ),
        }
    }
}

/// Counts what was left out or kept too wide or narrow, with the first of each as an example.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    pub(crate) peers: Examples,
    pub(crate) addresses: Examples,
    pub(crate) ports: Examples,
    pub(crate) volatile: Examples,
    pub(crate) unlabelled: Examples,
    pub(crate) references: bool,
}

/// How many there were, and the first.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    count: usize,
    first: String,
}

impl Examples {
    pub(crate) fn add(&mut self, text: &str) {
        if self.count == 0 {
            self.first = shown(text);
        }
        self.count += 1;
    }
}

impl LeftOut {
    /// The warnings, in a fixed order.
    pub(crate) fn warnings(self, listed: usize) -> Vec<Warning> {
        let Self {
            peers,
            addresses,
            ports,
            volatile,
            unlabelled,
            references,
        } = self;
        let mut warnings = Vec::new();
        if peers.count > 0 {
            warnings.push(Warning::NoPeer {
                count: peers.count,
                dns: peers.first,
            });
        }
        if addresses.count > 0 {
            warnings.push(Warning::BadAddress {
                count: addresses.count,
                address: addresses.first,
            });
        }
        if ports.count > 0 {
            warnings.push(Warning::BadPort {
                count: ports.count,
                port: ports.first,
            });
        }
        if volatile.count > 0 {
            warnings.push(Warning::VolatileLabelsOnly {
                count: volatile.count,
            });
        }
        if unlabelled.count > 0 {
            warnings.push(Warning::AllPodsAsPeer {
                count: unlabelled.count,
            });
        }
        if references {
            warnings.push(Warning::TooManyReferences { listed });
        }
        warnings
    }
}
