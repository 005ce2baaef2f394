//! Names of configuration scans and of their summaries, which share them.

use crate::object_name::{MAX_NAME_LENGTH, NameError, ObjectName, with_hash, with_hash_if_long};
use crate::sanitize::sanitize_name;

/// The object that was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedObject<'a> {
    /// `apiVersion`, as in `apps/v1`.
    pub api_version: &'a str,
    /// `kind`, as in `Deployment`.
    pub kind: &'a str,
    /// `metadata.namespace`; `""` if it has none.
    pub namespace: &'a str,
    /// `metadata.name`.
    pub name: &'a str,
}

impl ScannedObject<'_> {
    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |it| it.0)
    }

    fn seed(&self) -> String {
        let Self {
            api_version,
            kind,
            namespace,
            name,
        } = self;
        format!("{api_version}-{kind}-{namespace}-{name}")
    }

    fn later(&self) -> String {
        format!("{}-{}", self.kind, self.name)
    }

    /// Whether a kind and a name are there. Without, all such objects would
    /// share one name. (storage reference §14.)
    fn check(&self) -> Result<(), NameError> {
        for (part, text) in [("kind", self.kind), ("name", self.name)] {
            if text.is_empty() {
                return Err(NameError::MissingPart { part });
            }
        }
        Ok(())
    }
}

/// A subject, the role that it has, and the binding that gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RbacTriplet<'a> {
    /// The User, Group or ServiceAccount.
    pub subject: ScannedObject<'a>,
    /// The Role or ClusterRole.
    pub role: ScannedObject<'a>,
    /// The RoleBinding or ClusterRoleBinding.
    pub binding: ScannedObject<'a>,
}

impl<'a> RbacTriplet<'a> {
    fn check(&self) -> Result<(), NameError> {
        self.members().iter().try_for_each(ScannedObject::check)
    }

    fn members(&self) -> [ScannedObject<'a>; 3] {
        [self.subject, self.role, self.binding]
    }

    fn joined(&self, text: impl Fn(&ScannedObject<'a>) -> String) -> String {
        self.members()
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join("-")
    }
}

/// The seed's name: `<apiVersion>-<kind>-<ns>-<name>-h1-h2`.
pub fn scan_name_seed(object: &ScannedObject<'_>) -> Result<ObjectName, NameError> {
    object.check()?;
    always_hashed(&object.seed(), &object.seed())
}

/// The name that later clients give: `<kind>-<name>`, with a hash of it only if
/// it is very long.
pub fn scan_name_later(object: &ScannedObject<'_>) -> Result<ObjectName, NameError> {
    object.check()?;
    hashed_if_long(&object.later())
}

/// Our name: `deployment-cart`. Outside of the
/// [groups of Kubernetes](is_built_in_group), where kinds of two groups may have
/// one name, `-h1-h2` follows: the hash of `<group>/<Kind>-<name>`, so that a
/// new version of a kind keeps its names.
pub fn scan_name(object: &ScannedObject<'_>) -> Result<ObjectName, NameError> {
    if is_built_in_group(object.group()) {
        return scan_name_later(object);
    }
    object.check()?;
    let hashed = format!("{}/{}", object.group(), object.later());
    always_hashed(&object.later(), &hashed)
}

/// The seed's name of a triplet: the three texts of [`scan_name_seed`] in a row,
/// one hash after them.
pub fn rbac_scan_name_seed(triplet: &RbacTriplet<'_>) -> Result<ObjectName, NameError> {
    triplet.check()?;
    let text = triplet.joined(ScannedObject::seed);
    always_hashed(&text, &text)
}

/// The name of a triplet that later clients give:
/// `user-alice-clusterrole-edit-rolebinding-alice-edit`.
pub fn rbac_scan_name_later(triplet: &RbacTriplet<'_>) -> Result<ObjectName, NameError> {
    triplet.check()?;
    hashed_if_long(&triplet.joined(ScannedObject::later))
}

/// Our name of a triplet: the [later one](rbac_scan_name_later), and after it,
/// if the subject or the binding has a namespace, the hash of the
/// [seed's](rbac_scan_name_seed) text. All triplets are stored in one namespace:
/// without the hash, a RoleBinding that many namespaces have would be stored
/// once.
pub fn rbac_scan_name(triplet: &RbacTriplet<'_>) -> Result<ObjectName, NameError> {
    let namespaced = [triplet.subject, triplet.binding];
    if namespaced.iter().all(|it| it.namespace.is_empty()) {
        return rbac_scan_name_later(triplet);
    }
    triplet.check()?;
    let hashed = triplet.joined(ScannedObject::seed);
    always_hashed(&triplet.joined(ScannedObject::later), &hashed)
}

fn always_hashed(base: &str, hashed: &str) -> Result<ObjectName, NameError> {
    ObjectName::new(with_hash(&sanitize_name(base), hashed, MAX_NAME_LENGTH))
}

fn hashed_if_long(base: &str) -> Result<ObjectName, NameError> {
    ObjectName::new(with_hash_if_long(
        &sanitize_name(base),
        base,
        MAX_NAME_LENGTH,
    ))
}

/// Whether this API group comes with Kubernetes. Two of its kinds have one name
/// only if they are the same objects (Ingress in `extensions` and
/// `networking.k8s.io`). `""` is the core group.
pub fn is_built_in_group(group: &str) -> bool {
    matches!(
        group,
        "" | "admissionregistration.k8s.io"
            | "apiextensions.k8s.io"
            | "apiregistration.k8s.io"
            | "apps"
            | "authentication.k8s.io"
            | "authorization.k8s.io"
            | "autoscaling"
            | "batch"
            | "certificates.k8s.io"
            | "coordination.k8s.io"
            | "discovery.k8s.io"
            | "events.k8s.io"
            | "extensions"
            | "flowcontrol.apiserver.k8s.io"
            | "internal.apiserver.k8s.io"
            | "networking.k8s.io"
            | "node.k8s.io"
            | "policy"
            | "rbac.authorization.k8s.io"
            | "resource.k8s.io"
            | "scheduling.k8s.io"
            | "storage.k8s.io"
            | "storagemigration.k8s.io"
    )
}

#[cfg(test)]
mod tests;
