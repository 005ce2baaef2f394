//! What kinds a cluster has. Asks for aggregated discovery, which is two
//! requests, and falls back to one for each version of a group.

mod aggregated;
mod legacy;

use std::collections::BTreeMap;

use crate::caller::Caller;
use crate::trouble::Trouble;

/// Aggregated discovery in its versions, or else what every server has.
const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A kind that can be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    /// `""` is the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    /// Its name in paths.
    pub(crate) plural: String,
    /// What users may call it, too.
    pub(crate) names: Vec<String>,
    pub(crate) namespaced: bool,
}

impl Resource {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, as kubectl writes it.
    pub(crate) fn name(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Whether a user means this kind.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let mut names = self.names.iter().chain([&self.kind, &self.plural]);
        names.any(|known| known.eq_ignore_ascii_case(name))
            || self.name().eq_ignore_ascii_case(name)
    }
}

/// What a cluster has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Discovery {
    /// Kinds that can be listed; of each group and kind the preferred version.
    pub(crate) resources: Vec<Resource>,
    /// Groups that may have more kinds, with the reason.
    pub(crate) failed: BTreeMap<String, String>,
}

impl Discovery {
    /// Asks the API server.
    ///
    /// # Errors
    ///
    /// There is no discovery at all. Groups of other servers that do not answer
    /// are in [`Discovery::failed`].
    pub(crate) async fn ask(caller: &Caller) -> Result<Self, Trouble> {
        let mut all = Self::default();
        for root in ["/api", "/apis"] {
            let answer = caller.get(root, ACCEPT).await?;
            if !aggregated::read(&answer, &mut all)? {
                legacy::read(&answer, root, caller, &mut all).await?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, resource: Resource) {
        let same = |known: &Resource| known.group == resource.group && known.kind == resource.kind;
        // Versions come in the server's order of preference.
        if !self.resources.iter().any(same) {
            self.resources.push(resource);
        }
    }
}

/// Text of the server, as part of a message.
fn broken(error: &serde_json::Error) -> Trouble {
    Trouble::Broken(format!("discovery: {error}"))
}
