//! Which parts of the platform are there: `capabilities.json`.

use kubescape_commands::Gate;
use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};

use super::Cluster;
use super::values::Switch;

/// What is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Components {
    /// The scanner of configurations, where there is one.
    pub kubescape: bool,
    /// The scanner of images, where there is one.
    pub kubevuln: bool,
    /// Recurring scans of configurations; not said: where these are scanned.
    pub kubescape_scheduler: Option<bool>,
    /// Recurring scans of images; not said: where these are scanned.
    pub kubevuln_scheduler: Option<bool>,
    /// The gateway.
    pub gateway: bool,
}

/// The scanners that there is a way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) configurations: bool,
    pub(crate) images: bool,
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
        Self {
            kubescape: enabled("kubescape").unwrap_or(true),
            kubevuln: enabled("kubevuln").or(vulnerability).unwrap_or(true),
            kubescape_scheduler: enabled("kubescapeScheduler"),
            kubevuln_scheduler: enabled("kubevulnScheduler"),
            gateway: enabled("gateway").unwrap_or(!cluster.gateway_url.is_empty()),
        }
    }

    /// Whether a part is there.
    pub(crate) fn has(self, gate: Gate, present: Present) -> bool {
        let kubescape = self.kubescape && present.configurations;
        let kubevuln = self.kubevuln && present.images;
        match gate {
            Gate::Kubescape => kubescape,
            Gate::Kubevuln => kubevuln,
            Gate::KubescapeScheduler => self.kubescape_scheduler.unwrap_or(kubescape),
            Gate::KubevulnScheduler => self.kubevuln_scheduler.unwrap_or(kubevuln),
        }
    }
}
