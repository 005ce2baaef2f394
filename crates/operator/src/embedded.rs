//! What a process that runs several roles gives to this one.

use std::fmt;
use std::sync::Arc;

use crate::calls::ScannerCalls;
use crate::clock::Clock;

/// Parts of the same process; the default is none, as for a role alone.
#[derive(Clone, Default)]
pub struct Embedded {
    /// The way to the cluster, instead of a kubeconfig.
    pub client: Option<kube::Client>,
    /// The scanner of configurations, instead of `kubescapeURL`.
    pub configurations: Option<Arc<dyn ScannerCalls>>,
    /// The scanner of images, instead of `kubevulnURL`.
    pub images: Option<Arc<dyn ScannerCalls>>,
    /// By which recurring scans are due.
    pub clock: Clock,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("client", &self.client.is_some())
            .field("configurations", &self.configurations.is_some())
            .field("images", &self.images.is_some())
            .finish_non_exhaustive()
    }
}
