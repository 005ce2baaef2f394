//! The roles that a process can take.

use std::fmt;
use std::str::FromStr;

/// One role of the platform. Closed: whoever adds one has to say what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The aggregated API with the results.
    Storage,
    /// Scans of configurations.
    Scanner,
    /// Scans of images.
    Vuln,
    /// Commands, schedules, continuous scanning.
    Operator,
    /// Fan-out of commands over websockets.
    Gateway,
    /// Inventory reports.
    Kollector,
    /// Observation of a node: eBPF, relevancy, host facts.
    Node,
    /// One HTTP request, for `CronJobs`.
    Trigger,
    /// Event receiver, dashboard and page for many clusters.
    Backend,
    /// Upgrades of the release.
    Upgrade,
}

impl Role {
    /// All of them, in the order of the documentation.
    pub const ALL: [Role; 10] = [
        Role::Storage,
        Role::Scanner,
        Role::Vuln,
        Role::Operator,
        Role::Gateway,
        Role::Kollector,
        Role::Node,
        Role::Trigger,
        Role::Backend,
        Role::Upgrade,
    ];

    /// The name on the command line and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Storage => "storage",
            Role::Scanner => "scanner",
            Role::Vuln => "vuln",
            Role::Operator => "operator",
            Role::Gateway => "gateway",
            Role::Kollector => "kollector",
            Role::Node => "node",
            Role::Trigger => "trigger",
            Role::Backend => "backend",
            Role::Upgrade => "upgrade",
        }
    }

    /// Other names that are accepted: those of the components that a role replaces.
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Role::Scanner => &["ksserver"],
            Role::Vuln => &["kubevuln"],
            Role::Node => &["node-agent", "host-scanner"],
            Role::Trigger => &["http-request"],
            Role::Upgrade => &["helm-release-upgrader"],
            Role::Storage | Role::Operator | Role::Gateway | Role::Kollector | Role::Backend => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no role has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a role: use one of storage, scanner, vuln, operator, gateway, kollector, node, trigger, backend, upgrade"
)]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == text || role.aliases().contains(&text))
            .ok_or_else(|| UnknownRole(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_alias_leads_to_one_role() {
        let mut seen = std::collections::BTreeSet::new();
        for role in Role::ALL {
            for name in role.aliases().iter().copied().chain([role.name()]) {
                assert!(seen.insert(name), "{name} is used twice");
                assert_eq!(name.parse(), Ok(role));
                assert!(!name.contains(char::is_uppercase));
            }
            assert!(UnknownRole(String::new()).to_string().contains(role.name()));
        }
    }
}
