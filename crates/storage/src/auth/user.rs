//! A user, as Kubernetes knows one.

use std::collections::BTreeMap;

/// Members may do everything, also when no reviewer can be reached.
pub(crate) const MASTERS: &str = "system:masters";

/// Who asks. (`k8s.io/apiserver/pkg/authentication/user`)
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct User {
    /// The name, such as `system:serviceaccount:kubescape:kubevuln`.
    pub name: String,
    /// The uid; often empty.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
    /// What else the authenticator knows.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// Whether it belongs to those who may do everything.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}
