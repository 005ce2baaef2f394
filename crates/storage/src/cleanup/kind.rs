//! The kinds of the cluster that stored objects can depend on. Pure.

use std::fmt;

/// A kind that workload IDs may name and that is followed in the cluster.
///
/// Those of the reference (section 12) that live in namespaces: a workload ID
/// without a namespace has no kind, so cluster-scoped ones never matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    ConfigMap,
    CronJob,
    DaemonSet,
    Deployment,
    Endpoints,
    EndpointSlice,
    Job,
    Lease,
    PersistentVolumeClaim,
    Pod,
    ReplicaSet,
    Role,
    RoleBinding,
    Secret,
    Service,
    ServiceAccount,
    StatefulSet,
}

/// How the API names a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// As in `Deployment`.
    pub(crate) kind: &'static str,
    /// As in `deployments`.
    pub(crate) plural: &'static str,
    /// As in `apps`; empty for the core group.
    pub(crate) group: &'static str,
}

const fn names(kind: &'static str, plural: &'static str, group: &'static str) -> Names {
    Names {
        kind,
        plural,
        group,
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 17] = [
        Self::ConfigMap,
        Self::CronJob,
        Self::DaemonSet,
        Self::Deployment,
        Self::Endpoints,
        Self::EndpointSlice,
        Self::Job,
        Self::Lease,
        Self::PersistentVolumeClaim,
        Self::Pod,
        Self::ReplicaSet,
        Self::Role,
        Self::RoleBinding,
        Self::Secret,
        Self::Service,
        Self::ServiceAccount,
        Self::StatefulSet,
    ];

    /// What carries a template's hash; see [`super::Facts::template`].
    pub(crate) const WITH_TEMPLATE: [Self; 3] = [Self::Pod, Self::ReplicaSet, Self::StatefulSet];

    /// The kind of that name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.names().kind.eq_ignore_ascii_case(name))
    }

    /// Version `v1` of each is in every cluster that is still supported.
    pub(crate) const fn names(self) -> Names {
        match self {
            Self::ConfigMap => names("ConfigMap", "configmaps", ""),
            Self::CronJob => names("CronJob", "cronjobs", "batch"),
            Self::DaemonSet => names("DaemonSet", "daemonsets", "apps"),
            Self::Deployment => names("Deployment", "deployments", "apps"),
            Self::Endpoints => names("Endpoints", "endpoints", ""),
            Self::EndpointSlice => names("EndpointSlice", "endpointslices", "discovery.k8s.io"),
            Self::Job => names("Job", "jobs", "batch"),
            Self::Lease => names("Lease", "leases", "coordination.k8s.io"),
            Self::PersistentVolumeClaim => {
                names("PersistentVolumeClaim", "persistentvolumeclaims", "")
            }
            Self::Pod => names("Pod", "pods", ""),
            Self::ReplicaSet => names("ReplicaSet", "replicasets", "apps"),
            Self::Role => names("Role", "roles", "rbac.authorization.k8s.io"),
            Self::RoleBinding => names("RoleBinding", "rolebindings", "rbac.authorization.k8s.io"),
            Self::Secret => names("Secret", "secrets", ""),
            Self::Service => names("Service", "services", ""),
            Self::ServiceAccount => names("ServiceAccount", "serviceaccounts", ""),
            Self::StatefulSet => names("StatefulSet", "statefulsets", "apps"),
        }
    }

    /// Whether its objects have containers.
    pub(crate) const fn runs(self) -> bool {
        matches!(
            self,
            Self::CronJob
                | Self::DaemonSet
                | Self::Deployment
                | Self::Job
                | Self::Pod
                | Self::ReplicaSet
                | Self::StatefulSet
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.names().kind)
    }
}
