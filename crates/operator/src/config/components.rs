//! Which parts of the platform are there: `capabilities.json`.

use kubescape_commands::Gate;
use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};

use super::Cluster;
use super::values::Switch;

/// What is switched on. What the file does not say is on where its address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Components {
    /// The scanner of configurations.
    pub kubescape: bool,
    /// The scanner of images.
    pub kubevuln: bool,
    /// Recurring scans of configurations.
    pub kubescape_scheduler: bool,
    /// Recurring scans of images.
    pub kubevuln_scheduler: bool,
    /// The gateway.
    pub gateway: bool,
}

impl Components {
    pub(super) fn read(
        file: ConfigFile,
        cluster: &Cluster,
        env: &Env,
        problems: &mut Problems,
    ) -> Self {
        let mut reader = Reader::new(file, env, problems);
        let mut capability = |name: &str| {
            let mut capabilities = reader.object("capabilities")?;
            let on: Option<Switch> = capabilities.field(name).get();
            on.map(|on| on.0)
        };
        // Asked for at once: an object can be taken out only once.
        let vulnerability = capability("vulnerabilityScan");
        let mut components = reader.object("components");
        let mut enabled = |name: &str| {
            let mut component = components.as_mut()?.object(name)?;
            let on: Option<Switch> = component.field("enabled").get();
            on.map(|on| on.0)
        };
        let kubescape = enabled("kubescape").unwrap_or(true) && !cluster.kubescape_url.is_empty();
        let kubevuln = enabled("kubevuln").or(vulnerability).unwrap_or(true)
            && !cluster.kubevuln_url.is_empty();
        Self {
            kubescape,
            kubevuln,
            kubescape_scheduler: enabled("kubescapeScheduler").unwrap_or(kubescape),
            kubevuln_scheduler: enabled("kubevulnScheduler").unwrap_or(kubevuln),
            gateway: enabled("gateway").unwrap_or(!cluster.gateway_url.is_empty()),
        }
    }

    /// Whether a part is there.
    pub const fn has(self, gate: Gate) -> bool {
        match gate {
            Gate::Kubescape => self.kubescape,
            Gate::Kubevuln => self.kubevuln,
            Gate::KubescapeScheduler => self.kubescape_scheduler,
            Gate::KubevulnScheduler => self.kubevuln_scheduler,
        }
    }
}
