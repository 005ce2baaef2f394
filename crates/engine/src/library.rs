//! Controls and frameworks: what rules add up to.

use crate::rule::Rule;

/// How bad a failed control is, from its base score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Base score below 1.
    Unknown,
    /// 1 to below 4.
    Low,
    /// 4 to below 7.
    Medium,
    /// 7 to below 9.
    High,
    /// 9 and above.
    Critical,
}

impl Severity {
    /// All of them, worst first.
    pub const WORST_FIRST: [Severity; 5] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Unknown,
    ];

    /// The severity of a base score.
    pub fn of_score(score: f32) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score >= 1.0 => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The name on the wire: `Critical`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Unknown => "Unknown",
        }
    }

    /// The severity of that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::WORST_FIRST
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

/// Where a control makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Files: manifests without a cluster.
    File,
    /// Any cluster.
    Cluster,
    /// Any managed cluster.
    Cloud,
    /// Amazon EKS.
    Eks,
    /// Azure AKS.
    Aks,
    /// Google GKE.
    Gke,
}

impl Scope {
    /// The cloud provider, as rules name it.
    pub fn provider(self) -> Option<&'static str> {
        match self {
            Scope::Eks => Some("eks"),
            Scope::Aks => Some("aks"),
            Scope::Gke => Some("gke"),
            Scope::File | Scope::Cluster | Scope::Cloud => None,
        }
    }

    /// Whether a control of this scope runs when the target is `target`.
    /// (config-scanning reference §2.3, `scanningScope`.)
    pub fn fits(self, target: Scope) -> bool {
        use Scope::{Aks, Cloud, Cluster, Eks, File, Gke};
        match self {
            File => target == File,
            Cluster => matches!(target, Cluster | Cloud | Eks | Aks | Gke),
            Cloud => matches!(target, Cloud | Eks | Aks | Gke),
            Eks | Aks | Gke => self == target,
        }
    }
}

/// What a person has to do before or after a control means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionRequired {
    /// Fill in its inputs.
    Configuration,
    /// Look at what failed.
    RequiresReview,
    /// Judge it altogether.
    ManualReview,
}

/// A control of the library.
#[derive(Clone, Copy)]
pub struct Control {
    /// `C-0016`.
    pub id: &'static str,
    /// What it wants, in a few words.
    pub name: &'static str,
    /// 0 to 10.
    pub base_score: f32,
    /// What part of the system it is about; `""` for none.
    pub category: &'static str,
    /// A finer part; `""` for none.
    pub subcategory: &'static str,
    /// Where it makes sense; empty for everywhere.
    pub scopes: &'static [Scope],
    /// What a person has to do.
    pub action_required: Option<ActionRequired>,
    /// What it finds and why that matters (Markdown).
    pub description: &'static str,
    /// What to change (Markdown with YAML).
    pub remediation: &'static str,
    /// Its rules.
    pub rules: &'static [&'static Rule],
}

impl Control {
    /// The severity of its base score.
    pub fn severity(&self) -> Severity {
        Severity::of_score(self.base_score)
    }

    /// Whether it runs against this target.
    pub fn fits(&self, target: Scope) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.fits(target))
    }

    /// Names of the inputs that its rules read, each once.
    pub fn inputs(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self
            .rules
            .iter()
            .flat_map(|rule| rule.inputs)
            .copied()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// A named set of controls.
#[derive(Clone, Copy)]
pub struct Framework {
    /// `NSA`; compared without regard to case.
    pub name: &'static str,
    /// Who publishes it and what it is about.
    pub description: &'static str,
    /// Its controls, by ID.
    pub controls: &'static [&'static Control],
}

/// Everything that can be judged.
#[derive(Clone, Copy)]
pub struct Library {
    /// Version of the library, for results.
    pub version: &'static str,
    /// All controls, by ID.
    pub controls: &'static [Control],
    /// All rules, by name.
    pub rules: &'static [Rule],
    /// All frameworks, by name.
    pub frameworks: &'static [Framework],
}

impl Library {
    /// The control of that ID, in any case.
    pub fn control(&self, id: &str) -> Option<&'static Control> {
        self.controls
            .iter()
            .find(|control| control.id.eq_ignore_ascii_case(id))
    }

    /// The framework of that name, in any case.
    pub fn framework(&self, name: &str) -> Option<&'static Framework> {
        self.frameworks
            .iter()
            .find(|framework| framework.name.eq_ignore_ascii_case(name))
    }

    /// The rule of exactly that name.
    pub fn rule(&self, name: &str) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The frameworks that a control belongs to.
    pub fn frameworks_of(&self, id: &str) -> impl Iterator<Item = &'static Framework> {
        let holds =
            move |framework: &&Framework| framework.controls.iter().any(|control| control.id == id);
        self.frameworks.iter().filter(holds)
    }
}
