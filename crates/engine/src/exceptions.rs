//! Exceptions: what users accept although rules fail it. (config-scanning reference §6)
//!
//! [`read`] makes [`Policy`]s of documents, [`Exceptions`] compiles them once. While an
//! object streams past, an index says which policies are for it, so that objects
//! without any cost little; what these policies accept is looked up
//! when statuses are added up, and only where a rule failed. [`Audit`] says what became of
//! each policy.
//!
//! A policy's entries are matched as a whole, and an entry that names a framework
//! holds in that framework only. In a scan by several frameworks a control is
//! excepted altogether when it is in each of them.

mod audit;
mod designator;
mod inline;
mod pattern;
mod policy;
mod reach;
mod read;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::plan::RuleNumber;
use crate::record::{Fault, Record};
use crate::{Object, Value};
use designator::{Compiled, Extent, Key, Who};
use pattern::Compiler;

pub use audit::{Audit, Fate};
pub use designator::ContainerAt;
pub use inline::Inline;
pub use policy::{Designator, Expiry, Operator, Policy, Posture, Requirement};
pub(crate) use reach::Reach;
pub use read::read;

/// Policies, ready to be matched.
#[derive(Default)]
pub struct Exceptions {
    policies: Vec<Policy>,
    /// For each policy, why some of it, or all, never matches.
    notes: Vec<Vec<String>>,
    /// For each policy, how many of its designators can match, here or elsewhere.
    usable: Vec<usize>,
    /// For each policy, why it does not hold any more.
    ended: Vec<Option<String>>,
    designators: Vec<(u32, Compiled)>,
    /// Numbers of designators by a key that is plain text.
    by_key: HashMap<Key, Vec<u32>>,
    /// Numbers of the others.
    others: Vec<u32>,
    /// The time, when annotations of objects count.
    inline: Option<Timestamp>,
}

/// A policy that is for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Number of the policy.
    pub(crate) policy: u32,
    /// Its containers, or the whole object.
    containers: Option<Box<[ContainerAt]>>,
}

/// What an object, or a subject, is excepted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// Policies that are for it, by number.
    pub(crate) policies: Box<[Accepted]>,
    /// What its own annotations say.
    pub inline: Option<Box<Inline>>,
}

impl Acceptance {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.inline.is_none()
    }
}

impl Exceptions {
    /// Compiles policies for a cluster that goes by these names.
    pub fn new(policies: Vec<Policy>, clusters: &[String], now: Timestamp) -> Self {
        let mut all = Self {
            notes: vec![Vec::new(); policies.len()],
            usable: vec![0; policies.len()],
            ended: policies
                .iter()
                .map(|policy| policy.expiry.ended(now))
                .collect(),
            policies,
            ..Self::default()
        };
        let mut compiler = Compiler::default();
        for (number, policy) in (0..all.policies.len()).zip(0..) {
            all.compile(number, policy, clusters, &mut compiler);
        }
        all
    }

    /// Objects may also say in annotations what they are excepted from.
    #[must_use]
    pub fn with_annotations(mut self, now: Timestamp) -> Self {
        self.inline = Some(now);
        self
    }

    /// The policies, as they were given.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Whether nothing can be excepted.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.inline.is_none()
    }

    fn compile(
        &mut self,
        number: usize,
        numbered: u32,
        clusters: &[String],
        compiler: &mut Compiler,
    ) {
        if self.ended[number].is_some() {
            return;
        }
        let policy = &self.policies[number];
        let notes = &mut self.notes[number];
        if policy.designators.is_empty() {
            notes.push("resources: is empty, so no object is meant".to_owned());
        }
        for (place, designator) in policy.designators.iter().enumerate() {
            let compiled = match Compiled::new(designator, compiler) {
                Ok(compiled) => compiled,
                Err(error) => {
                    notes.push(format!("resources[{place}].{error}"));
                    continue;
                }
            };
            self.usable[number] += 1;
            if !compiled.is_of_cluster(clusters) {
                let here = match clusters {
                    [] => "these are files".to_owned(),
                    names => format!("this one is {}", names.join(" or ")),
                };
                notes.push(format!(
                    "resources[{place}].attributes.cluster: means another cluster; {here}"
                ));
                continue;
            }
            let Ok(index) = u32::try_from(self.designators.len()) else {
                return;
            };
            match compiled.key() {
                Some(key) => self.by_key.entry(key).or_default().push(index),
                None => self.others.push(index),
            }
            self.designators.push((numbered, compiled));
        }
    }

    /// Whether no object can ever be meant.
    fn never_matches(&self, number: usize) -> bool {
        self.usable[number] == 0
    }

    /// Numbers of the policies that hold.
    fn active(&self) -> impl Iterator<Item = u32> {
        let numbered = (0..).zip(&self.ended);
        numbered
            .filter(|(_, ended)| ended.is_none())
            .map(|(number, _)| number)
    }

    /// What an object is excepted by. `path` is that of its file with the number of the
    /// document, or empty.
    pub(crate) fn accepting(&self, object: &Object<'_>, id: &str, path: &str) -> Acceptance {
        if self.is_empty() {
            return Acceptance::default();
        }
        let inline = self.inline.and_then(|now| Inline::of(object, now));
        Acceptance {
            policies: self.accepted(&Who::of_object(object, id, path)),
            inline: inline.map(Box::new),
        }
    }

    /// What a subject is excepted by: what its binding or its role is, or itself.
    pub(crate) fn accepting_subject(
        &self,
        subject: &Record,
        related: [&Acceptance; 2],
    ) -> Acceptance {
        if self.is_empty() {
            return Acceptance::default();
        }
        let itself = self.accepted(&Who {
            kind: &subject.kind,
            name: &subject.name,
            namespace: &subject.namespace,
            id: &subject.id,
            path: "",
            value: Value::Absent,
        });
        let mut all = itself.into_vec();
        // Bindings and roles have no containers.
        all.extend(related.iter().flat_map(|one| one.policies.iter().cloned()));
        let inline = related.iter().find_map(|one| one.inline.clone());
        Acceptance {
            policies: merged(all),
            inline,
        }
    }

    fn accepted(&self, who: &Who<'_>) -> Box<[Accepted]> {
        if self.designators.is_empty() {
            return Box::default();
        }
        let keys = [
            Key::Name(who.name.into()),
            Key::Namespace(who.namespace.into()),
            Key::Kind(who.kind.into()),
        ];
        let by_key = keys.iter().filter_map(|key| self.by_key.get(key)).flatten();
        let candidates = by_key.chain(&self.others);
        let found = candidates.filter_map(|index| {
            let (policy, designator) = &self.designators[*index as usize];
            let containers = match designator.accepts(who)? {
                Extent::Whole => None,
                Extent::Containers(containers) => Some(containers),
            };
            Some(Accepted {
                policy: *policy,
                containers,
            })
        });
        merged(found.collect())
    }
}

/// Each policy once, by number.
fn merged(mut all: Vec<Accepted>) -> Box<[Accepted]> {
    all.sort_by_key(|one| one.policy);
    all.dedup_by(|later, first| {
        if later.policy != first.policy {
            return false;
        }
        first.containers = match (first.containers.take(), later.containers.take()) {
            (Some(some), Some(more)) => {
                let mut both = some.into_vec();
                both.extend(more);
                Some(both.into())
            }
            _ => None,
        };
        true
    });
    all.into()
}

/// Whether these policies together accept all that a rule found in an object.
pub(crate) fn cover<'f>(
    accepted: &[&Accepted],
    mut faults: impl Iterator<Item = &'f Fault>,
) -> bool {
    if accepted.iter().any(|one| one.containers.is_none()) {
        return true;
    }
    if accepted.is_empty() {
        return false;
    }
    let accepts = |at: &ContainerAt| {
        let mut containers = accepted.iter().filter_map(|one| one.containers.as_deref());
        containers.any(|containers| containers.contains(at))
    };
    faults.all(|fault| {
        let places = fault.paths.iter();
        let mut places = places
            .filter_map(|path| ContainerAt::of_path(&path.path))
            .peekable();
        // What is not about a container is not about an excepted one.
        places.peek().is_some() && places.all(|at| accepts(&at))
    })
}

/// Which of `accepted` hold for a rule of a control: in a framework, or in the scan
/// as a whole, where it has to be excepted in each of its frameworks.
pub(crate) fn excusing<'a>(
    reach: &'a Reach,
    accepted: &'a [Accepted],
    faults: &[&Fault],
    (control, rule): (usize, RuleNumber),
    framework: Option<usize>,
) -> Vec<&'a Accepted> {
    let of = |framework| {
        let holding: Vec<_> = reach.holding(accepted, control, rule, framework).collect();
        let covers = cover(&holding, faults.iter().copied());
        if covers { holding } else { Vec::new() }
    };
    let frameworks = reach.frameworks_of(control);
    if framework.is_some() || !reach.splits(accepted) || frameworks.is_empty() {
        return of(framework);
    }
    let mut all: Vec<&Accepted> = Vec::new();
    for framework in frameworks {
        let here = of(Some(*framework));
        if here.is_empty() {
            return Vec::new();
        }
        all.extend(here);
    }
    all.sort_by_key(|one| one.policy);
    all.dedup_by_key(|one| one.policy);
    all
}
