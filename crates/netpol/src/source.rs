//! The one form of all that policies are generated from.

use std::borrow::Cow;

use kubescape_names::{annotation, label};

use crate::metadata::Metadata;
use crate::neighbors::{NetworkNeighbor, NetworkNeighborhood, NetworkNeighbors};
use crate::selector::LabelSelector;
use crate::simulate::Direction;
use crate::warning::{Warning, shown};

/// What was observed of a workload, whichever object holds it.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// Metadata of the object.
    pub metadata: &'a Metadata,
    /// The workload's pods.
    pub selector: &'a LabelSelector,
    /// What the policy is to be called: as the source, or, for a
    /// `NetworkNeighborhood`, whose name may have a revision,
    /// `<kind>-<name>` of the workload.
    pub policy_name: Cow<'a, str>,
    /// Who connects to the pods, over all containers.
    pub ingress: Vec<&'a NetworkNeighbor>,
    /// Whom the pods connect to, over all containers.
    pub egress: Vec<&'a NetworkNeighbor>,
}

impl<'a> Source<'a> {
    /// The neighbours in one direction.
    pub fn neighbors(&self, direction: Direction) -> &[&'a NetworkNeighbor] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Why traffic may be missing from the observation, if it may.
    pub fn gaps(&self) -> Vec<Warning> {
        use annotation::status;

        let mut warnings = Vec::new();
        if self.is_managed_by_user() {
            return warnings;
        }
        let status = self.status();
        if status != status::COMPLETE && status != status::COMPLETED {
            warnings.push(Warning::Incomplete {
                status: shown(status),
            });
        }
        if self.misses_the_start() {
            warnings.push(Warning::StartNotObserved);
        }
        warnings
    }

    /// The annotation `kubescape.io/status`.
    fn status(&self) -> &str {
        self.annotation(annotation::STATUS)
    }

    /// Whether the object is a user's own and complete by definition.
    fn is_managed_by_user(&self) -> bool {
        self.annotation(annotation::MANAGED_BY) == annotation::MANAGED_BY_USER
    }

    /// Whether the workload had been running when the observation began.
    fn misses_the_start(&self) -> bool {
        self.annotation(annotation::COMPLETION) == annotation::completion::PARTIAL
    }

    fn annotation(&self, key: annotation::AnnotationKey) -> &str {
        let value = self.metadata.annotations.get(key.as_str());
        value.map_or("", String::as_str)
    }
}

impl<'a> From<&'a NetworkNeighbors> for Source<'a> {
    fn from(object: &'a NetworkNeighbors) -> Self {
        Self {
            metadata: &object.metadata,
            selector: &object.spec.selector,
            policy_name: Cow::Borrowed(&object.metadata.name),
            ingress: object.spec.ingress.iter().collect(),
            egress: object.spec.egress.iter().collect(),
        }
    }
}

impl<'a> From<&'a NetworkNeighborhood> for Source<'a> {
    fn from(object: &'a NetworkNeighborhood) -> Self {
        let spec = &object.spec;
        Self {
            metadata: &object.metadata,
            selector: &spec.selector,
            policy_name: workload_name(&object.metadata),
            ingress: spec.all_containers().flat_map(|it| &it.ingress).collect(),
            egress: spec.all_containers().flat_map(|it| &it.egress).collect(),
        }
    }
}

fn workload_name(metadata: &Metadata) -> Cow<'_, str> {
    let label = |key: label::LabelKey| metadata.labels.get(key.as_str());
    let (Some(kind), Some(name)) = (label(label::WORKLOAD_KIND), label(label::WORKLOAD_NAME))
    else {
        return Cow::Borrowed(&metadata.name);
    };
    match kubescape_names::workload_object_name(kind, name) {
        Ok(name) => Cow::Owned(name.into_string()),
        Err(_) => Cow::Borrowed(&metadata.name),
    }
}
