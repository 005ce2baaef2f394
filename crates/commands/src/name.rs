//! What a command may ask for.

use std::fmt;

/// The part of the platform that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The scanner of configurations.
    Kubescape,
    /// The scanner of images.
    Kubevuln,
    /// Recurring scans of configurations.
    KubescapeScheduler,
    /// Recurring scans of images.
    KubevulnScheduler,
}

impl Gate {
    /// The component's name in `capabilities.json` and in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubescape => "kubescape",
            Self::Kubevuln => "kubevuln",
            Self::KubescapeScheduler => "kubescapeScheduler",
            Self::KubevulnScheduler => "kubevulnScheduler",
        }
    }
}

/// What is scanned again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Schedule {
    /// Configurations.
    Kubescape,
    /// Images of workloads.
    Vulnerability,
    /// Images of a registry.
    Registry,
}

impl Schedule {
    /// The `ConfigMap` with the template of its `CronJob`.
    pub const fn template(self) -> &'static str {
        match self {
            Self::Kubescape => "kubescape-cronjob-template",
            Self::Vulnerability => "kubevuln-cronjob-template",
            Self::Registry => "registry-scan-cronjob-template",
        }
    }

    /// The value of the label `armo.tier`.
    pub const fn tier(self) -> &'static str {
        match self {
            Self::Kubescape => "kubescape-scan",
            Self::Vulnerability => "vuln-scan",
            Self::Registry => "registry-scan",
        }
    }
}

/// What happens to a recurring scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make one.
    Set,
    /// Change one.
    Update,
    /// Remove one.
    Delete,
}

/// The commands that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandName {
    /// Scan configurations; also `runKubescapeJob`.
    KubescapeScan,
    /// Scan images of workloads.
    Scan,
    /// Change a recurring scan.
    Cron(Change, Schedule),
    /// Scan a registry.
    ScanRegistry,
    /// See whether a registry can be scanned.
    TestRegistryConnectivity,
}

impl CommandName {
    /// All, as they are documented.
    pub const ALL: [(&'static str, CommandName); 14] = [
        ("kubescapeScan", Self::KubescapeScan),
        ("runKubescapeJob", Self::KubescapeScan),
        ("scan", Self::Scan),
        ("scanRegistry", Self::ScanRegistry),
        ("testRegistryConnectivity", Self::TestRegistryConnectivity),
        (
            "setKubescapeCronJob",
            Self::Cron(Change::Set, Schedule::Kubescape),
        ),
        (
            "updateKubescapeCronJob",
            Self::Cron(Change::Update, Schedule::Kubescape),
        ),
        (
            "deleteKubescapeCronJob",
            Self::Cron(Change::Delete, Schedule::Kubescape),
        ),
        (
            "setVulnScanCronJob",
            Self::Cron(Change::Set, Schedule::Vulnerability),
        ),
        (
            "updateVulnScanCronJob",
            Self::Cron(Change::Update, Schedule::Vulnerability),
        ),
        (
            "deleteVulnScanCronJob",
            Self::Cron(Change::Delete, Schedule::Vulnerability),
        ),
        (
            "setRegistryScanCronJob",
            Self::Cron(Change::Set, Schedule::Registry),
        ),
        (
            "updateRegistryScanCronJob",
            Self::Cron(Change::Update, Schedule::Registry),
        ),
        (
            "deleteRegistryScanCronJob",
            Self::Cron(Change::Delete, Schedule::Registry),
        ),
    ];

    /// The command of this name; case counts, as upstream's does.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, command)| *command)
    }

    /// The name, for logs and metrics.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, command)| *command == self)
            .map_or("", |(name, _)| name)
    }

    /// What has to be there.
    pub const fn gate(self) -> Gate {
        match self {
            Self::KubescapeScan => Gate::Kubescape,
            Self::Scan | Self::ScanRegistry | Self::TestRegistryConnectivity => Gate::Kubevuln,
            Self::Cron(_, Schedule::Kubescape) => Gate::KubescapeScheduler,
            Self::Cron(_, _) => Gate::KubevulnScheduler,
        }
    }

    /// Whether it is carried out once for each workload that it reaches. Commands to
    /// the scanner of configurations and those of recurring scans keep their scope.
    pub const fn expands(self) -> bool {
        matches!(self, Self::Scan)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
