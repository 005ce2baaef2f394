//! A rule: one check over objects, as the building block of controls.

use crate::corpus::Corpus;
use crate::finding::Out;
use crate::object::Object;
use crate::rbac::Vector;
use crate::workload::Workload;

/// The function that judges, by what it looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// One object at a time.
    Object(for<'a> fn(&'a Object<'a>, &mut Out<'a>)),
    /// One object that runs pods at a time.
    Workload(for<'a> fn(&Workload<'a>, &mut Out<'a>)),
    /// One subject with its binding and role at a time.
    Subject(for<'a> fn(&'a Vector<'a>, &mut Out<'a>)),
    /// All objects of the rule's kinds at once, because they are joined.
    Join(for<'a> fn(&'a Corpus<'a>, &mut Out<'a>)),
    /// Nothing to compute: a person has to look.
    Manual,
    /// Cannot be judged here, for this reason; the control is skipped.
    Unavailable(&'static str),
}

impl Check {
    /// Whether the check joins objects and so has to wait for the last one.
    pub fn joins(self) -> bool {
        matches!(self, Check::Join(_) | Check::Subject(_))
    }
}

/// Kinds that a rule reads. Versions do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindMatch {
    /// API group; `""` is the core group, `*` any.
    pub group: &'static str,
    /// Kind, compared without regard to case.
    pub kind: &'static str,
}

impl KindMatch {
    /// Whether objects of this group and kind are meant.
    pub fn matches(&self, group: &str, kind: &str) -> bool {
        (self.group == "*" || self.group == group) && self.kind.eq_ignore_ascii_case(kind)
    }

    /// Whether such objects come from nodes or clouds, not the Kubernetes API.
    pub fn is_external(&self) -> bool {
        crate::object::is_external_group(self.group)
    }
}

/// A rule of the library.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name on the wire.
    pub name: &'static str,
    /// The function that judges.
    pub check: Check,
    /// Kinds that it reads; all of them count as judged by it.
    pub kinds: &'static [KindMatch],
    /// Of a joining rule that looks across namespaces: the kinds by which it does.
    /// While there is no object of these kinds it finds nothing. What the other
    /// joining rules say of an object depends on objects of its own namespace and
    /// on [context](crate::World) only.
    pub wide: &'static [&'static str],
    /// Narrows the judged objects further (kube-apiserver Pods, say).
    pub applies: Option<for<'a> fn(&Object<'a>) -> bool>,
    /// `alertScore` on the wire.
    pub alert_score: f64,
    /// `packagename` on the wire.
    pub package: &'static str,
    /// Names of the inputs that it reads.
    pub inputs: &'static [&'static str],
}

impl Rule {
    /// Whether the rule reads objects of this group and kind.
    pub fn reads(&self, group: &str, kind: &str) -> bool {
        self.kinds.iter().any(|entry| entry.matches(group, kind))
    }

    /// Whether everything the rule reads comes from nodes or clouds.
    pub fn is_external_only(&self) -> bool {
        !self.kinds.is_empty() && self.kinds.iter().all(KindMatch::is_external)
    }
}
