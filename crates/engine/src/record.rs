//! What is kept of a judged resource: who it is and what is wrong with it, in
//! as few bytes as possible, because a cluster has many of them.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::exceptions::Acceptance;
use crate::finding::{Finding, Places};
use crate::plan::RuleNumber;
use crate::{Digest, Object, Scope, Vector};

/// What to do at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathKind {
    /// It is at fault.
    Failed,
    /// A person should look at it.
    Review,
    /// Removing it repairs the fault.
    Delete,
    /// Giving it a value repairs the fault.
    Fix,
}

/// A place in an object and what to do there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FaultPath {
    /// What to do.
    pub kind: PathKind,
    /// Where.
    pub path: Box<str>,
    /// The value to put there, for [`PathKind::Fix`].
    pub value: Box<str>,
}

/// Another resource that explains a fault, with places inside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelatedFault {
    /// Number of its record.
    pub record: u32,
    /// Places inside it.
    pub paths: Box<[FaultPath]>,
}

/// One fault found by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The rule.
    pub rule: RuleNumber,
    /// A sentence for people; may be empty.
    pub message: Box<str>,
    /// Places, each once.
    pub paths: Box<[FaultPath]>,
    /// A command that repairs it; may be empty.
    pub fix_command: Box<str>,
    /// Other resources that explain it.
    pub related: Box<[RelatedFault]>,
}

fn paths(places: &Places<'_>) -> Box<[FaultPath]> {
    let plain = |kind| {
        move |path: &&str| FaultPath {
            kind,
            path: (*path).into(),
            value: "".into(),
        }
    };
    let review = places.review.iter().flatten();
    let delete = places.delete.iter().flatten();
    // `failed` repeats what the other two lists say more precisely.
    let named = |path: &&&str| {
        places
            .review
            .iter()
            .flatten()
            .chain(places.delete.iter().flatten())
            .all(|other| other != *path)
    };
    let failed = places.failed.iter().flatten().filter(named);
    let fix = places.fix.iter().flatten();
    failed
        .map(plain(PathKind::Failed))
        .chain(review.map(plain(PathKind::Review)))
        .chain(delete.map(plain(PathKind::Delete)))
        .chain(fix.map(|(path, value)| FaultPath {
            kind: PathKind::Fix,
            path: (*path).into(),
            value: (*value).into(),
        }))
        .collect()
}

impl Fault {
    /// What is kept of a finding.
    pub fn new(rule: RuleNumber, finding: &Finding<'_>) -> Self {
        let related = finding.related.iter();
        let mut paths_of_finding = paths(&finding.places);
        if finding.fixes_withheld {
            let kept = paths_of_finding
                .into_iter()
                .filter(|path| path.kind != PathKind::Fix);
            paths_of_finding = kept.collect();
        }
        Self {
            rule,
            message: finding.message.into(),
            paths: paths_of_finding,
            fix_command: finding.places.fix_command.into(),
            related: related
                .map(|related| RelatedFault {
                    record: related.object.seq,
                    paths: paths(&related.places),
                })
                .collect(),
        }
    }
}

/// Faults repeat from object to object ("containers[0] has no limit"), so equal
/// ones are kept once.
#[derive(Default)]
pub(crate) struct FaultPool {
    faults: FxHashSet<Arc<Fault>>,
}

/// Hostile input could make every fault unique; then sharing stops at this many.
const POOL_LIMIT: usize = 65_536;

impl FaultPool {
    /// The kept twin of a fault.
    pub(crate) fn share(&mut self, fault: Fault) -> Arc<Fault> {
        if let Some(twin) = self.faults.get(&fault) {
            return Arc::clone(twin);
        }
        let fault = Arc::new(fault);
        if self.faults.len() < POOL_LIMIT && fault.related.is_empty() {
            self.faults.insert(Arc::clone(&fault));
        }
        fault
    }
}

/// A judged resource.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its resource ID.
    pub id: Box<str>,
    /// `apiVersion`.
    pub api_version: Box<str>,
    /// `kind`.
    pub kind: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
    /// `metadata.namespace`.
    pub namespace: Box<str>,
    /// What it weighs in risk scores.
    pub weight: f32,
    /// Rules that count it as judged.
    pub rules: Arc<[RuleNumber]>,
    /// What is wrong with it.
    pub faults: Vec<Arc<Fault>>,
    /// What it was made from.
    pub origin: Origin,
    /// Read for joins only: the user asked not to hear of it.
    pub hidden: bool,
    /// What it tells about where the input comes from.
    pub evidence: Option<Scope>,
    /// [`digest`](crate::digest) of the object; zeros when nobody asked for it.
    pub digest: Digest,
    /// What it is excepted by.
    pub acceptance: Acceptance,
}

/// What a record was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An object of the input.
    Input,
    /// A subject with a binding and a role: the numbers of the latter's records.
    Subject {
        /// The binding's record.
        binding: u32,
        /// The role's record.
        role: u32,
        /// Place in the binding's `subjects`.
        subject: u32,
    },
    /// Made up by a check from several objects of the input.
    Made,
}

impl Record {
    /// A record of an object of the input.
    pub fn of_object(id: String, object: &Object<'_>, rules: Arc<[RuleNumber]>) -> Self {
        Self {
            id: id.into(),
            api_version: object.api_version.into(),
            kind: object.kind.into(),
            name: object.name.into(),
            namespace: object.namespace.into(),
            weight: weight(object),
            evidence: evidence(object),
            digest: Digest::default(),
            acceptance: Acceptance::default(),
            rules,
            faults: Vec::new(),
            origin: Origin::Input,
            hidden: false,
        }
    }

    /// API group; `""` for the core group.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The place of a record that is gone.
    pub(crate) fn vacant() -> Self {
        Self {
            id: "".into(),
            api_version: "".into(),
            kind: "".into(),
            name: "".into(),
            namespace: "".into(),
            weight: 1.0,
            rules: [].into(),
            faults: Vec::new(),
            origin: Origin::Input,
            hidden: true,
            evidence: None,
            digest: Digest::default(),
            acceptance: Acceptance::default(),
        }
    }

    /// A record of a subject with its binding and role.
    pub fn of_vector(vector: &Vector<'_>, weight: f32, rules: Arc<[RuleNumber]>) -> Self {
        Self {
            id: vector.resource_id().into(),
            api_version: vector.subject.at("apiGroup").str().into(),
            kind: vector.subject_kind().into(),
            name: vector.subject_name().into(),
            namespace: vector.subject_namespace().into(),
            weight,
            rules,
            faults: Vec::new(),
            origin: Origin::Subject {
                binding: vector.binding.seq,
                role: vector.role.seq,
                subject: u32::try_from(vector.subject_index).unwrap_or(u32::MAX),
            },
            hidden: false,
            evidence: None,
            digest: Digest::default(),
            acceptance: Acceptance::default(),
        }
    }
}

/// What only a living cluster has: nodes, what they and the cloud say of
/// themselves, the pods of the control plane. Nobody writes these as manifests.
fn evidence(object: &Object<'_>) -> Option<Scope> {
    match (object.group, object.kind) {
        ("eks.amazonaws.com", _) => Some(Scope::Eks),
        ("management.azure.com", _) => Some(Scope::Aks),
        ("container.googleapis.com", _) => Some(Scope::Gke),
        ("hostdata.kubescape.cloud" | "apiserverinfo.kubescape.cloud", _) => Some(Scope::Cluster),
        ("", "Node") => {
            let id = object.spec().at("providerID").str();
            Some(match id.split_once("://") {
                Some(("aws", _)) => Scope::Eks,
                Some(("azure", _)) => Scope::Aks,
                Some(("gce", _)) => Scope::Gke,
                _ => Scope::Cluster,
            })
        }
        ("", "Pod") if object.namespace == "kube-system" => {
            let component = object.labels().at("component").str();
            let known = matches!(
                component,
                "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd"
            );
            known.then_some(Scope::Cluster)
        }
        _ => None,
    }
}

/// The most telling evidence: a managed cluster before any cluster, of several
/// the first.
pub(crate) fn most_telling(records: &[Record]) -> Option<Scope> {
    let mut all = records.iter().filter_map(|record| record.evidence);
    let managed = all.clone().find(|scope| scope.provider().is_some());
    managed.or_else(|| all.next())
}

/// 1, or `replicas · 1.1` above one replica, or the number of scheduled pods of
/// a DaemonSet. (config-scanning reference §5.1.)
fn weight(object: &Object<'_>) -> f32 {
    #[allow(clippy::cast_possible_truncation)]
    let number = |value: crate::Value<'_>| {
        value
            .as_f64()
            .map(|number| number as f32)
            .filter(|number| number.is_finite())
    };
    if object.kind == "DaemonSet" {
        return number(object.at("status").at("desiredNumberScheduled"))
            .filter(|pods| *pods > 0.0)
            .unwrap_or(1.0);
    }
    number(object.spec().at("replicas"))
        .filter(|replicas| *replicas > 1.0)
        .map_or(1.0, |replicas| replicas * 1.1)
}
