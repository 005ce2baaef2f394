//! A scan in two steps: [`Judge`] looks at each object as it streams past, any
//! number of them side by side; [`conclude`] joins what has to be joined and
//! adds everything up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{About, Finding, Out};
use crate::gap::{Effects, Gap};
use crate::outcome::Outcome;
use crate::plan::{KindPlan, Plan, RuleNumber};
use crate::project::project;
use crate::record::{Fault, FaultPool, Origin, Record, most_telling};
use crate::rule::Check;
use crate::{Arena, Corpus, Inputs, Object, Value, Vector, Workload, from_json};

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
        Self {
            plan,
            kinds: HashMap::new(),
            pool: FaultPool::default(),
        }
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
        let kind = self.kind(object);
        if kind.plan.is_idle() {
            return None;
        }
        let rules = self.judging(&kind, object);
        let mut record = Record::of_object(id, object, rules);
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
        let mut record = Record::of_object(id, object, [].into());
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
        let groups = self.kinds.get(object.kind);
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
        if self.kinds.len() < 4096 {
            self.kinds
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
                    .push(self.pool.share(Fault::new(*number, &finding)));
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
    let effects = Effects::new(&plan, &gaps);
    let inputs = plan.inputs.clone();
    {
        let arena = Arena::new();
        let objects = kept_objects(kept, &arena);
        let corpus = Corpus::new(arena.slice(&objects), &arena);
        let (pool, made) = (FaultPool::default(), HashMap::new());
        Joiner {
            plan: &plan,
            inputs: &inputs,
            effects: &effects,
            records: &mut records,
            pool,
            made,
        }
        .run(&corpus);
    }
    Outcome::new(plan, records, gaps, effects)
}

fn kept_objects<'a>(kept: &'a [Kept], arena: &'a Arena) -> Vec<Object<'a>> {
    let read = |kept: &'a Kept| {
        // We wrote this text ourselves; were it broken, the object would be
        // missing from joins, which debug builds refuse.
        let value = from_json(&kept.json, arena);
        debug_assert!(value.is_ok());
        value.ok().map(|value| Object::new(value, kept.seq))
    };
    kept.iter().filter_map(read).collect()
}

struct Joiner<'s> {
    plan: &'s Plan,
    inputs: &'s Inputs,
    effects: &'s Effects,
    records: &'s mut Vec<Record>,
    pool: FaultPool,
    /// Records of resources that are no single object of the input, by ID.
    made: HashMap<String, usize>,
}

impl<'s> Joiner<'s> {
    fn run<'a>(&mut self, corpus: &'a Corpus<'a>)
    where
        's: 'a,
    {
        let subject_rules: Arc<[RuleNumber]> =
            self.numbers(|check| matches!(check, Check::Subject(_)));
        if !subject_rules.is_empty() {
            self.enumerate_vectors(corpus, &subject_rules);
        }
        for number in subject_rules
            .iter()
            .chain(&*self.numbers(|check| matches!(check, Check::Join(_))))
        {
            self.run_rule(*number, corpus);
        }
    }

    fn numbers(&self, wanted: impl Fn(Check) -> bool) -> Arc<[RuleNumber]> {
        let numbered = (0..).zip(&self.plan.rules).zip(&self.plan.controls_of);
        let used = numbered.filter(|(_, controls)| !controls.is_empty());
        used.map(|(rule, _)| rule)
            .filter(|(_, rule)| wanted(rule.check))
            .map(|(number, _)| number)
            .collect()
    }

    fn run_rule<'a>(&mut self, number: RuleNumber, corpus: &'a Corpus<'a>)
    where
        's: 'a,
    {
        if self.effects.stopped[usize::from(number)].is_some() {
            return;
        }
        let mut out = Out::new(corpus.arena(), self.inputs);
        match self.plan.rules[usize::from(number)].check {
            Check::Subject(check) => corpus
                .vectors()
                .iter()
                .for_each(|vector| check(vector, &mut out)),
            Check::Join(check) => check(corpus, &mut out),
            _ => {}
        }
        for finding in out.take() {
            self.book(number, &finding, corpus);
        }
    }

    /// Every subject counts as judged by the rules that read its binding and role.
    fn enumerate_vectors(&mut self, corpus: &Corpus<'_>, rules: &[RuleNumber]) {
        for vector in corpus.vectors() {
            let id = vector.resource_id();
            if self.made.contains_key(&id) {
                continue;
            }
            let judges = |number: &&RuleNumber| {
                let rule = self.plan.rules[usize::from(**number)];
                let [binding, role] = [vector.binding, vector.role]
                    .map(|object| rule.reads(object.group, object.kind));
                binding
                    && role
                    && rule
                        .applies
                        .is_none_or(|applies| applies(&Object::new(vector.value, 0)))
            };
            let rules = rules.iter().filter(judges).copied().collect();
            self.made.insert(id, self.records.len());
            let record = self.vector_record(vector, rules);
            self.records.push(record);
        }
    }

    /// Whoever asked not to hear of a binding does not want to hear of its subjects.
    fn vector_record(&self, vector: &Vector<'_>, rules: Arc<[RuleNumber]>) -> Record {
        let mut record = Record::of_vector(vector, 1.0, rules);
        record.hidden = self
            .records
            .get(vector.binding.seq as usize)
            .is_some_and(|binding| binding.hidden);
        record
    }

    fn book(&mut self, number: RuleNumber, finding: &Finding<'_>, corpus: &Corpus<'_>) {
        let fault = self.pool.share(Fault::new(number, finding));
        for about in &finding.about {
            let place = match about {
                About::Object(object) => object.seq as usize,
                About::Vector(vector) => self.place_of_vector(vector, number),
                About::External(value) => match self.place_of_made(*value, number, corpus) {
                    Some(place) => place,
                    None => continue,
                },
            };
            if let Some(record) = self.records.get_mut(place).filter(|record| !record.hidden) {
                record.faults.push(Arc::clone(&fault));
            }
        }
    }

    fn place_of_vector(&mut self, vector: &Vector<'_>, number: RuleNumber) -> usize {
        let id = vector.resource_id();
        if let Some(place) = self.made.get(&id) {
            return *place;
        }
        self.made.insert(id, self.records.len());
        let record = self.vector_record(vector, [number].into());
        self.records.push(record);
        self.records.len() - 1
    }

    /// The record for an object that a check made up: that of the object of the
    /// input which it stands for, where there is one. What has no kind is an
    /// explanation and no resource.
    fn place_of_made(
        &mut self,
        value: Value<'_>,
        number: RuleNumber,
        corpus: &Corpus<'_>,
    ) -> Option<usize> {
        let object = Object::new(value, 0);
        if object.kind.is_empty() {
            return None;
        }
        let (name, namespace) = if object.name.is_empty() {
            (value.at("name").str(), value.at("namespace").str())
        } else {
            (object.name, object.namespace)
        };
        let stands_for = |other: &&&Object<'_>| other.name == name && other.namespace == namespace;
        if let Some(twin) = corpus.of_kind(object.kind).iter().find(stands_for) {
            return Some(twin.seq as usize);
        }
        let id = if object.name.is_empty() {
            format!("{}/{namespace}/{}/{name}", object.api_version, object.kind)
        } else {
            object.resource_id()
        };
        Some(*self.made.entry(id.clone()).or_insert_with(|| {
            let mut record = Record::of_object(id, &object, [number].into());
            record.name = name.into();
            record.namespace = namespace.into();
            record.origin = Origin::Made;
            self.records.push(record);
            self.records.len() - 1
        }))
    }
}
