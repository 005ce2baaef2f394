//! A scan in two steps: [`Judge`] looks at each object as it streams past, any
//! number of them side by side; [`conclude`] joins what has to be joined and
//! adds everything up. [`World`](crate::World) does the same for objects that
//! change.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Out;
use crate::gap::{Effects, Gap};
use crate::join::join;
use crate::outcome::{Outcome, acceptance_of_made};
use crate::plan::{KindPlan, Plan, RuleNumber};
use crate::project::project;
use crate::record::{Fault, FaultPool, Origin, Record, most_telling};
use crate::rule::Check;
use crate::{Arena, Digest, Object, Workload, digest_of_all, from_json};

/// An object that joins will read: its number in the scan and the part of it
/// that they need, as JSON.
pub struct Kept {
    /// Number of its record.
    pub seq: u32,
    /// See [`project`].
    pub json: Box<[u8]>,
}

/// What came of one object.
pub struct Judged {
    /// Who it is and what is wrong with it so far.
    pub record: Record,
    /// What joins need of it, if they need it.
    pub kept: Option<Box<[u8]>>,
}

/// Judges objects one at a time. Cheap to make: one a thread.
pub struct Judge<'p> {
    plan: &'p Plan,
    memory: JudgeMemory,
}

/// What a [`Judge`] has learnt about a plan and found so far; makes the next
/// judge of the same plan faster, and its faults share memory.
#[derive(Default)]
pub(crate) struct JudgeMemory {
    /// By kind; one kind may be of several groups.
    kinds: HashMap<Box<str>, Vec<Arc<KnownKind>>>,
    pool: FaultPool,
}

struct KnownKind {
    group: Box<str>,
    plan: KindPlan,
    rules: Arc<[RuleNumber]>,
}

impl<'p> Judge<'p> {
    /// A judge for this plan.
    pub fn new(plan: &'p Plan) -> Self {
        Self::resume(plan, JudgeMemory::default())
    }

    /// A judge that remembers.
    pub(crate) fn resume(plan: &'p Plan, memory: JudgeMemory) -> Self {
        Self { plan, memory }
    }

    pub(crate) fn into_memory(self) -> JudgeMemory {
        self.memory
    }

    /// Judges an object by all rules that look at one object alone. `None` when
    /// no rule of the plan reads its kind.
    pub fn judge<'a>(
        &mut self,
        id: String,
        object: &'a Object<'a>,
        arena: &'a Arena,
    ) -> Option<Judged>
    where
        'p: 'a,
    {
        self.judge_at(id, "", object, arena)
    }

    /// Judges an object of a file; `path` is that of the file with the number of the
    /// document, which exceptions may name.
    pub fn judge_at<'a>(
        &mut self,
        id: String,
        path: &str,
        object: &'a Object<'a>,
        arena: &'a Arena,
    ) -> Option<Judged>
    where
        'p: 'a,
    {
        let kind = self.kind(object);
        if kind.plan.is_idle() {
            return None;
        }
        let rules = self.judging(&kind, object);
        let acceptance = self.plan.exceptions.accepting(object, &id, path);
        let mut record = Record::of_object(id, object, rules);
        record.acceptance = acceptance;
        self.run_rules(&kind.plan, object, arena, &mut record);
        Some(Judged {
            record,
            kept: Self::keep(&kind.plan, object, arena),
        })
    }

    /// Takes in an object that only joins may look at; nothing is said of it.
    pub fn overhear<'a>(
        &mut self,
        id: String,
        object: &'a Object<'a>,
        arena: &'a Arena,
    ) -> Option<Judged> {
        let kind = self.kind(object);
        let kept = Self::keep(&kind.plan, object, arena)?;
        let acceptance = self.plan.exceptions.accepting(object, &id, "");
        let mut record = Record::of_object(id, object, [].into());
        record.acceptance = acceptance;
        record.hidden = true;
        Some(Judged {
            record,
            kept: Some(kept),
        })
    }

    fn keep<'a>(kind: &KindPlan, object: &'a Object<'a>, arena: &'a Arena) -> Option<Box<[u8]>> {
        kind.keep.then(|| {
            serde_json::to_vec(&project(object, arena))
                .unwrap_or_default()
                .into()
        })
    }

    fn kind(&mut self, object: &Object<'_>) -> Arc<KnownKind> {
        let groups = self.memory.kinds.get(object.kind);
        let known =
            groups.and_then(|groups| groups.iter().find(|known| &*known.group == object.group));
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let plan = self.plan.kind(object.group, object.kind);
        let rules = plan.rules().collect();
        let known = Arc::new(KnownKind {
            group: object.group.into(),
            plan,
            rules,
        });
        // Kinds come from the input, and hostile input could have millions.
        if self.memory.kinds.len() < 4096 {
            self.memory
                .kinds
                .entry(object.kind.into())
                .or_default()
                .push(Arc::clone(&known));
        }
        known
    }

    /// The rules that count this very object as judged.
    fn judging(&self, kind: &KnownKind, object: &Object<'_>) -> Arc<[RuleNumber]> {
        let applies = |number: &RuleNumber| {
            self.plan.rules[usize::from(*number)]
                .applies
                .is_none_or(|applies| applies(object))
        };
        if kind.rules.iter().all(applies) {
            return Arc::clone(&kind.rules);
        }
        kind.rules.iter().copied().filter(applies).collect()
    }

    fn run_rules<'a>(
        &mut self,
        kind: &KindPlan,
        object: &'a Object<'a>,
        arena: &'a Arena,
        record: &mut Record,
    ) where
        'p: 'a,
    {
        let workload = Workload::of(object, arena);
        let mut out = Out::new(arena, &self.plan.inputs);
        for number in &kind.alone {
            match (self.plan.rules[usize::from(*number)].check, &workload) {
                (Check::Workload(check), Some(workload)) => check(workload, &mut out),
                (Check::Object(check), _) => check(object, &mut out),
                _ => {}
            }
            // Whatever the finding names (an object made up by the check, say),
            // this object is what it was found in.
            for finding in out.drain() {
                record
                    .faults
                    .push(self.memory.pool.share(Fault::new(*number, &finding)));
            }
        }
    }
}

/// Runs the joining rules over what was kept and adds everything up.
///
/// `records` and `kept` are in input order, and a kept object's `seq` is the
/// number of its record.
pub fn conclude(plan: Plan, records: Vec<Record>, kept: &[Kept]) -> Outcome {
    conclude_with_gaps(plan, records, kept, Vec::new())
}

/// [`conclude`] when some of the input is missing: rules that join objects of
/// such kinds do not run, and no control that reads them passes.
pub fn conclude_with_gaps(
    mut plan: Plan,
    mut records: Vec<Record>,
    kept: &[Kept],
    gaps: Vec<Gap>,
) -> Outcome {
    plan.settle(most_telling(&records));
    let mut effects = Effects::new(&plan, &gaps);
    let joined = {
        let arena = Arena::new();
        let kept = kept.iter().map(|kept| (kept.seq, &*kept.json));
        let objects = kept_objects(kept, &arena);
        let hidden = |number: u32| records[number as usize].hidden;
        join(&plan, &effects, &objects, &arena, &hidden, &|_| true)
    };
    effects.stop_broken(&joined.broken);
    for (number, fault) in joined.faults {
        records[number as usize].faults.push(fault);
    }
    for mut made in joined.made {
        made.digest = made_digest(&made, &records);
        made.acceptance = acceptance_of_made(&plan, &made, &records);
        records.push(made);
    }
    Outcome::new(plan, records, gaps, effects)
}

/// Of a subject, the digest of its binding and its role.
pub(crate) fn made_digest(made: &Record, records: &[Record]) -> Digest {
    match made.origin {
        Origin::Subject { binding, role, .. } => {
            let digests = [binding, role].map(|number| records[number as usize].digest);
            digest_of_all(&digests)
        }
        _ => made.digest,
    }
}

/// What joins read, from the texts that were kept of it.
pub(crate) fn kept_objects<'a>(
    kept: impl Iterator<Item = (u32, &'a [u8])>,
    arena: &'a Arena,
) -> Vec<Object<'a>> {
    let read = |(seq, json): (u32, &'a [u8])| {
        // We wrote this text ourselves; were it broken, the object would be
        // missing from joins, which debug builds refuse.
        let value = from_json(json, arena);
        debug_assert!(value.is_ok());
        value.ok().map(|value| Object::new(value, seq))
    };
    kept.filter_map(read).collect()
}
