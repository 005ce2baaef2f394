//! Which joining rules run again over which objects.
//!
//! Most rules join objects of one namespace with each other and with *context*:
//! objects without a namespace, and who may do what. When an object of a namespace
//! changes, these rules run over that namespace and the context, and what they say
//! of other namespaces stays. *Wide* rules look across namespaces and run over all
//! objects of their kinds, but only when one of these changed. When context changes,
//! everything runs. A test of the library compares all that with fresh scans.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::Arena;
use crate::gap::Effects;
use crate::join::{Joined, join};
use crate::outcome::acceptance_of_made;
use crate::plan::RuleNumber;
use crate::record::{Fault, Record};
use crate::rule::{Check, Rule};
use crate::scan::{kept_objects, made_digest};
use crate::world::{Put, Slot, World};

/// Where joins look for an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Home {
    /// Joined with the objects of all namespaces.
    #[default]
    Context,
    /// Joined with those of its namespace, as a rule.
    Namespace(Arc<str>),
}

impl Home {
    pub(super) fn of(record: &Record) -> Self {
        let group = record.group();
        if group == "rbac.authorization.k8s.io"
            || record.namespace.is_empty()
                && (record.kind.as_ref() == "Namespace"
                    || crate::object::is_cluster_scoped(group, &record.kind))
        {
            return Self::Context;
        }
        Self::Namespace(if record.namespace.is_empty() {
            "default".into()
        } else {
            (*record.namespace).into()
        })
    }

    /// Whether an object of that namespace may be there: roles and bindings are
    /// context, too.
    pub(super) fn may_have(&self, namespace: &str) -> bool {
        match self {
            Self::Context => true,
            Self::Namespace(name) => **name == *namespace,
        }
    }
}

/// Group and kind.
type Kind = (Box<str>, Box<str>);

/// What joins have to look at again.
#[derive(Default)]
pub(super) enum Stale {
    /// Nothing.
    #[default]
    Nothing,
    /// Objects of these kinds changed in these namespaces.
    Namespaces(BTreeSet<Home>, BTreeSet<Kind>),
    /// Everything.
    Everything,
}

impl Stale {
    fn add(&mut self, home: &Home, record: &Record) {
        if matches!(home, Home::Context) {
            *self = Self::Everything;
            return;
        }
        if matches!(self, Self::Nothing) {
            *self = Self::Namespaces(BTreeSet::new(), BTreeSet::new());
        }
        if let Self::Namespaces(homes, kinds) = self {
            homes.insert(home.clone());
            let group = record.group();
            kinds.insert((group.into(), record.kind.clone()));
        }
    }
}

impl World {
    /// Books that joins read something new of an object.
    pub(super) fn settle_in(&mut self, number: u32) -> Put {
        let slot = &self.slots[number as usize];
        let home = slot.home.clone();
        let (kept, record) = (slot.kept.is_some(), &self.outcome.records[number as usize]);
        self.stale.add(&home, record);
        let kind = record.kind.clone();
        let inhabitants = self.homes.entry(home).or_default();
        if !kept {
            inhabitants.remove(&number);
            return Put::Changed;
        }
        if inhabitants.insert(number) {
            *self.kinds.entry(kind).or_default() += 1;
        }
        Put::JoinsChanged
    }

    /// Books that an object is gone.
    pub(super) fn move_out(&mut self, number: u32) {
        let Slot { home, kept, .. } = &self.slots[number as usize];
        if kept.is_none() {
            return;
        }
        let home = home.clone();
        self.stale
            .add(&home, &self.outcome.records[number as usize]);
        if let Some(inhabitants) = self.homes.get_mut(&home) {
            inhabitants.remove(&number);
            if inhabitants.is_empty() {
                self.homes.remove(&home);
            }
        }
    }

    /// Runs the rules that are due.
    pub(super) fn join(&mut self, stale: &Stale) {
        let effects = Effects::new(&self.outcome.plan, &self.gaps);
        let done = match stale {
            Stale::Namespaces(homes, kinds) if !self.is_most(homes) => {
                self.join_namespaces(homes, kinds, &effects)
            }
            _ => false,
        };
        if !done {
            self.join_everything(&effects);
        }
        self.learn(effects);
    }

    /// Whether so much is of these namespaces that everything costs little more.
    fn is_most(&self, homes: &BTreeSet<Home>) -> bool {
        let all: usize = self.homes.values().map(BTreeSet::len).sum();
        let of_homes = homes.iter().filter_map(|home| self.homes.get(home));
        of_homes.map(BTreeSet::len).sum::<usize>() * 2 > all
    }

    fn join_everything(&mut self, effects: &Effects) {
        let joined = self.run(self.inputs.values().copied(), effects, &|_| true);
        self.broken = joined.broken.iter().copied().collect();
        self.take_made(joined.made);
        let all: Vec<u32> = self.inputs.values().copied().collect();
        self.take_faults(joined.faults, &all, &|_| true);
    }

    /// Whether that sufficed.
    fn join_namespaces(
        &mut self,
        homes: &BTreeSet<Home>,
        kinds: &BTreeSet<Kind>,
        effects: &Effects,
    ) -> bool {
        let reads = |rule: &Rule| kinds.iter().any(|(group, kind)| rule.reads(group, kind));
        let plan = &self.outcome.plan;
        if self
            .makers
            .iter()
            .any(|number| reads(plan.rules[usize::from(*number)]))
        {
            return false;
        }
        let near = |rule: &Rule| matches!(rule.check, Check::Join(_)) && rule.wide.is_empty();
        let far = |rule: &Rule| self.kinds_drive(rule, kinds) && reads(rule);
        let around = self.homes.get(&Home::Context).into_iter().flatten();
        let inside = homes
            .iter()
            .filter_map(|home| self.homes.get(home))
            .flatten();
        let mut numbers: Vec<u32> = around.chain(inside).copied().collect();
        numbers.sort_by(|a, b| {
            let id = |number: &u32| &self.outcome.records[*number as usize].id;
            id(a).cmp(id(b))
        });
        let of_near = self.run(numbers.iter().copied(), effects, &near);
        let due: Vec<&'static Rule> = plan
            .rules
            .iter()
            .copied()
            .filter(|rule| far(rule))
            .collect();
        let far = |rule: &Rule| due.iter().any(|due| due.name == rule.name);
        let of_far = (!due.is_empty()).then(|| {
            let inputs = self.inputs.values().copied();
            let read = inputs.filter(|number| self.is_read_by(*number, &due));
            self.run(read, effects, &far)
        });
        let both = || [Some(&of_near), of_far.as_ref()].into_iter().flatten();
        if both().any(|joined| !joined.made.is_empty()) {
            return false;
        }
        let broken: Vec<RuleNumber> = both().flat_map(|joined| joined.broken.clone()).collect();
        self.broken.extend(broken);
        numbers.retain(|number| self.is_home(*number, homes));
        self.take_faults(of_near.faults, &numbers, &near);
        if let Some(joined) = of_far {
            let all: Vec<u32> = self.inputs.values().copied().collect();
            self.take_faults(joined.faults, &all, &far);
        }
        true
    }

    /// Whether a wide rule may find something: an object of its driving kinds is
    /// there, or has just changed.
    fn kinds_drive(&self, rule: &Rule, changed: &BTreeSet<Kind>) -> bool {
        let is_there = |kind: &&str| self.kinds.get(*kind).is_some_and(|count| *count > 0);
        let has_changed = |driver: &&str| changed.iter().any(|(_, kind)| **kind == **driver);
        rule.wide
            .iter()
            .any(|kind| is_there(kind) || has_changed(kind))
    }

    fn is_read_by(&self, number: u32, rules: &[&Rule]) -> bool {
        let record = &self.outcome.records[number as usize];
        let group = record.group();
        rules.iter().any(|rule| rule.reads(group, &record.kind))
    }

    /// Whether what rules say of the object depends on these namespaces.
    fn is_home(&self, number: u32, homes: &BTreeSet<Home>) -> bool {
        let record = &self.outcome.records[number as usize];
        if &*record.kind == "Namespace" && &*record.api_version == "v1" {
            return homes.contains(&Home::Namespace((*record.name).into()));
        }
        homes.contains(&self.slots[number as usize].home)
    }

    fn run(
        &self,
        numbers: impl Iterator<Item = u32>,
        effects: &Effects,
        wanted: &dyn Fn(&Rule) -> bool,
    ) -> Joined {
        let arena = Arena::new();
        let kept = numbers.filter_map(|number| {
            let kept = self.slots[number as usize].kept.as_deref()?;
            Some((number, kept))
        });
        let objects = kept_objects(kept, &arena);
        join(
            &self.outcome.plan,
            effects,
            &objects,
            &arena,
            &|_| false,
            wanted,
        )
    }

    /// Compares the resources that joins made with those they made before.
    fn take_made(&mut self, made: Vec<Record>) {
        let mut before = std::mem::take(&mut self.made);
        self.makers.clear();
        for mut record in made {
            record.digest = made_digest(&record, &self.outcome.records);
            record.acceptance =
                acceptance_of_made(&self.outcome.plan, &record, &self.outcome.records);
            let makers = record.faults.iter().map(|fault| fault.rule);
            let plan = &self.outcome.plan;
            self.makers.extend(
                makers.filter(|number| {
                    matches!(plan.rules[usize::from(*number)].check, Check::Join(_))
                }),
            );
            let id = record.id.clone();
            let Some(number) = before.remove(&id) else {
                let number = self.add(record, Slot::default());
                self.touched.insert(number);
                self.made.insert(id, number);
                continue;
            };
            let known = &mut self.outcome.records[number as usize];
            record.hidden = known.hidden;
            if !is_equal(known, &record) {
                self.touched.insert(number);
            }
            *known = record;
            self.made.insert(id, number);
        }
        for number in before.into_values() {
            self.vacate(number);
        }
    }

    /// Takes in what the rules that ran say of these records.
    fn take_faults(
        &mut self,
        faults: Vec<(u32, Arc<Fault>)>,
        numbers: &[u32],
        ran: &dyn Fn(&Rule) -> bool,
    ) {
        let mut now: HashMap<u32, Vec<Arc<Fault>>> = HashMap::new();
        for (number, fault) in faults {
            now.entry(number).or_default().push(fault);
        }
        let rules = &self.outcome.plan.rules;
        let ran: Vec<bool> = rules.iter().map(|rule| ran(rule)).collect();
        for number in numbers {
            let record = &mut self.outcome.records[*number as usize];
            let alone = self.slots[*number as usize].alone;
            let before = &record.faults[alone..];
            let mut now = now.remove(number).unwrap_or_default();
            let others = before.iter().filter(|fault| !ran[usize::from(fault.rule)]);
            now.extend(others.cloned());
            now.sort_by_key(|fault| fault.rule);
            if before != now {
                record.faults.truncate(alone);
                record.faults.extend(now);
                self.touched.insert(*number);
            }
        }
    }
}

fn is_equal(before: &Record, now: &Record) -> bool {
    before.digest == now.digest
        && before.rules == now.rules
        && before.origin == now.origin
        && before.faults == now.faults
        && before.acceptance == now.acceptance
}
