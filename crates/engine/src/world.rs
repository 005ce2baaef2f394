//! Objects that come, change and go, and what is wrong with them now.
//!
//! A changed object is judged alone at once. What joins read of it is compared
//! with what they read before: only when that differs do joining rules run again,
//! over the namespace of the object (see [`joins`]). The result is always that of a
//! fresh scan of the same objects.

mod joins;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gap::{Effects, Gap};
use crate::outcome::{Outcome, is_judged};
use crate::plan::{Plan, RuleNumber};
use crate::record::Record;
use crate::scan::{Judge, JudgeMemory};
use crate::{Arena, Object, digest};
use joins::{Home, Stale};

/// What became of an object that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// No rule reads its kind.
    Unread,
    /// It is as it was.
    Same,
    /// Its own result may be another.
    Changed,
    /// Those of others, too.
    JoinsChanged,
}

/// Whose results are to be looked at again, by the numbers of their records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// They are new, or may say something else.
    pub changed: Vec<u32>,
    /// They have no result any more. Their numbers go to others from now on, and
    /// what has the same ID may be back under another number, among the changed.
    pub gone: Vec<u32>,
}

/// What is remembered of a record beside what its result says.
#[derive(Default)]
struct Slot {
    /// Where joins look for it.
    home: Home,
    /// How many of its faults are of rules that looked at it alone; the others
    /// follow them.
    alone: usize,
    /// What joins read of it.
    kept: Option<Box<[u8]>>,
}

/// All objects of a cluster that rules read, judged.
pub struct World {
    /// Not added up while `sums_are_old`.
    outcome: Outcome,
    sums_are_old: bool,
    slots: Vec<Slot>,
    /// Objects of the input, by resource ID; this order is that of joins.
    inputs: BTreeMap<Box<str>, u32>,
    /// Resources that joins made.
    made: HashMap<Box<str>, u32>,
    vacant: Vec<u32>,
    /// Vacant, but nobody was told yet.
    gone: Vec<u32>,
    touched: BTreeSet<u32>,
    /// What joins have to look at again.
    stale: Stale,
    /// Objects that joins read, by where they look for them.
    homes: HashMap<Home, BTreeSet<u32>>,
    /// How many of them there are of each kind.
    kinds: HashMap<Box<str>, usize>,
    /// Joining rules that made resources of their own.
    makers: BTreeSet<RuleNumber>,
    /// Joining rules that failed inside the program when they last ran.
    broken: BTreeSet<RuleNumber>,
    gaps: Vec<Gap>,
    memory: JudgeMemory,
}

impl World {
    /// An empty world. The plan's target has to be known.
    pub fn new(mut plan: Plan) -> Self {
        plan.settle(None);
        let effects = Effects::new(&plan, &[]);
        Self {
            outcome: Outcome::new(plan, Vec::new(), Vec::new(), effects),
            sums_are_old: false,
            slots: Vec::new(),
            inputs: BTreeMap::new(),
            made: HashMap::new(),
            vacant: Vec::new(),
            gone: Vec::new(),
            touched: BTreeSet::new(),
            stale: Stale::Nothing,
            homes: HashMap::new(),
            kinds: HashMap::new(),
            makers: BTreeSet::new(),
            broken: BTreeSet::new(),
            gaps: Vec::new(),
            memory: JudgeMemory::default(),
        }
    }

    /// What is judged.
    pub fn plan(&self) -> &Plan {
        &self.outcome.plan
    }

    /// How many objects are in it.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether no object is in it.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The number of an object's record, by resource ID.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.inputs.get(id).copied()
    }

    /// Judges an object that is new or may have changed.
    pub fn put<'a>(&mut self, object: &'a Object<'a>, arena: &'a Arena) -> Put {
        let memory = std::mem::take(&mut self.memory);
        let (judged, memory) = judge(&self.outcome.plan, memory, object, arena);
        self.memory = memory;
        let Some(mut judged) = judged else {
            return Put::Unread;
        };
        judged.record.digest = digest(object);
        let Some(number) = self.find(&judged.record.id) else {
            let id = judged.record.id.clone();
            let slot = Slot {
                home: Home::of(&judged.record),
                alone: judged.record.faults.len(),
                kept: judged.kept,
            };
            let number = self.add(judged.record, slot);
            self.inputs.insert(id, number);
            self.touched.insert(number);
            if self.slots[number as usize].kept.is_none() {
                return Put::Changed;
            }
            return self.settle_in(number);
        };
        let record = &mut self.outcome.records[number as usize];
        let slot = &mut self.slots[number as usize];
        // Subjects are excepted by what their bindings and roles are.
        let joins = slot.kept != judged.kept || record.acceptance != judged.record.acceptance;
        if !joins && is_same(record, slot, &judged.record) {
            return Put::Same;
        }
        let of_joins = record.faults.split_off(slot.alone);
        slot.alone = judged.record.faults.len();
        slot.kept = judged.kept;
        *record = judged.record;
        record.faults.extend(of_joins);
        self.touched.insert(number);
        if joins {
            self.settle_in(number)
        } else {
            Put::Changed
        }
    }

    /// Takes an object out, by resource ID; whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.inputs.remove(id) else {
            return false;
        };
        self.move_out(number);
        self.vacate(number);
        true
    }

    /// Says what of the input is missing now.
    pub fn set_gaps(&mut self, gaps: Vec<Gap>) {
        if self.gaps != gaps {
            self.gaps = gaps;
            self.stale = Stale::Everything;
        }
    }

    /// Runs joins if that is due, and says whose results may have changed since
    /// the last call.
    pub fn settle(&mut self) -> Changes {
        let stale = std::mem::take(&mut self.stale);
        if !matches!(stale, Stale::Nothing) {
            self.join(&stale);
        } else if !self.touched.is_empty() || !self.gone.is_empty() {
            // Node or cloud data may have come for the first time, or be gone.
            let effects = Effects::new(&self.outcome.plan, &self.gaps);
            self.learn(effects);
        }
        let mut changes = Changes {
            changed: std::mem::take(&mut self.touched).into_iter().collect(),
            gone: std::mem::take(&mut self.gone),
        };
        self.vacant.extend(&changes.gone);
        let Outcome { plan, records, .. } = &mut self.outcome;
        changes.changed.retain(|number| {
            let record = &mut records[*number as usize];
            let judged = is_judged(plan, record);
            if !judged && !record.hidden {
                changes.gone.push(*number);
            }
            record.hidden = !judged;
            judged
        });
        self.sums_are_old |= !changes.changed.is_empty() || !changes.gone.is_empty();
        changes
    }

    /// What the last settling came to, with all sums. Records of what is gone are
    /// hidden and have no ID.
    pub fn outcome(&mut self) -> &Outcome {
        if std::mem::take(&mut self.sums_are_old) {
            self.outcome.add_up();
        }
        &self.outcome
    }

    /// As [`World::outcome`], with sums that may be older than the records.
    pub fn records(&self) -> &Outcome {
        &self.outcome
    }

    /// What joins read of the objects of a kind, as JSON (see
    /// [`project`](crate::project)): of one namespace, or of all and of those that
    /// have none.
    pub fn kept<'w>(
        &'w self,
        group: &'w str,
        kind: &'w str,
        namespace: Option<&'w str>,
    ) -> impl Iterator<Item = (&'w Record, &'w [u8])> {
        let homes = self.homes.iter();
        let homes = homes.filter(move |(home, _)| namespace.is_none_or(|name| home.may_have(name)));
        homes
            .flat_map(|(_, numbers)| numbers)
            .filter_map(move |number| {
                let record = &self.outcome.records[*number as usize];
                let wanted = &*record.kind == kind
                    && record.group() == group
                    && namespace.is_none_or(|name| *record.namespace == *name);
                let kept = self.slots[*number as usize].kept.as_deref();
                Some((record, kept.filter(|_| wanted)?))
            })
    }

    fn add(&mut self, record: Record, slot: Slot) -> u32 {
        if let Some(number) = self.vacant.pop() {
            self.outcome.records[number as usize] = record;
            self.slots[number as usize] = slot;
            return number;
        }
        let number = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.outcome.records.push(record);
        self.slots.push(slot);
        number
    }

    fn vacate(&mut self, number: u32) {
        self.outcome.records[number as usize] = Record::vacant();
        self.slots[number as usize] = Slot::default();
        self.touched.remove(&number);
        self.gone.push(number);
    }

    fn learn(&mut self, mut effects: Effects) {
        effects.stop_broken(&self.broken);
        if self.outcome.learn(self.gaps.clone(), effects) {
            // What rules say by their silence has changed for everybody, and for
            // controls without a resource.
            self.sums_are_old = true;
            self.touched.extend(self.inputs.values());
            self.touched.extend(self.made.values());
        }
    }
}

fn judge<'a>(
    plan: &Plan,
    memory: JudgeMemory,
    object: &'a Object<'a>,
    arena: &'a Arena,
) -> (Option<crate::Judged>, JudgeMemory) {
    let mut judge = Judge::resume(plan, memory);
    let judged = judge.judge(object.resource_id(), object, arena);
    (judged, judge.into_memory())
}

/// Whether judging an object alone came to the same as before.
fn is_same(before: &Record, slot: &Slot, now: &Record) -> bool {
    before.digest == now.digest
        && before.rules == now.rules
        && before.weight.to_bits() == now.weight.to_bits()
        && before.faults[..slot.alone] == now.faults[..]
}
