//! Who may do what: each subject of a binding joined with the role it names.

use crate::{Arena, Object, Value};

/// A subject, the binding that names it and the role that the binding grants.
///
/// Paths in findings are rooted here: `relatedObjects[0]` is the binding,
/// `relatedObjects[1]` the role, as in `relatedObjects[1].rules[0].verbs[2]`.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a> {
    /// The entry of the binding's `subjects`.
    pub subject: Value<'a>,
    /// Its place there.
    pub subject_index: usize,
    /// A RoleBinding or ClusterRoleBinding.
    pub binding: &'a Object<'a>,
    /// A Role or ClusterRole.
    pub role: &'a Object<'a>,
    /// The subject with `relatedObjects: [binding, role]`, as it goes on the wire.
    pub value: Value<'a>,
}

impl<'a> Vector<'a> {
    /// Joins a subject with its binding and role.
    pub fn new(
        binding: &'a Object<'a>,
        subject_index: usize,
        role: &'a Object<'a>,
        arena: &'a Arena,
    ) -> Self {
        let subject = binding.at("subjects").index(subject_index);
        let mut entries = subject.entries().to_vec();
        entries.push(("relatedObjects", arena.array(&[binding.value, role.value])));
        Self {
            subject,
            subject_index,
            binding,
            role,
            value: arena.object(&entries),
        }
    }

    /// `kind` of the subject: User, Group or ServiceAccount.
    pub fn subject_kind(&self) -> &'a str {
        self.subject.at("kind").str()
    }

    /// `name` of the subject.
    pub fn subject_name(&self) -> &'a str {
        self.subject.at("name").str()
    }

    /// `namespace` of the subject; `""` for users and groups.
    pub fn subject_namespace(&self) -> &'a str {
        self.subject.at("namespace").str()
    }

    /// `rules` of the role.
    pub fn rules(&self) -> &'a [Value<'a>] {
        self.role.at("rules").items()
    }

    /// The sorted resource IDs of binding, role and
    /// `<apiGroup>/<namespace>/<kind>/<name>` of the subject, joined by `/`.
    /// (config-scanning reference §4, "Resource IDs".)
    pub fn resource_id(&self) -> String {
        let api_group = self.subject.at("apiGroup").str();
        let subject = format!(
            "{api_group}/{}/{}/{}",
            self.subject_namespace(),
            self.subject_kind(),
            self.subject_name()
        );
        let mut parts = [self.binding.resource_id(), self.role.resource_id(), subject];
        parts.sort();
        parts.join("/")
    }
}
